"""``claims/originality``."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cardlint.card import claims
from cardlint.card.words import has_any
from cardlint.findings import Confidence, Finding, Severity
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule
from cardlint_rules.claims import _files
from cardlint_rules.provenance import _bases

SCRATCH = re.compile(
    r"\b(?:pre-?)?(?:train(?:ed|ing)?|built|developed|created)\s+(?:\w+\s+){0,3}?from\s+(?:scratch|the ground up|zero)\b"
    r"|\b(?:treinad|desenvolvid|constru[ií]d|criad|entrenad|desarrollad|cread)[oa]s?\s+(?:\w+\s+){0,3}?(?:do zero|desde cero|desde el principio)\b"
    r"|从零(?:开始)?(?:训练|预训练|开发)",
    re.IGNORECASE,
)
SOVEREIGN = re.compile(
    r"\b(?:sovereign|home-?grown|indigenous(?:ly)?)\b[^.\n]{0,40}\b(?:model|LLM|AI)\b"
    r"|\b(?:modelo|LLM|IA)\b[^.\n]{0,40}\b(?:soberan[oa]|próprio|100\s?% (?:nacional|brasileiro))\b"
    r"|\b(?:entirely|wholly|completely|fully|100\s?%)\s+original\b",
    re.IGNORECASE,
)
_WORDS = (
    "scratch", "ground up", "from zero", "do zero", "desde cero", "principio", "从零", "sovereign", "grown", "indigenous", "soberan", "próprio",
    "100%", "100 %", "ly original",
)  # fmt: skip
"""One of these (lower case) is in everything that the two find."""
_OTHER = re.compile(
    r"\b(?:tokeni[sz]er|vocabulary|encoder|decoder|head|projector|vae|layer|embedding|not|n['’]t|unlike|instead|rather|compared|without|than|"
    r"base model|backbone|baseline|alternative|code|app|library|version|them|classifier|controlnet)\b|não|nunca|sin\b|sem\b",
    re.IGNORECASE,
)
_WORTH = re.compile(f"{SCRATCH.pattern}|{SOVEREIGN.pattern}", re.IGNORECASE)


class Originality(Rule):
    """The text claims an origin that the declared bases do not fit.

    ## What it checks
    Sentences that say the model was trained "from scratch" or "from the ground up", or is
    "sovereign", "homegrown" or "entirely original" (and their kin in Portuguese, Spanish and
    Chinese), in a card that declares a base model. Quantized copies and adapters are left out:
    their cards quote the original's. So are sentences about a part, such as a tokenizer.

    ## Why it matters
    A model that has a base was not trained from scratch. Who reads only the text takes it for
    something else than who reads the metadata.

    ## Example
    ```markdown
    ---
    base_model: org/base
    ---
    A language model trained from scratch.
    ```

    ## How to fix
    Say what was trained here, and on what it was built.

    ## Sources
    - EU Code of Practice for general-purpose AI, Model Documentation Form, "Model dependencies"
    """

    id = "claims/originality"
    severity = Severity.WARNING
    confidence = Confidence.MEDIUM
    needs = frozenset({Fact.CARD})
    frameworks = ("eu-gpai-documentation-form:bases",)

    def check(self, repo: Repository) -> Iterator[Finding]:
        card = repo.card
        listed = _bases.declared(card)
        if not listed or not has_any(card, *_WORDS) or not _WORTH.search(card.body):
            return
        if _files.is_copy(repo):
            return
        for sentence in claims.sentences(card.markdown, _WORTH):
            scratch = SCRATCH.search(sentence.text)
            match = scratch or SOVEREIGN.search(sentence.text)
            if match is None or _OTHER.search(sentence.text):
                continue
            said = " ".join(match[0].split())
            yield self.finding(
                f"The text says “{said}”; base_model declares {_bases.list_them(listed)}.",
                sentence.location(card, match),
                next_step="Say what was trained here, and on what it was built.",
                evidence={
                    "sentence": " ".join(sentence.text.split())[:300],
                    "declared": list(listed),
                },
                severity=None if scratch else Severity.INFO,
                confidence=None if scratch else Confidence.LOW,
            )
            return
