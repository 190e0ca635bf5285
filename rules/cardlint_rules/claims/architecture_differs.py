"""``claims/architecture-differs``."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cardlint.card import claims
from cardlint.card.words import has_any
from cardlint.findings import Confidence, Finding, Severity
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule, Status
from cardlint_rules.claims import _files

FAMILIES = (
    "qwen", "llama", "mistral", "mixtral", "gemma", "phi", "falcon", "bloom", "gpt-?2", "gpt-?neox?", "gpt-?j", "mpt", "rwkv", "mamba", "deepseek",
    "internlm", "baichuan", "chatglm", "roberta", "deberta", "distilbert", "albert", "electra", "bert", "t5", "bart", "whisper", "wav2vec2", "opt",
)  # fmt: skip
CLAIM = re.compile(
    r"\b(?:model )?(?:architecture|arquitetura|arquitectura)(?:\*\*)?\s*[:：|=](?:\*\*)?\s*(?P<said>[^\n.;,(|]{2,60})",
    re.IGNORECASE,
)
_LOOSE = re.compile(
    r"\b(?:style|like|same|similar|variant|based|inspired|modified)\b|\+", re.IGNORECASE
)


class ArchitectureDiffers(Rule):
    """The card names another architecture than the config.

    ## What it checks
    "Architecture: Llama" and the like, where the label names exactly one known family, against
    `model_type` and `architectures` of `config.json`.

    ## Why it matters
    The family decides which software loads the model, and often which license it comes under.

    ## Example
    "Architecture: Llama" beside `"model_type": "qwen2"`.

    ## How to fix
    Name the architecture that the config has.

    ## Sources
    - transformers, `PretrainedConfig.model_type` and `architectures`
    """

    id = "claims/architecture-differs"
    severity = Severity.INFO
    confidence = Confidence.MEDIUM
    needs = frozenset({Fact.CARD, Fact.FILES})
    frameworks = ("g7-sbom-ai:architecture", "eu-gpai-documentation-form:architecture")
    status = Status.PREVIEW

    def check(self, repo: Repository) -> Iterator[Finding]:
        card = repo.card
        if not has_any(card, "archite", "arquite") or not CLAIM.search(card.body):
            return
        config = _files.config(repo)
        names = config.get("architectures")
        made = " ".join(
            [str(config.get("model_type", "")), *map(str, names if isinstance(names, list) else [])]
        )
        actual = _families(made)
        if not actual:
            return
        for sentence in claims.sentences(card.markdown, CLAIM):
            match = CLAIM.search(sentence.text)
            said = _families(match["said"]) if match else set()
            if match is None or len(said) != 1 or said & actual or _LOOSE.search(match["said"]):
                continue
            yield self.finding(
                f"The card says “{match['said'].strip(' *`')}”; config.json says {config.get('model_type') or made.strip()}.",
                sentence.location(card, match),
                next_step="Name the architecture that the config has.",
                evidence={"claimed": match["said"].strip(), "config": made.strip()},
            )
            return


def _families(text: str) -> set[str]:
    """The families that a text names; "roberta" is not also "bert"."""
    lower = text.lower()
    found: set[str] = set()
    for family in FAMILIES:
        if re.search(rf"(?<![a-z]){family}", lower):
            found.add(family)
            lower = re.sub(rf"(?<![a-z]){family}", " ", lower)
    return found
