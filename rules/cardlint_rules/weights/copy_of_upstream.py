"""``weights/copy-of-upstream``."""

from __future__ import annotations

from collections.abc import Iterator

from cardlint.findings import Finding, Severity
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule
from cardlint.weights.evidence import Kind, Relation
from cardlint_rules.weights import _measured

WORDS = {
    Kind.IDENTICAL: "The weights are the same as those of {p}, number for number",
    Kind.REENCODED: "The weights are those of {p} in another number format ({n})",
    Kind.PERMUTED: "The weights are those of {p} in another order ({n})",
}


class CopyOfUpstream(Rule):
    """The weights are those of another model, under a new name.

    ## What it checks
    Whether all compared weights equal those of a declared base or of a candidate: number for
    number, after a change of number format, or after a reordering of neurons. A repository that
    declares `base_model_relation: quantized` and is one is not reported.

    ## Why it matters
    A mirror is welcome if it says that it is one. Under a new name without that, users cannot tell
    a copy from new work, and the notices of the first publisher may be missing.

    ## Example
    A repository `me/new-model` whose `model.safetensors` equals that of `org/base`.

    ## How to fix
    Say in the card that this is a copy or a conversion, and of what; or upload the weights that
    were meant.

    ## Sources
    - Hub documentation, Model Cards, "Specifying a base model"
    - cardlint, "Weight evidence"
    """

    id = "weights/copy-of-upstream"
    severity = Severity.WARNING
    needs = frozenset({Fact.WEIGHTS, Fact.LINEAGE})
    frameworks = ()

    def check(self, repo: Repository) -> Iterator[Finding]:
        told = repo.weights
        known = {d.casefold() for d in told.declared}
        seen: set[str] = set()
        for found in (told.comparison, told.best):
            for relation in found.relations if found else ():
                if relation.kind not in WORDS or relation.parent in seen:
                    continue
                if relation.confidence not in _measured.SURE:
                    continue
                seen.add(relation.parent)
                declared = relation.parent.casefold() in known
                if declared and relation.kind is Kind.REENCODED and _converted(repo):
                    continue
                yield self._tell(repo, relation, declared=declared)

    def _tell(self, repo: Repository, relation: Relation, *, declared: bool) -> Finding:
        text = WORDS[relation.kind].format(p=relation.parent, n=relation.note)
        named = "" if declared else ", which the repository does not name as its base"
        return self.finding(
            f"{text}{named}.",
            _measured.base_place(repo, relation.parent),
            next_step=f"Say in the card that this is a copy of {relation.parent}, or upload the weights that were meant.",
            severity=Severity.INFO if declared else None,
            confidence=relation.confidence,
            evidence=_measured.relation_figures(relation),
        )


def _converted(repo: Repository) -> bool:
    """Whether the repository says that it is a conversion."""
    return repo.lineage.relation == "quantized"
