"""The elements that fits look at: some of each tensor, with their cells, ready for arithmetic.

A fit needs thousands of elements, not millions. Replays look at all of them
(:mod:`cardlint.weights.replay`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from cardlint.weights.align import Aligned
from cardlint.weights.rounding import EXACT, cell, to_dtype

Array = npt.NDArray[np.float64]

MAX_TOTAL = 400_000
"""Elements of all tensors together."""
LEAST = 512
"""Elements of each tensor, where it has so many."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Some elements of one tensor, of the model and of all parents."""

    tensor: Aligned
    x: Array
    """``(n,)`` the model."""
    p: Array
    """``(n, k)`` the parents."""
    low: Array
    high: Array
    """``(n,)`` the model's cells, widened by what float32 arithmetic may lose."""
    spread: Array
    """``(n,)`` largest minus smallest parent."""

    @property
    def width(self) -> Array:
        """``(n,)`` of the cells."""
        return self.high - self.low

    def informative(self, least: float = 2.0) -> Sample:
        """Only the elements where the parents differ by several cells."""
        return self.where(self.spread >= least * self.width)

    def where(self, mask: npt.NDArray[np.bool_]) -> Sample:
        """Only the elements of ``mask``."""
        return Sample(
            self.tensor, self.x[mask], self.p[mask], self.low[mask], self.high[mask],
            self.spread[mask],
        )  # fmt: skip

    def of(self, parents: Sequence[int]) -> Sample:
        """Only these parents, in this order."""
        p = self.p[:, list(parents)]
        return Sample(self.tensor, self.x, p, self.low, self.high, np.ptp(p, axis=1))


def as_computed(t: Aligned) -> Aligned:
    """The tensor with the dtype that its numbers were rounded to before they were stored.

    A merge in bfloat16 that was cast to float16 or float32 afterwards has the cells of bfloat16.
    """
    stored = t.dtypes[0] or ""
    if stored not in ("F16", "F32", "F64"):
        return t
    for shorter in ("BF16", *(("F16",) if stored != "F16" else ())):
        # float16 loses the smallest numbers of bfloat16: a few misses are its own.
        if np.count_nonzero(to_dtype(t.x, shorter) != t.x) <= t.x.size // 200:
            return replace(t, dtypes=(shorter, *t.dtypes[1:]))
    return t


def complete(tensors: Sequence[Aligned]) -> list[Aligned]:
    """The tensors that all parents have and that are evidence, with known cells."""
    return [
        t
        for t in tensors
        if t.x.size
        and not t.fixed
        and all(p is not None for p in t.parents)
        and (t.dtypes[0] or "") in EXACT
    ]


def take(tensors: Sequence[Aligned]) -> list[Sample]:
    """Some elements of each tensor, evenly spread."""
    usable = complete(tensors)
    total = sum(t.x.size for t in usable)
    share = min(1.0, MAX_TOTAL / total) if total else 1.0
    return [_sample(t, max(LEAST, int(t.x.size * share))) for t in usable]


def _sample(t: Aligned, size: int) -> Sample:
    # An odd step: rows have even lengths, and every column must be met.
    step = max(1, t.x.size // size)
    step += 1 - step % 2
    x = t.x[::step]
    p = np.stack([np.asarray(y, np.float64)[::step] for y in t.parents if y is not None], axis=1)
    low, high = cell(x, t.dtypes[0] or "")
    slack = np.abs(p).max(axis=1) * 2.0**-22
    return Sample(t, x.astype(np.float64), p, low - slack, high + slack, np.ptp(p, axis=1))


def join(samples: Sequence[Sample]) -> tuple[Array, Array, Array, Array]:
    """``x, p, low, high`` of all samples, one after the other."""
    return (
        np.concatenate([s.x for s in samples]),
        np.concatenate([s.p for s in samples]),
        np.concatenate([s.low for s in samples]),
        np.concatenate([s.high for s in samples]),
    )
