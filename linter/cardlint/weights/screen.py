"""Cheap tests before a comparison: could these models account for that one at all?

A comparison (:mod:`cardlint.weights.compare`) tries every recipe on every element, which takes
seconds, and minutes where parents are nearly the same. Here a few elements of models that were
aligned once are looked at, in milliseconds. To pass proves nothing: what passes is compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from cardlint.weights import samples
from cardlint.weights.align import Aligned
from cardlint.weights.mixture import sweep
from cardlint.weights.replay.elementwise import elementwise
from cardlint.weights.replay.explanation import Explanation, Problem, single_share
from cardlint.weights.replay.patterns import EXPLAINED
from cardlint.weights.replay.search import MARGIN
from cardlint.weights.replay.sparse import ELEMENTS, sparse
from cardlint.weights.rounding import to_dtype

Array = npt.NDArray[np.float64]

BITS = {"BF16": 8, "F16": 11, "F32": 24, "F64": 53}
"""Significant bits of a stored number; formats with fewer are taken for bfloat16."""
PER_TENSOR = 2048
"""Elements of each tensor that the quick tests look at."""
MAX_TENSORS = 48
CLEAR = (4.0, 2.0)
"""Tolerances by which parents must differ at an element for it to tell anything; the second is used
where the first leaves too few elements."""
LEAST = 400
"""Elements that must be left in all for an answer."""
LEAST_HERE = 24
"""Elements that must be left of a tensor to give it weights of its own."""
SLACK = 1.0
"""Steps of the largest part that arithmetic in the stored format may lose, besides the last
rounding: that of each product and of their sum."""
LEAST_WEIGHT = 0.01
MAX_ALONE = 10_000
"""Elements that are looked at for one multiple: its share is then known to half a percent."""
LEAST_MULTIPLE = 0.05
"""A model hardly takes less of another; far models would explain any small move."""
STANDS_OUT = 3.0
"""Tolerances that a part's difference must have for its multiples to be told apart."""
ROUNDS = 4
"""Times the weights are fitted again with less pull of the elements that do not fit."""


