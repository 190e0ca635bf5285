"""``claims/parameters-differ``."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cardlint.card import claims
from cardlint.card.words import has_any
from cardlint.findings import Confidence, Finding, Severity
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule
from cardlint_rules.claims import _files

FACTOR = 1.4
"""Names round: "7B" is said of 6.7 to 8.5 billion parameters."""
_UNITS = r"(?:trillion|billion|million|bilhões|milhões|mil millones|millones|[TBM])\b"
CLAIM = re.compile(
    r"(?:\b(?:number of parameters|parameters|params|model size|parameter count|número de parâmetros|parâmetros|parámetros)|参数量)"
    r"(?:\*\*)?\s*[:：=](?:\*\*)?\s*(?:~|≈|about |approximately )?"
    rf"(?P<n>\d+(?:[.,]\d+)?)\s*-?\s*(?P<u>{_UNITS})"
    r"|\b(?:this|the|our) model (?:has|contains|with)\s+(?:about |around |approximately |~)?"
    rf"(?P<n2>\d+(?:[.,]\d+)?)\s*-?\s*(?P<u2>{_UNITS})\s*(?:parameters|params)",
    re.IGNORECASE,
)
_PART = re.compile(
    r"\b(?:activ\w*|trainable|trained|tunable|frozen|embedding|lora|adapter|vision|audio|image|text|encoder|decoder|backbone|base|teacher|student|"
    r"draft|expert|head|each|per|added|ativos|activos|treináveis|entrenables)\W*$",
    re.IGNORECASE,
)
"""Before "parameters": a number of some of them, or of another model."""
_UNIT = {
    "t": 1e12,
    "b": 1e9,
    "m": 1e6,
    "bilhões": 1e9,
    "mil millones": 1e9,
    "milhões": 1e6,
    "millones": 1e6,
}


class ParametersDiffer(Rule):
    """The card claims another number of parameters than the weights have.

    ## What it checks
    "Parameters: 7B", "this model has 7 billion parameters" and the like, against the elements that
    the safetensors headers count. Because cards round, a factor of 1.4 is let pass. Packed
    (quantized) weights and adapters are left out. Of more than eight shards the index tells the
    size.

    ## Why it matters
    The size decides what hardware a model needs, and whether thresholds of laws and licenses
    apply. A size that is far off also shows a wrong upload.

    ## Example
    "Number of parameters: 70B" beside weights of 7.24 billion elements.

    ## How to fix
    Mend the number, or the upload.

    ## Sources
    - safetensors, file format: `shape` of each tensor
    - EU Code of Practice, Model Documentation Form, "Total model size"
    """

    id = "claims/parameters-differ"
    severity = Severity.WARNING
    confidence = Confidence.MEDIUM
    needs = frozenset({Fact.CARD, Fact.FILES})
    frameworks = ("g7-sbom-ai:architecture", "eu-gpai-documentation-form:architecture")

    def check(self, repo: Repository) -> Iterator[Finding]:
        card = repo.card
        if (
            not has_any(card, "param", "model size", "parâmetros", "参数")
            or not CLAIM.search(card.body)
            or _files.is_copy(repo)
        ):
            return
        found = [
            (s, m)
            for s in claims.sentences(card.markdown, CLAIM)
            if (m := CLAIM.search(s.text)) and not _PART.search(s.text[: m.start()])
        ]
        if not found:
            return
        weights = _files.weights(repo)
        if weights is None or weights.packed or not weights.parameters:
            return
        sentence, match = found[0]
        claimed = _value(match)
        if 1 / FACTOR <= weights.parameters / claimed <= FACTOR:
            return
        yield self.finding(
            f"The card says {_files.show(claimed)} parameters; the weights hold {_files.show(weights.parameters)}.",
            sentence.location(card, match),
            next_step="Mend the number, or see whether the right weights were uploaded.",
            evidence={"claimed": claimed, "counted": weights.parameters, "file": weights.source},
        )


def _value(match: re.Match[str]) -> float:
    number = (match["n"] or match["n2"]).replace(",", ".")
    unit = (match["u"] or match["u2"]).lower()
    return float(number) * _UNIT.get(unit, _UNIT.get(unit[0], 1))
