"""Reads the weights of candidates: which fit by their headers, in order of promise, within a budget.

What ``cardlint trace`` and the rules about undeclared parents look at is read here, so that a
candidate is taken or left for the same reasons everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cardlint.errors import Unavailable
from cardlint.lineage.candidates import ASKED, Candidate

if TYPE_CHECKING:
    from cardlint.repository import Repository
    from cardlint.source.interface import Source
    from cardlint.weights.sketch import Sketch

TOTAL = 16
"""Models' worth of ``budget`` that are read of all candidates together."""
LIKE = 0.5
"""Share of a model's matrices that a candidate must have by name and shape to be compared."""
SPENT = "the budget for all candidates was spent"


@dataclass(frozen=True, slots=True)
class Looked:
    """A model that was held against the weights, or why it was not."""

    id: str
    why: str
    """Why it is a candidate."""
    commit: str | None = None
    left_out: str | None = None
    """Why its weights were not read; ``None`` when they were."""
    unavailable: Unavailable | None = None
    """What stood in the way, where something did."""


@dataclass
class Reader:
    """Reads candidates of one model."""

    repo: Repository
    model: Sketch
    most: int | None = None
    """Candidates that are asked for. Those on this disk cost no request and do not count."""
    looked: list[Looked] = field(default_factory=list)
    """Every candidate that was asked for, in that order."""
    later: set[str] = field(default_factory=set)
    """Of those that were read, the ones that began after this model was there: no parents."""
    left: int = field(init=False)
    """Bytes that may still be read."""
    not_asked: int = 0
    """Candidates beyond :attr:`most`."""
    _asked: int = 0

    def __post_init__(self) -> None:
        self.left = TOTAL * self.repo.options.budget

    def read(self, candidates: Iterable[Candidate]) -> Iterator[Sketch]:
        """Sketches of those that fit and can be read; :attr:`looked` tells of all."""
        for candidate in candidates:
            if self.most is not None and self._asked >= self.most:
                self.not_asked += 1
                continue
            self._asked += 1
            try:
                read = self._read(candidate)
            except Unavailable as reason:
                read = Looked(
                    candidate.id, candidate.why, left_out=reason.message, unavailable=reason
                )
            if isinstance(read, Looked):
                self.looked.append(read)
            else:
                self.looked.append(Looked(candidate.id, candidate.why, read.commit))
                yield read

    def _read(self, candidate: Candidate) -> Sketch | Looked:
        from cardlint.weights.read import sketch

        budget = self.repo.options.budget
        source = self.repo.resolver.upstream(candidate.id)
        if _on_disk(source):
            self._asked -= 1
        # Tensors under other names are told by the comparison, which is for who asks.
        why_not = None if candidate.why == ASKED else _unlike(source, self.model)
        why_not = why_not or (SPENT if self.left < budget else None)
        if why_not is None and _later(source, self.repo.source):
            if candidate.why == ASKED:
                self.later.add(candidate.id)
            else:
                why_not = "its first commit is later than the last weights of this model"
        if why_not is None:
            read = sketch(source, budget=budget, name=candidate.id)
            self.left -= read.coverage.bytes[0]
            if not read.delta or self.model.delta:
                return read
            why_not = "it is an adapter; compare tries one together with its base"
        return Looked(candidate.id, candidate.why, left_out=why_not)


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
