"""``weights/copy-of-upstream``."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from cardlint.errors import Unavailable
from cardlint.findings import Finding, Severity
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule
from cardlint.source.interface import Source
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
    a copy from new work, and the notices of the first publisher may be missing. Which of two equal
    models was first the weights do not tell; the histories do, where both can be read.

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
        other, ours = relation.parent, False
        next_step = f"Say in the card that this is a copy of {other}, or upload the weights that were meant."
        if not declared:
            first = _first(repo, other)
            ours = first is True
            text += f", which the repository does not name as its base; {ORDER[first]}"
        if ours:
            next_step = f"Nothing is to be done here; {other} should name this repository."
        elif not declared:
            next_step = f"If this is the copy, say so in the card and name {other} in base_model."
        return self.finding(
            f"{text}.",
            _measured.base_place(repo, other),
            next_step=next_step,
            severity=Severity.INFO if declared or ours else None,
            confidence=relation.confidence,
            evidence=_measured.relation_figures(relation),
        )


ORDER = {
    None: "the weights do not tell which of the two was first",
    True: "this repository had them first, by the dates of its commits",
    False: "that repository had them first, by the dates of its commits",
}


def _first(repo: Repository, other: str) -> bool | None:
    """Whether this repository's weights were all there before any of the other's.

    Returns:
        ``None`` where the histories do not tell.
    """
    mine, theirs = _uploaded(repo.source), _uploaded(repo.resolver.upstream(other))
    if not (mine and theirs):
        return None
    if mine[1] < theirs[0]:
        return True
    return False if theirs[1] < mine[0] else None


def _uploaded(source: Source) -> tuple[datetime, datetime] | None:
    """When weights came first and last, where every such commit could be read."""
    from cardlint.history.changes import Kind as Change
    from cardlint.history.timeline import read

    try:
        told = read(source)
    except Unavailable:
        return None
    if not told.uploads or len(told.dated(Change.WEIGHTS_ADDED, Change.WEIGHTS_REPLACED)) < len(
        told.uploads
    ):
        return None
    return told.uploads[0].commit.date, told.uploads[-1].commit.date


def _converted(repo: Repository) -> bool:
    """Whether the repository says that it is a conversion."""
    return repo.lineage.relation == "quantized"
