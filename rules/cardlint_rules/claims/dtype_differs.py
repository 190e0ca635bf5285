"""``claims/dtype-differs``."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cardlint.card import claims
from cardlint.card.words import has_any
from cardlint.findings import Confidence, Finding, Severity
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule, Status
from cardlint_rules.claims import _files

CLAIM = re.compile(
    r"(?<!mixed-)(?<!mixed )\b(?:tensor type|weights? (?:type|precision|dtype|format)|precision|precisão|precisión|weights are (?:stored )?in)(?:\*\*)?\s*[:：|=]?(?:\*\*)?\s*`?(?:torch\.)?"
    r"(?P<t>bf16|bfloat16|fp16|float16|half|fp32|float32|fp8|float8\w*|int8|int4)\b",
    re.IGNORECASE,
)
_SAME = {
    "bf16": "BF16", "bfloat16": "BF16", "fp16": "F16", "float16": "F16", "half": "F16", "fp32": "F32", "float32": "F32",
    "fp8": "F8", "float8": "F8", "int8": "I8", "int4": "I4",
}  # fmt: skip


class DtypeDiffers(Rule):
    """The card claims another number type than the weights have.

    ## What it checks
    "Tensor type: BF16", "weights are in FP16" and the like, against the type that most elements
    have in the safetensors headers. Packed (quantized) weights are left out.

    ## Why it matters
    The type decides memory and results; a type that differs also shows a conversion that the card
    does not tell.

    ## Example
    "Precision: bfloat16" beside weights in float32.

    ## How to fix
    Mend the card, or the upload.

    ## Sources
    - safetensors, file format: `dtype` of each tensor
    """

    id = "claims/dtype-differs"
    severity = Severity.INFO
    confidence = Confidence.MEDIUM
    needs = frozenset({Fact.CARD, Fact.FILES})
    frameworks = ("g7-sbom-ai:architecture",)
    status = Status.PREVIEW

    def check(self, repo: Repository) -> Iterator[Finding]:
        card = repo.card
        if not has_any(card, "precis", "tensor type", "weight") or not CLAIM.search(card.body):
            return
        found = [
            (s, m) for s in claims.sentences(card.markdown, CLAIM) if (m := CLAIM.search(s.text))
        ]
        if not found or re.search("train", found[0][0].section):
            return
        weights = _files.weights(repo)
        if (
            weights is None
            or weights.source == _files.INDEX
            or weights.packed
            or not weights.parameters
        ):
            return
        sentence, match = found[0]
        claimed = _SAME[re.sub(r"^float8.*", "float8", match["t"].lower())]
        if weights.dtype.startswith(claimed):
            return
        yield self.finding(
            f"The card says {match['t']}; most elements of {weights.source} are {weights.dtype}.",
            sentence.location(card, match),
            next_step="Mend the card, or see whether the right weights were uploaded.",
            evidence={"claimed": claimed, "counted": {**weights.dtypes}},
        )
