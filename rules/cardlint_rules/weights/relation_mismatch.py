"""``weights/relation-mismatch``."""

from __future__ import annotations

from collections.abc import Iterator

from cardlint.findings import Finding, Severity
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule
from cardlint.weights.evidence import Kind, Relation
from cardlint_rules.weights import _measured

CONTRADICTS: dict[str, dict[Kind, str]] = {
    "finetune": {
        Kind.IDENTICAL: "they are the same, number for number",
        Kind.REENCODED: "they are the same in another number format",
        Kind.PERMUTED: "they are the same in another order",
    },
    "merge": {
        Kind.IDENTICAL: "they are that one model's, number for number",
        Kind.REENCODED: "they are that one model's in another number format",
    },
    "adapter": {
        Kind.IDENTICAL: "they are the whole model, not an adapter",
        Kind.FINETUNE: "they are a whole model, not an adapter",
    },
}
"""Declared relation → measured kind → what the weights are instead."""


class RelationMismatch(Rule):
    """`base_model_relation` says something else than the weights.

    ## What it checks
    `base_model_relation` (finetune, merge, adapter) against the measured relation to each declared
    base: identical, stored in another format, a whole model. `quantized` is checked by
    `weights/quantized-base-mismatch`, a merge that is not declared by `weights/merge-undeclared`.

    ## Why it matters
    The Hub sorts models by this word; people choose a fine-tune expecting one.

    ## Example
    ```yaml
    base_model: org/base
    base_model_relation: finetune   # and every weight equals org/base
    ```

    ## How to fix
    Correct `base_model_relation`, or upload the weights that were meant.

    ## Sources
    - Hub documentation, Model Cards, "Specifying a base model"
    """

    id = "weights/relation-mismatch"
    severity = Severity.WARNING
    needs = frozenset({Fact.WEIGHTS, Fact.LINEAGE})
    frameworks = ()

    def check(self, repo: Repository) -> Iterator[Finding]:
        declared = repo.lineage.relation
        found = repo.weights.comparison
        if declared not in CONTRADICTS or found is None:
            return
        for relation in found.relations:
            instead = CONTRADICTS[declared].get(relation.kind)
            if instead and relation.confidence in _measured.SURE:
                yield self._tell(repo, declared, relation, instead)

    def _tell(self, repo: Repository, declared: str, relation: Relation, instead: str) -> Finding:
        return self.finding(
            f"base_model_relation is {declared}, but of the weights of {relation.parent}: {instead}.",
            _measured.relation_place(repo),
            next_step="Correct base_model_relation, or upload the weights that were meant.",
            confidence=relation.confidence,
            evidence={**_measured.relation_figures(relation), "declared": declared},
        )
