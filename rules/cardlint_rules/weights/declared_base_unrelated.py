"""``weights/declared-base-unrelated``."""

from __future__ import annotations

from collections.abc import Iterator

from cardlint.findings import Confidence, Finding, NotChecked, Severity
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule
from cardlint.weights.evidence import Comparison, Kind, Relation
from cardlint_rules.weights import _measured

FAINT = 1e-12
"""P-value of a similarity that is small but no chance."""
PART = 0.2
"""Similarity that independent training does not give, whatever the p-value says."""
LEAST_PART = 1e-3
"""Coefficient from which a parent has a part in a merge."""


class DeclaredBaseUnrelated(Rule):
    """The weights show no sign of being derived from a declared base.

    ## What it checks
    The weight matrices are held against those of each declared base: the cosine of the aligned
    matrices, with a p-value from permutations of their rows. Norms and biases do not count:
    unrelated models agree in them.

    ## Why it matters
    A wrong base misleads everyone who relies on its license, its data or its evaluation.

    ## Example
    ```yaml
    base_model: org/other-model-of-the-same-size
    ```

    ## How to fix
    Correct `base_model`. A model distilled from another, or trained from scratch with its
    configuration, does not have it as its base.

    ## Sources
    - Hub documentation, Model Cards, "Specifying a base model"
    - Zhu et al., ICML 2025, on tests of independence of two models' weights
    """

    id = "weights/declared-base-unrelated"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    needs = frozenset({Fact.WEIGHTS})
    frameworks = ("g7-sbom-ai:bases",)

    def check(self, repo: Repository) -> Iterator[Finding | NotChecked]:
        found = repo.weights.comparison
        lost = {f"weights of {parent}" for parent in repo.lineage.parents}
        yield from (gap for gap in repo.weights.not_checked if gap.what in lost)
        for relation in found.relations if found else ():
            if found and _has_a_part(found, relation.parent):
                continue
            if relation.kind is Kind.NOT_COMPARABLE and not repo.weights.adapter:
                yield NotChecked(f"weights against {relation.parent}", relation.note)
            if relation.kind is Kind.UNRELATED:
                yield self._unrelated(repo, relation)
            if relation.kind is Kind.SHARED_INIT:
                yield self.finding(
                    f"The weights and {relation.parent} share an origin ({relation.note}; "
                    f"similarity {relation.similarity:.3f}).",
                    _measured.base_place(repo, relation.parent),
                    next_step="Check whether the model was made from it or only like it.",
                    severity=Severity.INFO,
                    confidence=relation.confidence,
                    evidence=_measured.relation_figures(relation),
                )

    def _unrelated(self, repo: Repository, relation: Relation) -> Finding:
        # A small part, a part of the tensors (a draft head), or a change that was not undone.
        faint = relation.p_value <= FAINT
        some = relation.similarity >= PART
        sure = relation.confidence in _measured.SURE and not faint and not some
        what = "Only a part of the weights shows a" if some else "The weights show no"
        if faint and not some:
            what = "The weights show hardly any"
        return self.finding(
            f"{what} sign of being derived from {relation.parent} (similarity "
            f"{relation.similarity:.3f}; independent training gives about 0).",
            _measured.base_place(repo, relation.parent),
            next_step="Name the model that the weights were made from in base_model.",
            severity=None if sure else Severity.INFO,
            confidence=Confidence.LOW if faint or some else relation.confidence,
            evidence=_measured.relation_figures(relation),
        )


def _has_a_part(found: Comparison, parent: str) -> bool:
    """Whether a recipe that gives the weights uses this parent."""
    said = found.verdict
    if said.kind is not Kind.MERGE or said.confidence not in _measured.SURE:
        return False
    part = said.coefficients.get(parent)
    return part is not None and abs(part.value) > LEAST_PART
