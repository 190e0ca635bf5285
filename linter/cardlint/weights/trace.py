"""Traces of a parent that was not given: elements that took one part of a difference, no more.

Where the unknown parent of a merge did not move a weight (or its change was dropped), the merge has
exactly q + α(p − q) of two known models there, whatever it has elsewhere. Such elements heap up in
the one cell that this number is rounded to, while training leaves a weight in that cell no more
often than in its two neighbors. So: of the elements within one and a half cells of q + α(p − q), a
third lies within half a cell, unless some were *put* there.

- A heap at an α that is neither 0 nor 1: part of the difference was taken, and there is more.
- Heaps at 0 and at 1: some elements are one model's, some the other's, and there is more.

One heap at 0 (or at 1) says nothing: training leaves weights as they were. A stage between the two
models, or their common ancestor, has heaps at both; such a model lies between them, where the angle
is not acute. And each heap must shrink when the differences are shuffled: steps of one size (the
first steps of Adam, updates in bfloat16) make numbers coincide as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from cardlint.weights import mixture
from cardlint.weights.replay.explanation import Problem
from cardlint.weights.samples import Array, Sample

APART = 4.0
"""Cells between q + α(p − q) and both ends, so that what was left alone is not taken for a part."""
LEAST = 200
"""Elements of one tensor."""
SURE = 10.0
"""Standard errors above a third."""
ACUTE = 0.5
"""Cosine of the angle at the model between the two others, above which it lies beside both."""


@dataclass(frozen=True, slots=True)
class Limit:
    """What makes a heap."""

    share: float
    """Of the elements around, how many must have been put there."""
    times: float
    """How many times as many as where the differences are shuffled."""


AT_END = Limit(0.1, 2.5)
AT_PART = Limit(0.45, 1.6)
"""The part is searched for, and few cells offer few parts: training by steps of a few cells reaches
0.55 at 1.4 times and 0.31 at 1.7 times, merges that drop differences 0.5 to 0.9 and 1.9 to 3.4 times."""
AGREE = 0.1
"""Median distance of the tensors' parts from their middle, relative: a recipe has one weight for all
(0.00 to 0.02 measured), what coincides by chance is another part in each (1 and more)."""


@dataclass(frozen=True, slots=True)
class Trace:
    """What was found between two parents."""

    parents: tuple[int, int]
    part: float | None
    """Of the first parent's difference from the second; ``None``: elements of both as they are."""
    share: float
    """Of the elements within one and a half cells of that part, how many were put there."""


@dataclass(frozen=True, slots=True)
class Heap:
    """Counts around one part of the difference."""

    inside: int = 0
    """Elements within half a cell."""
    around: int = 0
    """Within one and a half."""

    def __add__(self, other: Heap) -> Heap:
        """Both together."""
        return Heap(self.inside + other.inside, self.around + other.around)

    @property
    def share(self) -> float:
        """Of what is around, how much is there beyond a third; 0 to 1."""
        return (3 * self.inside / self.around - 1) / 2 if self.around else 0.0

    @property
    def excess(self) -> float:
        """Elements beyond a third."""
        return self.inside - self.around / 3

    def stands_out(self, chance: Heap, limit: Limit) -> bool:
        """Whether it is more than training leaves, and more than shuffled differences have."""
        sure = self.excess >= SURE * max((self.around * 2 / 9) ** 0.5, 1.0)
        return sure and self.share >= limit.share and self.excess >= limit.times * chance.excess


