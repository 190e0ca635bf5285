"""``claims/training-claim-without-method``."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cardlint.card import claims
from cardlint.card.words import has_any
from cardlint.findings import Confidence, Finding, Severity
from cardlint.lineage.mentions import MENTION, read
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule

CLAIM = re.compile(
    r"\bdistil(?:l?(?:ed|ing|ation)|s)\b[^.\n]{0,60}?\bfrom\s+(?:an?|our|one of our|several|multiple|other|some)?\s*"
    r"(?:(?:much|even|more|very)\s+)?(?:stronger|larger|bigger|better|frontier|powerful|capable|advanced|proprietary|closed|internal|private|in-house|"
    r"undisclosed|state-of-the-art|SOTA|teacher)(?:[\s-]+\w+){0,2}?\s+(?:models?|LLMs?|teachers?)\b"
    r"|\bdestila\w*\b[^.\n]{0,60}?\b(?:de|a partir de|desde)\s+(?:um|uns|un|unos|nosso)?\s*(?:modelos?|LLMs?)\s+(?:professor|mestre|mais|más|maior|mayor|propriet|privad|intern)\w*"
    r"|从(?:一个|某个)?(?:更强|更大|内部|闭源)的?(?:教师)?模型(?:中)?蒸馏",
    re.IGNORECASE,
)
_NAMED = re.compile(
    r"\b(?:GPT|Claude|Gemini|o1|o3|Llama|Qwen|DeepSeek|Mistral|Mixtral|Gemma|Phi|Grok|Kimi|GLM|Yi|Falcon|BERT|T5|Whisper|CLIP)\b|\b[A-Z][\w.]*-?\d+(?:\.\d+)?[BbMm]?\b"
)
_LATER = re.compile(
    r"\bteacher(?: model)?s?\b[^.\n]{0,40}(?::|\bis\b|\bwas\b|\bare\b|=)", re.IGNORECASE
)


class TrainingClaimWithoutMethod(Rule):
    """The text claims a distillation and names no teacher.

    ## What it checks
    Sentences that say the model was distilled from "a stronger model", "a larger model", "an
    internal teacher" and the like, in English, Portuguese, Spanish or Chinese, where neither the
    sentence nor the card names the teacher.

    ## Why it matters
    The claim cannot be checked: nobody can compare with the teacher, and nobody can see whether
    its terms allow distillation.

    ## Example
    ```markdown
    Built through a merge, followed by on-policy distillation from a stronger model.
    ```

    ## How to fix
    Name the teacher, the data and the method; or say that they are not disclosed.

    ## Sources
    - Annex XI of Regulation (EU) 2024/1689, section 1(2)(b): the training process
    """

    id = "claims/training-claim-without-method"
    severity = Severity.WARNING
    confidence = Confidence.MEDIUM
    needs = frozenset({Fact.CARD})
    frameworks = ("eu-ai-act:recipe", "g7-sbom-ai:recipe")

    def check(self, repo: Repository) -> Iterator[Finding]:
        card = repo.card
        if (
            not has_any(card, "distil", "destil", "蒸馏")
            or not CLAIM.search(card.body)
            or _LATER.search(card.body)
        ):
            return
        for sentence in claims.sentences(card.markdown, CLAIM):
            match = CLAIM.search(sentence.text)
            if match is None:
                continue
            behind = sentence.text[match.start() :]
            if MENTION in read(sentence.block).text[match.start() :] or _NAMED.search(behind):
                continue
            yield self.finding(
                f"“{' '.join(match[0].split())[:100]}”: the teacher is not named.",
                sentence.location(card, match),
                next_step="Name the teacher, the data and the method, or say that they are not disclosed.",
                evidence={"sentence": " ".join(sentence.text.split())[:300]},
            )
            return
