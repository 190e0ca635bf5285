"""``weights/merge-undeclared``."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cardlint.errors import Unavailable
from cardlint.findings import Confidence, Finding, Severity
from cardlint.lineage.declared import Origin
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule
from cardlint.weights.evidence import Kind
from cardlint_rules.weights import _measured

MERGE = re.compile(r"\b(?:merg\w+|frankenmerg\w*|model soup|slerp|fus(?:ed|ão|ión))", re.IGNORECASE)


class MergeUndeclared(Rule):
    """The weights are a merge, and nothing in the repository says so.

    ## What it checks
    Whether a merge recipe explains the weights while the repository neither declares
    `base_model_relation: merge`, nor lists several bases (which the Hub takes for a merge), nor has
    a merge recipe, a `merge` tag, or the word in its text.

    ## Why it matters
    A merge has several parents with several licenses, and no training of its own.

    ## Example
    ```yaml
    base_model: org/base
    base_model_relation: finetune   # the weights are 0.6·org/tuned + 0.4·org/base
    ```

    ## How to fix
    ```yaml
    base_model: [org/tuned, org/base]
    base_model_relation: merge
    ```

    ## Sources
    - Hub documentation, Model Cards, "Specifying a base model"
    - cardlint, "Weight evidence"
    """

    id = "weights/merge-undeclared"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    needs = frozenset({Fact.WEIGHTS, Fact.LINEAGE})
    frameworks = ("g7-sbom-ai:bases",)

    def check(self, repo: Repository) -> Iterator[Finding]:
        told = repo.weights
        found = next(
            (c for c in (told.comparison, told.best) if c and c.verdict.kind is Kind.MERGE), None
        )
        if found is None or found.verdict.confidence not in _measured.SURE or _declared(repo):
            return
        said = found.verdict
        yield self.finding(
            f"The weights are consistent with {_measured.recipe_text(said)} "
            f"({_measured.proof_text(said)}); the repository does not speak of a merge.",
            _measured.relation_place(repo),
            next_step="Set base_model_relation: merge and list every parent under base_model.",
            confidence=said.confidence,
            evidence=_measured.figures(found),
        )


def _declared(repo: Repository) -> bool:
    relation = repo.lineage.relation
    if relation == "merge" or repo.lineage.by(Origin.MERGEKIT):
        return True
    if relation is None and len(repo.lineage.parents) > 1:
        return True
    try:
        card = repo.card
    except Unavailable:
        return False
    matter = card.front_matter
    tags = [v.text for v in matter.strings("tags")] if matter else []
    return any(MERGE.search(t) for t in tags) or MERGE.search(card.body) is not None
