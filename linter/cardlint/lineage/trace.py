"""Finds the parents that nobody named: candidates, their headers, their sketches, one answer.

Candidates come from what the repository names, from the family of its declared bases, from what the
user asks for, and from an atlas. Headers alone decide which of them can be compared; those are
sketched in order of promise until the budget is spent. What was left out is part of the answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cardlint.errors import Unavailable
from cardlint.findings import Json, NotChecked
from cardlint.lineage.candidates import MAX_CANDIDATES, Candidate
from cardlint.lineage.declared import Origin

if TYPE_CHECKING:
    from cardlint.lineage.answer import Answer
    from cardlint.lineage.atlas.store import Atlas, Hit
    from cardlint.repository import Repository
    from cardlint.source.interface import Source
    from cardlint.weights.sketch import Sketch

SCHEMA = "cardlint/trace/1"
TOTAL = 16
"""Models' worth of ``budget`` that are read of all candidates together."""
LIKE = 0.5
"""Share of a model's matrices that a candidate must have by name and shape to be compared."""


@dataclass(frozen=True, slots=True)
class Looked:
    """A model that was held against the weights, or why it was not."""

    id: str
    why: str
    """Why it is a candidate."""
    commit: str | None = None
    left_out: str | None = None
    """Why its weights were not read; ``None`` when they were."""


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
        return tuple(p for p in self.answer.named if p.casefold() not in known)

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
    from cardlint.weights.read import sketch

    name = repo.id or repo.source.identity.location
    model = sketch(repo.source, budget=repo.options.budget, name=name)
    looked: list[Looked] = []
    gaps = [NotChecked(name, gap) for gap in model.gaps]
    gaps += repo.lineage.gaps  # what may name a parent and could not be read
    found = dict(_from_candidates(repo, model, looked, gaps))
    if atlas:
        for hit, other in _from_atlas(atlas, model, looked):
            found.setdefault((hit.repo_id or hit.name).casefold(), other)
    answer = explain(model, list(found.values()))
    return Trace(
        name,
        repo.source.identity.commit,
        repo.lineage.parents,
        answer,
        tuple(looked),
        tuple(dict.fromkeys(gaps)),
    )


def _from_candidates(
    repo: Repository, model: Sketch, looked: list[Looked], gaps: list[NotChecked]
) -> Iterator[tuple[str, Sketch]]:
    from cardlint.lineage.family import gather
    from cardlint.weights.read import sketch

    declared = [Candidate(id_, "declared in the front matter") for id_ in repo.lineage.parents]
    others, missing = gather(repo, MAX_CANDIDATES)
    gaps += missing
    left = TOTAL * repo.options.budget
    for candidate in (*declared, *others):
        try:
            source = repo.resolver.upstream(candidate.id)
            why_not = _unlike(source, model) or (
                "the budget for all candidates was spent" if left <= 0 else None
            )
            if why_not is None and _later(source, repo.source):
                why_not = "its first commit is later than the last weights of this model"
            if why_not is None:
                read = sketch(source, budget=min(repo.options.budget, left), name=candidate.id)
                left -= read.coverage.bytes[0]
                looked.append(Looked(candidate.id, candidate.why, read.commit))
                yield candidate.id.casefold(), read
                continue
        except Unavailable as reason:
            why_not = reason.message
        looked.append(Looked(candidate.id, candidate.why, left_out=why_not))


def _unlike(source: Source, model: Sketch) -> str | None:
    """Why a model cannot be compared, from its headers alone."""
    from cardlint.weights.checkpoint import open_checkpoint
    from cardlint.weights.names import canonical

    checkpoint = open_checkpoint(source)
    named = canonical(checkpoint.stored, checkpoint.config)
    theirs = {p.tensor.canonical: p.tensor.shape for p in named.parts.values()}
    mine = {t.canonical: t.shape for t in model.tensors.values() if len(t.shape) > 1}
    shared = sum(_same_width(shape, theirs.get(name)) for name, shape in mine.items())
    if mine and shared < LIKE * min(len(mine), max(len(theirs), 1)):
        return "another architecture (tensor names and shapes)"
    return None


def _same_width(mine: Sequence[int], theirs: Sequence[int] | None) -> bool:
    """All but the first dimension, which a vocabulary or a packing may change."""
    return theirs is not None and tuple(mine[1:]) == tuple(theirs[1:])


def _later(source: Source, own: Source) -> bool:
    """Whether a candidate began only after this model's weights were there; False if not known.

    Only histories that cost no request are asked: what is on this disk.
    """
    from cardlint.history.timeline import read

    if not (_on_disk(source) and _on_disk(own)):
        return False
    try:
        theirs, mine = source.history().commits, read(own).uploads
    except Unavailable:
        return False
    return bool(theirs and mine) and theirs[-1].date > mine[-1].commit.date


def _on_disk(source: Source) -> bool:
    from cardlint.source.git import GitCommit
    from cardlint.source.local import LocalFolder

    return isinstance(source, GitCommit | LocalFolder)


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
