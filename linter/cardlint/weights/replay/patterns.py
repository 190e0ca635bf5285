"""Which parents each element of a merge took: the patterns that are read off the weights.

Every element of a merge that keeps or drops elements is the base plus the differences of *some*
parents, with fixed coefficients. Which parents those are is its *pattern*.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import numpy.typing as npt

from cardlint.weights import mixture
from cardlint.weights.align import Aligned
from cardlint.weights.replay.explanation import Array
from cardlint.weights.rounding import cell

CLEAR = 4.0
"""Tolerances by which a contribution must stand out to be told from none."""
EXPLAINED = 0.96
"""Share of the elements that patterns must explain."""
LEAST_REST = 0.02
OFTEN = 0.25
"""Of the commonest pattern, from which elements that took nothing are taken for the commonest."""

Masks = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Field:
    """The elements looked at, as differences from one base."""

    y: Array
    """``(n,)`` R − Q."""
    low: Array
    high: Array
    """``(n,)`` cells, relative to Q, widened by what bfloat16 arithmetic may lose."""
    d: Array
    """``(n, m)`` Pᵢ − Q."""
    rank: Array
    """``(n, m)`` rank of |dᵢ| in its tensor, 0 to 1."""
    row_rank: Array
    """``(n, m)`` rank of |dᵢ| in its row."""
    tensor: Array
    """``(n,)`` number of the tensor that an element is of."""
    row: Array
    """``(n,)`` number of the row, in its tensor."""
    noise: Array
    """``(n,)`` by how much the cells were widened, on each side."""

    @property
    def tolerance(self) -> Array:
        """Half the widened cells."""
        return (self.high - self.low) / 2

    def scaled(self, single: Array) -> Field:
        """The same for coefficients above one: what arithmetic loses grows with them."""
        size = np.abs(self.d)
        more = (size * np.maximum(np.abs(single), 1)).max(axis=1) / size.max(axis=1) - 1
        if not more.any():
            return self
        more = more * self.noise
        tolerance = self.tolerance + more
        take = np.flatnonzero(size.min(axis=1) >= CLEAR * tolerance)
        return Field(
            self.y[take], (self.low - more)[take], (self.high + more)[take], self.d[take],
            self.rank[take], self.row_rank[take], self.tensor[take], self.row[take],
            (self.noise + more)[take],
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Patterns:
    """Which coefficients each subset of parents has, and which elements follow which."""

    field: Field
    base: int
    members: tuple[int, ...]
    table: Mapping[tuple[int, ...], Array]
    """Subset (indices into ``members``) → ``(m,)`` coefficients."""
    which: npt.NDArray[np.int64]
    """``(n,)`` the subset's place in ``table``; −1: none, or not clear which."""
    explained: float
    rest: float
    """Share explained of the elements outside the commonest pattern."""
    chance: float
    single: Array
    """``(m,)`` coefficient of each parent where it stands alone."""
    shared: float | None
    """First parent's part of a pair where pairs are averaged; ``None`` where they are added."""


def _field(
    tensors: Sequence[Aligned], base: int, members: Sequence[int], least: int
) -> Field | None:
    """The elements at which every parent's difference stands out."""
    parts: list[tuple[Array, ...]] = []
    for number, t in enumerate(tensors):
        q = np.asarray(t.parents[base], np.float64)
        d = np.stack([np.asarray(t.parents[i], np.float64) - q for i in members], axis=1)
        low, high = cell(t.x, t.dtypes[0] or "")
        size = np.abs(d)
        noise = size.max(axis=1) * (1.5 * 2.0**-8 if "BF16" in t.dtypes else 2.0**-18)
        rank = np.argsort(np.argsort(size, axis=0), axis=0) / len(size)
        rows = size.reshape(*t.shape, -1)
        in_row = np.argsort(np.argsort(rows, axis=1), axis=1) / t.shape[1]
        tolerance = (high - low) / 2 + noise
        clear = size.min(axis=1) >= CLEAR * tolerance
        take = np.flatnonzero(clear)
        fields = (
            t.x - q, low - q - noise, high - q + noise, d, rank, in_row.reshape(d.shape),
            np.full(t.x.size, float(number)), np.arange(t.x.size, dtype=np.float64) // t.shape[1],
            noise,
        )  # fmt: skip
        parts.append(tuple(f[take] for f in fields))
    joined = [np.concatenate(column) for column in zip(*parts, strict=True)]
    return Field(*joined) if len(joined[0]) >= least else None


def _inside(f: Field, c: Array) -> Masks:
    """Which elements a subset with coefficients ``c`` explains."""
    y = f.d @ c
    return (y >= f.low) & (y <= f.high)


def read(
    tensors: Sequence[Aligned], base: int, members: tuple[int, ...], least: int = 1000
) -> Patterns | None:
    """The patterns over one base, added or averaged; ``None`` where there are too few elements.

    Args:
        tensors: whole matrices.
        base: which parent the differences are from.
        members: the others.
        least: elements at which all differences stand out that there must be.
    """
    f = _field(tensors, base, members, least)
    if f is None:
        return None
    m = len(members)
    zero = (f.low <= 0) & (f.high >= 0)
    single = np.zeros(m)
    for i in range(m):
        value, share = _alone(f, i, zero)
        if share < 0.01:
            return None
        single[i] = value
    f = f.scaled(single)
    zero = (f.low <= 0) & (f.high >= 0)
    if len(f.y) < least:
        return None
    options = [_best(_by_tensor(f, single, zero), base, members, single, zero)]
    if m > 1 and options[0].explained < EXPLAINED:
        # Where most elements took every parent, the one beside a much larger one is never seen
        # alone: take the coefficients of all of them together.
        joint = mixture.fit(f.d[~zero], f.low[~zero], f.high[~zero]).value
        if np.all(np.abs(joint) > 1e-3):
            options.append(_best(f, base, members, joint, zero))
    return max(options, key=lambda o: o.explained)


