"""Finds the parents that nobody named: candidates, their headers, their sketches, one answer.

Candidates come from what the repository names, from the family of its declared bases, from what the
user asks for, and from an atlas. Headers alone decide which of them can be compared; those are
sketched in order of promise until the budget is spent. What was left out is part of the answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cardlint.errors import Unavailable
from cardlint.findings import Json, NotChecked
from cardlint.lineage.candidates import MAX_CANDIDATES, Candidate
from cardlint.lineage.declared import Origin
from cardlint.lineage.looking import Looked

if TYPE_CHECKING:
    from cardlint.lineage.answer import Answer
    from cardlint.lineage.atlas.store import Atlas, Hit
    from cardlint.repository import Repository
    from cardlint.weights.sketch import Sketch

SCHEMA = "cardlint/trace/1"


@dataclass(frozen=True, slots=True)
class Trace:
    """Where a model comes from, and how far the search went."""

    model: str
    commit: str | None
    declared: tuple[str, ...]
    answer: Answer
    looked: tuple[Looked, ...]
    not_checked: tuple[NotChecked, ...]

    @property
    def undeclared(self) -> tuple[str, ...]:
        """Parents that the weights name and the front matter does not; () where it is not known."""
        if any(gap.what == f"lineage ({Origin.FRONT_MATTER})" for gap in self.not_checked):
            return ()
        known = {d.casefold() for d in self.declared}
        return tuple(
            p
            for p in self.answer.named
            if not known & {n.casefold() for n in (p, *self.answer.same.get(p, ()))}
        )

    def json(self) -> dict[str, Json]:
        """The object that ``cardlint trace --format json`` prints."""
        said = self.answer
        return {
            "schema": SCHEMA,
            "model": self.model,
            "commit": self.commit,
            "declared": [*self.declared],
            "answer": {
                "kind": said.kind,
                "parents": [*said.parents],
                "named": [*said.named],
                "undeclared": [*self.undeclared],
                "confidence": said.confidence.value,
                "statement": said.statement,
                "copies": [*said.copies],
                "same_as_parents": {name: [*others] for name, others in said.same.items()},
                "descendants": [*said.descendants],
                "distances": [{"model": n, "distance": round(d, 6)} for n, d in said.distances],
                "comparison": said.comparison.json() if said.comparison else None,
            },
            "looked_at": [
                {"model": x.id, "why": x.why, "commit": x.commit}
                for x in self.looked
                if x.left_out is None
            ],
            "left_out": [
                {"model": x.id, "why": x.why, "reason": x.left_out}
                for x in self.looked
                if x.left_out is not None
            ],
            "not_checked": [{"what": n.what, "why": n.why} for n in self.not_checked],
        }


def trace(repo: Repository, atlas: Atlas | None = None) -> Trace:
    """Look for the parents of a model.

    Args:
        repo: the model; its options name the budget and further candidates.
        atlas: sketches to look it up in.

    Raises:
        Unavailable: the model's own weights cannot be read.
    """
    from cardlint.lineage.explain import explain
    from cardlint.lineage.family import gather
    from cardlint.lineage.looking import Reader
    from cardlint.weights.read import sketch

    name = repo.id or repo.source.identity.location
    model = sketch(repo.source, budget=repo.options.budget, name=name)
    gaps = [NotChecked(name, gap) for gap in model.gaps]
    gaps += repo.lineage.gaps  # what may name a parent and could not be read
    declared = [Candidate(id_, "declared in the front matter") for id_ in repo.lineage.parents]
    others, missing = gather(repo, MAX_CANDIDATES)
    gaps += missing
    reader = Reader(repo, model)
    found = {read.name.casefold(): read for read in reader.read((*declared, *others))}
    looked = reader.looked
    if atlas:
        for hit, other in _from_atlas(atlas, model, looked):
            found.setdefault((hit.repo_id or hit.name).casefold(), other)
    answer = explain(model, list(found.values()), repo.lineage.parents, reader.later)
    return Trace(
        name,
        repo.source.identity.commit,
        repo.lineage.parents,
        answer,
        tuple(looked),
        tuple(dict.fromkeys(gaps)),
    )


def _from_atlas(atlas: Atlas, model: Sketch, looked: list[Looked]) -> Iterator[tuple[Hit, Sketch]]:
    own = (model.repo_id or "").casefold()
    for hit in atlas.search(model):
        name = hit.repo_id or hit.name
        if name.casefold() == own:
            continue
        why = f"in the atlas, cosine {hit.cosine:.3f}"
        try:
            read = atlas.load(hit)
        except Unavailable as reason:
            looked.append(Looked(name, why, hit.commit, reason.message))
            continue
        looked.append(Looked(name, why, hit.commit))
        yield hit, read