@dataclass(frozen=True)
class Screen:
    """Several models at the same elements; number 0 is the one that they are laid on."""

    names: tuple[str, ...]
    tensors: tuple[Aligned, ...]
    """Matrices that all of them have; each tensor's ``x`` is model 0, its parents the others."""

    def inside(self, subject: int, parts: Sequence[int]) -> float:
        """Share of elements of a model that a weighted sum of others can be stored as.

        Each tensor has weights of its own, and they need not sum to one, so that blends, task
        arithmetic and interpolation on a sphere all reach about 1.0; without rounding in between
        they do even where models differ by few units in the last place.

        Args:
            subject: the model that is to be accounted for.
            parts: two or more others.

        Returns:
            0 to 1; 0 where the models differ too little to tell.
        """
        rows = [t.rows(subject, parts) for t in self._few]
        for clear in CLEAR:
            kept = [r for row in rows if (r := row.where(row.spread >= clear)) is not None]
            total = sum(len(r.x) for r in kept)
            if total >= LEAST:
                return sum(r.inside() for r in kept) / total
        return 0.0

    def unmoved(self, subject: int, base: int) -> float:
        """Share of elements at which a model holds what another does, up to rounding."""
        rows = [t.rows(subject, [base]) for t in self._few]
        same = sum(int(np.count_nonzero(np.abs(r.x - r.p[:, 0]) <= 1)) for r in rows)
        return same / max(sum(len(r.x) for r in rows), 1)

    def alone(self, subject: int, base: int, part: int) -> float:
        """Share of the elements moved from a base that moved by one multiple of a part's difference.

        Methods that take or leave each element leave many such. What chance gives (the same with
        the elements' pairing broken) is taken off.
        """
        moved, toward = [], []
        for t in self._few:
            r = t.rows(subject, [base, part])
            y, d = r.x - r.p[:, 0], r.p[:, 1] - r.p[:, 0]
            clear = (np.abs(y) > 1) & (np.abs(d) >= STANDS_OUT)
            moved.append(y[clear])
            toward.append(d[clear])
        y, d = np.concatenate([*moved, []]), np.concatenate([*toward, []])
        if len(y) < LEAST:
            return 0.0
        step = -(-len(y) // MAX_ALONE)
        y, d = y[::step], d[::step]
        return _one_multiple(y, d) - _one_multiple(y, np.roll(d, len(d) // 2))

    @cached_property
    def _few(self) -> tuple[_Few, ...]:
        return tuple(_few(t) for t in self._spread)

    @property
    def _spread(self) -> tuple[Aligned, ...]:
        step = max(1, -(-len(self.tensors) // MAX_TENSORS))
        return self.tensors[::step]

    def voted(self, subject: int, parts: Sequence[int]) -> Explanation | None:
        """A recipe that takes or leaves each element (TIES, DARE and their kin), if one fits.

        Args:
            subject: the model that is to be accounted for.
            parts: three or more others, the base among them.
        """
        chosen: list[Aligned] = []
        for t in sorted(self._spread, key=lambda t: t.x.size):
            if t.whole and sum(c.x.size for c in chosen) + t.x.size <= ELEMENTS // 2:
                chosen.append(samples.as_computed(_seen_from(t, subject, parts)))
        names = tuple(self.names[i] for i in parts)
        problem = Problem(names, tuple(samples.complete(chosen)), ())
        if not problem.tensors:
            return None
        least = max(EXPLAINED, single_share(problem.tensors) + MARGIN)
        for recipe in (elementwise, sparse):
            found = recipe(problem)
            if found and max(found.replay or 0.0, found.consistency) >= least and _all_used(found):
                return found
        return None


def _all_used(found: Explanation) -> bool:
    """Whether no part has the weight zero: then fewer would do, or the recipe is nothing but its base."""
    return all(abs(c.value) >= LEAST_WEIGHT for c in found.coefficients.values())


def _seen_from(t: Aligned, subject: int, parts: Sequence[int]) -> Aligned:
    """The tensor as if ``subject`` were the model under test and ``parts`` its parents."""
    values = (t.x, *t.parents)
    x = values[subject]
    assert x is not None  # noqa: S101  # a screen holds what all models have
    return replace(
        t,
        x=x,
        parents=tuple(values[i] for i in parts),
        dtypes=(t.dtypes[subject], *(t.dtypes[i] for i in parts)),
        names=tuple(t.canonical for _ in parts),
    )


@dataclass(frozen=True, slots=True)
class _Rows:
    """Some elements of one tensor, in units of what rounding may have moved each by."""

    x: Array
    """``(n,)``."""
    p: Array
    """``(n, k)``."""
    spread: Array
    """``(n,)`` largest minus smallest part."""

    def where(self, mask: npt.NDArray[np.bool_]) -> _Rows | None:
        if np.count_nonzero(mask) < LEAST_HERE:
            return None
        return _Rows(self.x[mask], self.p[mask], self.spread[mask])

    def inside(self) -> int:
        """Elements that the best weighted sum comes near enough to.

        Differences from the last part and that part itself are the columns: models of one family
        are nearly parallel, their differences are not.
        """
        last = self.p[:, -1:]
        columns = np.concatenate([self.p[:, :-1] - last, last], axis=1)
        length = np.linalg.norm(columns, axis=0)
        columns = columns / np.where(length == 0, 1, length)
        wanted = self.x - last[:, 0]
        weight = np.ones(len(wanted))
        miss = np.abs(wanted)
        for _ in range(ROUNDS):
            pull = columns * weight[:, None]
            gram = pull.T @ columns + 1e-12 * np.eye(columns.shape[1])
            miss = np.abs(wanted - columns @ np.linalg.solve(gram, pull.T @ wanted))
            weight = 1 / (1 + (miss / max(float(np.median(miss)), 0.5)) ** 2) ** 2
        return int(np.count_nonzero(miss <= 1))


@dataclass(frozen=True)
class _Few:
    """Some elements of one tensor, of all models."""

    values: Array
    """``(models, n)``."""
    exponents: npt.NDArray[np.int32]
    """``(models, n)``: the powers of two just above them."""
    bits: tuple[int, ...]
    """Significant ones of the format that each model's numbers were rounded to."""

    def rows(self, subject: int, parts: Sequence[int]) -> _Rows:
        """One model and others, in units of half a cell of it and what arithmetic may lose."""
        at = list(parts)
        bits = self.bits[subject]
        unit = np.ldexp(0.5, self.exponents[subject] - bits)
        unit += SLACK * np.ldexp(1.0, self.exponents[at].max(axis=0) - bits)
        p = self.values[at] / unit
        return _Rows(self.values[subject] / unit, p.T, np.ptp(p, axis=0))


def _few(t: Aligned) -> _Few:
    step = max(1, t.x.size // PER_TENSOR) | 1  # odd: every column must be met
    taken = [np.asarray(v)[::step] for v in (t.x, *t.parents) if v is not None]
    bits = tuple(_bits(v, dtype or "") for v, dtype in zip(taken, t.dtypes, strict=True))
    values = np.stack(taken).astype(np.float64)
    return _Few(values, np.frexp(values)[1], bits)


def _bits(values: npt.NDArray[np.floating], dtype: str) -> int:
    """Significant bits of a format, or of a shorter one that the numbers were rounded to before."""
    for shorter in ("BF16", "F16"):
        if np.count_nonzero(to_dtype(values, shorter) != values) <= values.size // 200:
            return BITS[shorter]
    return BITS.get(dtype, BITS["BF16"])


def _one_multiple(y: Array, d: Array) -> float:
    """The largest share of ``y`` that one multiple of ``d``, not a tiny one, comes near enough to."""
    one, other = (y - 1) / d, (y + 1) / d
    low, high = np.minimum(one, other), np.maximum(one, other)
    large = np.minimum(np.abs(low), np.abs(high)) >= LEAST_MULTIPLE
    return sweep(low[large], high[large])[3] * float(np.mean(large))