def _best(f: Field, base: int, members: tuple[int, ...], single: Array, zero: Masks) -> Patterns:
    """Pairs added or averaged, whichever explains more."""
    shares = [None, *_shares(f, single, zero)] if len(members) > 1 else [None]
    found = [_assign(f, base, members, single, shared) for shared in shares]
    return max(found, key=lambda o: o.explained)


def _alone(f: Field, i: int, zero: Masks) -> tuple[float, float]:
    """The coefficient that a parent has where no other contributes, and its share of elements."""
    left = ~zero
    d = f.d[left, i]
    a, b = f.low[left] / d, f.high[left] / d
    value, _, _, share = mixture.sweep(np.minimum(a, b), np.maximum(a, b))
    return value, share * float(np.mean(left))


def _by_tensor(f: Field, single: Array, zero: Masks) -> Field:
    """The differences rescaled tensor by tensor: DARE and DELLA restore each tensor's L1 norm."""
    d = f.d.copy()
    for number in np.unique(f.tensor):
        mine = (f.tensor == number) & ~zero
        for i, c in enumerate(single):
            near = f.low[mine] / f.d[mine, i] / c, f.high[mine] / f.d[mine, i] / c
            a, b = np.minimum(*near), np.maximum(*near)
            close = (a < 1.06) & (b > 0.94)
            if int(close.sum()) < 30:
                continue
            value, _, _, _ = mixture.sweep(a[close], b[close])
            d[f.tensor == number, i] *= value
    return replace(f, d=d)


def _shares(f: Field, single: Array, zero: Masks) -> list[float]:
    """Parts of the first parent in pairs that are averaged (one for each kind of pair tried)."""
    alone = np.any(
        [_inside(f, single * (np.arange(len(single)) == i)) for i in range(len(single))], axis=0
    )
    left = ~zero & ~alone
    if int(left.sum()) < 200:
        return []
    d = f.d[left] * single
    q = d[:, 1]
    x = d[:, 0] - q
    with np.errstate(divide="ignore", invalid="ignore"):
        a, b = (f.low[left] - q) / x, (f.high[left] - q) / x
    good = np.isfinite(a) & np.isfinite(b) & (np.abs(x) > f.tolerance[left])
    if int(good.sum()) < 100:
        return []
    value, *_ = mixture.sweep(np.minimum(a, b)[good], np.maximum(a, b)[good])
    return [value] if 0.02 < value < 0.98 else []


def weights_of(f: Field, single: Array, shared: float, zero: Masks) -> Array:
    """Weights of all parents (summing to one) from the averaged pairs with the second parent."""
    m = len(single)
    w = np.ones(m)
    w[0], w[1] = shared, 1 - shared
    for i in range(2, m):
        pair = replace(f, d=f.d[:, [0, i]])
        found = _shares(pair, single[[0, i]], zero)
        part = found[0] if found else 0.5
        w[i] = w[0] * (1 - part) / part
    out: Array = w / w.sum()
    return out


def _table(
    f: Field, single: Array, shared: float | None, zero: Masks
) -> dict[tuple[int, ...], Array]:
    """The coefficients of every subset: added, or averaged by weights."""
    m = len(single)
    weights = weights_of(f, single, shared, zero) if shared is not None else np.ones(m)
    table: dict[tuple[int, ...], Array] = {(): np.zeros(m)}
    for n in range(1, m + 1):
        for s in combinations(range(m), n):
            c = np.zeros(m)
            part = weights[list(s)]
            c[list(s)] = single[list(s)] * (part / part.sum() if shared is not None else 1.0)
            table[s] = c
    return table


def _assign(
    f: Field, base: int, members: tuple[int, ...], single: Array, shared: float | None
) -> Patterns:
    zero = (f.low <= 0) & (f.high >= 0)
    table = _table(f, single, shared, zero)
    inside = np.stack([_inside(f, c) for c in table.values()], axis=1)
    hits = inside.sum(axis=1)
    which = np.where(hits == 1, inside.argmax(axis=1), -1)
    explained = hits > 0
    counts = np.bincount(which[which >= 0], minlength=len(table))
    # What was dropped stays in place however differences are shuffled: where it is much, chance is
    # measured on the others.
    common = 0 if counts[0] >= OFTEN * counts.max() else int(np.argmax(counts))
    outside = ~inside[:, common]
    enough = outside.mean() >= LEAST_REST and int(outside.sum()) >= 200
    rng = np.random.default_rng(0)
    order = rng.permutation(len(f.y))
    shuffled = replace(f, d=f.d[order])
    chance = np.any([_inside(shuffled, c) for c in table.values()], axis=0)
    return Patterns(
        field=f,
        base=base,
        members=members,
        table=table,
        which=which,
        explained=float(explained.mean()),
        rest=float(explained[outside].mean()) if enough else 0.0,
        chance=float(chance[outside].mean()) if enough else 1.0,
        single=single,
        shared=shared,
    )