@dataclass(frozen=True, slots=True)
class Line:
    """One tensor's elements between two parents, in cells of the model."""

    x: Array
    """``(n,)`` R − Q."""
    y: Array
    """``(n,)`` P − Q."""
    width: Array

    def shuffled(self) -> Line:
        """With the size of each difference replaced by that of another with cells as wide."""
        rng = np.random.default_rng(0)
        size = np.abs(self.y)
        for w in np.unique(self.width):
            same = np.flatnonzero(self.width == w)
            size[same] = size[rng.permutation(same)]
        return Line(self.x, np.copysign(size, self.y), self.width)

    def heap(self, part: float) -> Heap:
        """Count around q + part·(p − q)."""
        x, y, width = self.x, self.y, self.width
        if part != 1:
            apart = min(abs(part), abs(1 - part)) * np.abs(y) >= APART * width
            x, y, width = x[apart], y[apart], width[apart]
        off = np.abs(x - part * y) / width
        # A hair less than the half: numbers halfway between two cells belong to neither.
        return Heap(int(np.count_nonzero(off < 0.49)), int(np.count_nonzero(off < 1.49)))

    def turned(self) -> Line:
        """The same as seen from the other parent."""
        return Line(self.x - self.y, -self.y, self.width)

    def half(self, which: int) -> Line:
        """Every other element."""
        return Line(self.x[which::2], self.y[which::2], self.width[which::2])

    def likeliest(self) -> float | None:
        """The part that most elements took, of those that are neither parent's own."""
        ends = np.minimum(np.abs(self.x), np.abs(self.x - self.y)) >= APART * self.width
        x, y, width = self.x[ends], self.y[ends], self.width[ends]
        if len(x) < LEAST // 4:
            return None
        fine = np.abs(y) >= np.median(np.abs(y) / width) * width
        x, y, width = x[fine], y[fine], width[fine]
        near, far = (x - 0.49 * width) / y, (x + 0.49 * width) / y
        return mixture.sweep(np.minimum(near, far), np.maximum(near, far))[0]


def find(problem: Problem) -> Trace | None:
    """The clearest trace between any two parents, or ``None``."""
    pairs = combinations(range(len(problem.names)), 2)
    found = [t for pair in pairs if (t := _between(problem, pair)) is not None]
    return max(found, key=lambda t: t.share, default=None)


def _between(problem: Problem, pair: tuple[int, int]) -> Trace | None:
    if not _acute(problem.samples, pair):
        return None
    lines = [line for s in problem.samples if (line := _line(s, pair)) is not None]
    part = _part(lines)
    if part is not None:
        return Trace(pair, *part)
    share = _both_ends(lines)
    return Trace(pair, None, share) if share else None


def _line(s: Sample, pair: tuple[int, int]) -> Line | None:
    """The elements of a matrix at which the two parents stand apart; zeros may mean a mask."""
    if len(s.tensor.shape) < 2 or s.tensor.component in BY_TOKEN:
        return None
    p, q = s.p[:, pair[0]], s.p[:, pair[1]]
    apart = (np.abs(p - q) >= APART * s.width) & (s.x != 0) & (p != 0) & (q != 0)
    if int(np.count_nonzero(apart)) < LEAST:
        return None
    return Line((s.x - q)[apart], (p - q)[apart], s.width[apart])


def _part(lines: Sequence[Line]) -> tuple[float, float] | None:
    """The median part and the share of the heap, each tensor having a part of its own.

    The part is chosen on one half of the elements and counted on the other.
    """
    heap = chance = Heap()
    parts = []
    for line in lines:
        part = line.half(1).likeliest()
        if part is None:
            continue
        parts.append(part)
        heap += line.half(0).heap(part)
        chance += line.half(0).shuffled().heap(part)
    if len(parts) < 2 or not heap.stands_out(chance, AT_PART):
        return None
    middle = float(np.median(parts))
    apart = float(np.median(np.abs(np.array(parts) - middle)))
    return (middle, heap.share) if apart <= AGREE * abs(middle) else None


def _both_ends(lines: Sequence[Line]) -> float:
    """The smaller share of the heaps at both ends, or 0."""
    shares = []
    for turned in (False, True):
        # At 1 as seen from the other end, so that shuffling breaks what was to be met.
        sides = [n.turned() if turned else n for n in lines]
        heap = sum((n.heap(1.0) for n in sides), Heap())
        chance = sum((n.shuffled().heap(1.0) for n in sides), Heap())
        shares.append(heap.share if heap.stands_out(chance, AT_END) else 0.0)
    return min(shares)


def _acute(samples: Sequence[Sample], pair: tuple[int, int]) -> bool:
    """Whether the model lies beside both parents and not between them, over the matrices."""
    dot = a2 = b2 = 0.0
    for s in samples:
        if len(s.tensor.shape) >= 2:
            a, b = s.p[:, pair[0]] - s.x, s.p[:, pair[1]] - s.x
            dot, a2, b2 = dot + float(a @ b), a2 + float(a @ a), b2 + float(b @ b)
    return bool(dot > ACUTE * (a2 * b2) ** 0.5)


BY_TOKEN = frozenset({"embedding", "lm_head"})
"""Weight decay alone shrinks the rows of tokens that training never meets, in every fine-tune: the
ratio of two such differences is one number, and no part of anything."""
