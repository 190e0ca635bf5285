"""``weights/not-comparable``."""

from __future__ import annotations

from collections.abc import Iterator

from cardlint.findings import Finding, Severity
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule
from cardlint.weights.evidence import Kind
from cardlint_rules.weights import _measured


class NotComparable(Rule):
    """The weights cannot be held against a declared base.

    ## What it checks
    That the weights and those of each declared base have matrices in common: the same
    architecture, sizes that agree, a storage format that can be decoded.

    ## Why it matters
    Fine-tunes, adapters, merges and re-encodings keep the sizes of their base. Where nothing can be
    compared, the declared relation can neither be confirmed nor refuted from the weights.

    ## Example
    ```yaml
    base_model: org/model-of-another-size
    ```

    ## How to fix
    Check `base_model`. If the model was distilled from that one, or made by growing or shrinking
    it, say so in the card: the relation of a distilled model to its teacher is not in its weights.

    ## Sources
    - Hub documentation, Model Cards, "Specifying a base model"
    - The cardlint manual, "Weight evidence", on what is not comparable
    """

    id = "weights/not-comparable"
    severity = Severity.INFO
    needs = frozenset({Fact.WEIGHTS})
    frameworks = ("g7-sbom-ai:bases",)

    def check(self, repo: Repository) -> Iterator[Finding]:
        found = repo.weights.comparison
        if found is None or repo.weights.adapter:
            return
        for relation in found.relations:
            if relation.kind is Kind.NOT_COMPARABLE:
                yield self.finding(
                    f"The weights cannot be held against {relation.parent}: {relation.note}.",
                    _measured.base_place(repo, relation.parent),
                    next_step="Check base_model; if the model was distilled from it, say so.",
                    evidence=_measured.relation_figures(relation),
                )
