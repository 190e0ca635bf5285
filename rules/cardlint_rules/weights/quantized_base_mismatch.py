"""``weights/quantized-base-mismatch``."""

from __future__ import annotations

from collections.abc import Iterator

from cardlint.findings import Confidence, Finding, Severity
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule
from cardlint.weights.evidence import Kind, Relation
from cardlint_rules.weights import _measured

FITTING = (
    Kind.REENCODED, Kind.IDENTICAL, Kind.VOCAB_EXTENDED, Kind.PERMUTED, Kind.NOT_COMPARABLE,
)  # fmt: skip


class QuantizedBaseMismatch(Rule):
    """The weights are not a quantized form of the base that they are said to be.

    ## What it checks
    Where `base_model_relation` is `quantized`: whether the decoded weights differ from the declared
    base by no more than the steps of their number format.

    ## Why it matters
    Users of a quantized model expect the original's behavior, license and evaluation.

    ## Example
    ```yaml
    base_model: org/model-v1
    base_model_relation: quantized   # and the weights are those of org/model-v2
    ```

    ## How to fix
    Name the model that was quantized.

    ## Sources
    - Hub documentation, Model Cards, "Specifying a base model"
    """

    id = "weights/quantized-base-mismatch"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    needs = frozenset({Fact.WEIGHTS, Fact.LINEAGE})
    frameworks = ()

    def check(self, repo: Repository) -> Iterator[Finding]:
        found = repo.weights.comparison
        if repo.lineage.relation != "quantized" or found is None:
            return
        for relation in found.relations:
            if relation.kind not in FITTING:
                yield self._tell(repo, relation)

    def _tell(self, repo: Repository, relation: Relation) -> Finding:
        # At two bits and fewer so much is lost that it looks like a shared origin.
        foreign = relation.kind is Kind.UNRELATED
        what = (
            f"show no sign of being derived from {relation.parent}"
            if foreign
            else f"differ from {relation.parent} by more than number formats do (relative distance "
            f"{relation.distance:.4f})"
        )
        return self.finding(
            f"base_model_relation is quantized, but the weights {what}.",
            _measured.base_place(repo, relation.parent),
            next_step="Name the model that was quantized, or correct base_model_relation.",
            severity=None if foreign and relation.confidence in _measured.SURE else Severity.INFO,
            confidence=relation.confidence if foreign else Confidence.MEDIUM,
            evidence=_measured.relation_figures(relation),
        )
