"""Recipes that keep or drop each element of each difference: TIES, DARE, DELLA, breadcrumbs, fusion.

Every element of such a merge is the base plus the differences of *some* parents, with fixed
coefficients. Which parents an element took is its *pattern*. The patterns are read off the weights,
and what decides them names the method: the size of the difference (TIES, Yadav et al. 2023;
breadcrumbs, Davari and Belilovsky 2024), chance (DARE, Yu et al. 2024), chance that grows with the
rank in the row (DELLA, Deep et al. 2024), or a threshold in each row (Arcee fusion).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import numpy.typing as npt

from cardlint.findings import Json
from cardlint.weights import mixture
from cardlint.weights.align import Aligned
from cardlint.weights.evidence import Interval
from cardlint.weights.replay.explanation import Array, Explanation, Problem
from cardlint.weights.replay.linear import roundest
from cardlint.weights.rounding import cell

MAX_MEMBERS = 4
"""Parents besides the base: there are 2ᵏ patterns."""
ELEMENTS = 160_000
"""Elements that are looked at."""
CLEAR = 4.0
"""Tolerances by which a contribution must stand out to be told from none."""
WORTH = 0.7
"""Share explained in one small tensor from which more are looked at."""
EXPLAINED = 0.96
REST = 0.9
"""Share that must be explained of the elements outside the commonest pattern: a model that is nearly
a copy of one parent has one pattern and nothing else."""
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


def sparse(problem: Problem) -> Explanation | None:
    """The recipe of this family that explains the weights, or ``None``."""
    k = len(problem.names)
    few = _few(problem)
    if not few or k > MAX_MEMBERS + 1:
        return None
    first = [min(few, key=lambda t: t.x.size)]
    found: list[Patterns] = []
    for base in range(k):
        members = tuple(i for i in range(k) if i != base)
        glance = _patterns(first, base, members, least=200)
        if glance and glance.explained < WORTH:
            continue
        patterns = _patterns(few, base, members)
        if patterns:
            found.append(patterns)
    best = max((p.explained for p in found), default=0.0)
    # Of two models, each is the base as well as the other where elements are taken whole; what
    # decides which are taken tells. Only the best, so that a lesser fit is no way out.
    named = [
        e
        for p in found
        if p.explained >= max(best - 0.005, EXPLAINED)
        and p.rest >= max(REST, p.chance + 0.3)
        and (e := _explanation(problem, p))
    ]
    return min(named, key=lambda e: e.method != NAMES["rows", False], default=None)


def _few(problem: Problem) -> list[Aligned]:
    whole = [t for t in problem.tensors if t.whole and len(t.shape) == 2 and t.x.size >= 2048]
    step = max(1, len(whole) // 12)
    chosen: list[Aligned] = []
    for t in whole[::step]:
        if not chosen or sum(c.x.size for c in chosen) + t.x.size <= ELEMENTS:
            chosen.append(t)
    return chosen


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


def _patterns(
    tensors: Sequence[Aligned], base: int, members: tuple[int, ...], least: int = 1000
) -> Patterns | None:
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


def _weights(f: Field, single: Array, shared: float, zero: Masks) -> Array:
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
    weights = _weights(f, single, shared, zero) if shared is not None else np.ones(m)
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


@dataclass(frozen=True, slots=True)
class Keeping:
    """What decides whether an element of one parent is kept."""

    rule: str
    """``magnitude``, ``band`` (the largest are dropped too), ``random``, ``ramp``, ``rows``, or
    ``none`` of them."""
    density: float
    extra: float = 0.0
    """γ of a band, ε of a ramp."""


BINS = 40


def _keeping(p: Patterns, i: int) -> Keeping:
    """Read the rule from how often elements of each size are kept."""
    subsets = list(p.table)
    has = np.array([i in s for s in subsets])
    sure = p.which >= 0
    if len(p.members) > 1:  # where signs agree, no consensus erases anything
        signs = np.sign(p.field.d)
        sure &= np.all(signs == signs[:, :1], axis=1)
    kept = has[p.which[sure]]
    rank = p.field.rank[sure, i]
    if len(kept) < 200:
        return Keeping("random", float(kept.mean()) if len(kept) else 0.0)
    place = np.minimum((rank * BINS).astype(int), BINS - 1)
    count = np.bincount(place, minlength=BINS)
    curve = np.bincount(place, weights=kept, minlength=BINS) / np.maximum(count, 1)
    filled = np.flatnonzero(count >= 5)
    # A threshold: the rank above which most are kept, and how many break the rule.
    order = np.argsort(rank)
    sorted_kept = kept[order].astype(float)
    wrong = np.concatenate([[0], np.cumsum(sorted_kept)]) + (
        (1 - sorted_kept).sum() - np.concatenate([[0], np.cumsum(1 - sorted_kept)])
    )
    cut = int(np.argmin(wrong))
    miss = float(wrong[cut] / len(kept))
    threshold = float(rank[order][min(cut, len(kept) - 1)])
    density = float(kept.mean())
    top_kept = _largest_kept(rank, kept)
    body = curve[filled]
    if miss < 0.5 * min(density, 1 - density) and miss < 0.12:
        if top_kept < 0.5 * float(body[-6:-1].mean() if len(body) > 6 else 1.0):
            return _band(rank, kept, threshold)
        return Keeping("magnitude", 1 - threshold)
    if top_kept < 0.3 and density > 0.5:
        return _band(rank, kept, threshold)
    in_row = p.field.row_rank[sure, i]
    slope = float(np.polyfit(in_row, kept.astype(float), 1)[0])
    if abs(slope) > 0.1:
        # DELLA keeps with chance from density − ε, the smallest, to density + ε, the largest, and
        # all of them are chances: 0 < density − ε and density + ε < 1 (mergekit, ``sparsify.py``).
        possible = 0 < slope / 2 < min(density, 1 - density) + 0.01
        return Keeping("ramp" if possible else "none", density, slope / 2)
    return Keeping("random", density)


def _largest_kept(rank: Array, kept: Masks) -> float:
    """Share kept of the largest differences: the fewest of them that are enough to say it.

    Where models are near each other only small weights are looked at, and few are the largest.
    """
    for width in (0.004, 0.01, 0.02):
        top = rank >= 1 - width
        if int(np.count_nonzero(top)) >= 10:
            return float(kept[top].mean())
    return 1.0


def _band(rank: Array, kept: Masks, threshold: float) -> Keeping:
    """Lower and upper end of what is kept."""
    upper = float(np.quantile(rank[kept], 0.999)) if kept.any() else 1.0
    lower = float(np.quantile(rank[kept], 0.001)) if kept.any() else threshold
    return Keeping("band", upper - lower, max(0.0, 1 - upper))


def _consensus(p: Patterns) -> bool | None:
    """Whether parents of the minority sign are erased; ``None`` where it cannot be told."""
    if len(p.members) < 2:
        return None
    subsets = list(p.table)
    signs = np.sign(p.field.d * np.sign(p.single))
    opposed = (signs[:, 0] != signs[:, 1]) & (p.which >= 0)
    agreed = (signs[:, 0] == signs[:, 1]) & (p.which >= 0)
    both = np.array([0 in s and 1 in s for s in subsets])
    if int(opposed.sum()) < 100 or int(agreed.sum()) < 100:
        return None
    rate = [float(both[p.which[mask]].mean()) for mask in (opposed, agreed)]
    return rate[0] < 0.2 * rate[1]


NAMES = {
    ("magnitude", True): "ties",
    ("magnitude", False): "ties without sign consensus",
    ("band", True): "breadcrumbs_ties",
    ("band", False): "breadcrumbs",
    ("random", True): "dare_ties",
    ("random", False): "dare_linear",
    ("ramp", True): "della",
    ("ramp", False): "della_linear",
    ("rows", False): "arcee_fusion",
}


BY_CHANCE = ("random", "ramp")
LINKED = 0.3
"""Correlation of two parents' masks above which chance did not make both; DELLA's ramps, which follow
sizes that go together, reach 0.1."""


def _method(p: Patterns, rules: Sequence[str]) -> tuple[str, str] | None:
    """Rule and name of the method, or ``None`` where no method does all that was seen."""
    # One method made all masks; "random" is also what a mask is called that shows too little.
    weak = ("none", "random")
    rule = max(sorted(set(rules)), key=lambda r: (rules.count(r), r not in weak, r == "random"))
    consensus = _consensus(p)
    if rule == "none" or (rule in BY_CHANCE and not consensus and _linked(p) > LINKED):
        return None
    if p.shared is not None:
        # What stayed is averaged only where signs were elected; others divide by all weights.
        if consensus is False:
            return None
        consensus = True
    return rule, NAMES[rule, bool(consensus)]


def _linked(p: Patterns) -> float:
    """The largest correlation of two parents' masks where signs agree, 0 to 1."""
    subsets = list(p.table)
    signs = np.sign(p.field.d * np.sign(p.single))
    which = p.which[np.all(signs == signs[:, :1], axis=1) & (p.which >= 0)]
    has = np.array([[i in s for s in subsets] for i in range(len(p.members))], float)[:, which]
    made = [row for row in has if len(row) and row.std() > 0]
    return max((abs(float(np.corrcoef(a, b)[0, 1])) for a, b in combinations(made, 2)), default=0)


def _explanation(problem: Problem, p: Patterns) -> Explanation | None:
    keeping = [_keeping(p, i) for i in range(len(p.members))]
    if len(p.members) == 1:
        keeping = [_one_parent(p, keeping[0])]
    named = _method(p, [k.rule for k in keeping])
    if named is None:
        return None
    rule, method = named
    names = problem.names
    rescaled = rule in BY_CHANCE
    weights: dict[int, Interval] = {}
    parts = _weights(p.field, p.single, p.shared, p.which == 0) if p.shared is not None else None
    for j, i in enumerate(p.members):
        k = keeping[j]
        if parts is not None:
            value = float(parts[j])
        else:
            value = float(p.single[j]) * (_share_kept(p.field, j, k) if rescaled else 1.0)
        value = roundest(value - 6e-3, value + 6e-3)
        weights[i] = Interval(value, value - 1e-2, value + 1e-2)
    density: dict[str, Json] = {
        names[i]: roundest(k.density - 8e-3, k.density + 8e-3)
        for i, k in zip(p.members, keeping, strict=True)
    }
    parameters: dict[str, Json] = {"base": names[p.base], "density": density}
    if p.shared is not None:
        parameters["normalize"] = True
    extra = float(np.median([k.extra for k in keeping]))
    if rule == "band":
        parameters["gamma"] = roundest(extra - 3e-3, extra + 3e-3)
    if rule == "ramp":
        parameters["epsilon"] = roundest(extra - 1.5e-2, extra + 1.5e-2)
    return Explanation(
        method=method,
        coefficients=weights,
        consistency=p.explained,
        chance=p.chance,
        parameters=parameters,
    )


def _share_kept(f: Field, j: int, k: Keeping) -> float:
    """Of Σ|d|, how much is expected to be kept: what mergekit divides the rest by."""
    size = np.abs(f.d[:, j])
    ramp = k.extra * (2 * f.row_rank[:, j] - 1) if k.rule == "ramp" else 0.0
    return float((size * (k.density + ramp)).sum() / size.sum())


WHOLE = 0.02
"""Distance of a coefficient from 1 up to which it is 1."""
BROKEN = 0.003
"""Share of elements that a threshold may get wrong: none, but for numbers that are equal."""


def _one_parent(p: Patterns, seen: Keeping) -> Keeping:
    """One parent: fusion keeps by a threshold of its own in each row, and takes what it keeps whole.

    With one parent a mask is all the evidence there is, so the rule must be exact.
    """
    if abs(p.single[0] - 1) > WHOLE:
        return seen
    if _broken(p, p.field.row) <= BROKEN:
        return Keeping("rows", seen.density)
    if seen.rule == "magnitude" and _broken(p, np.zeros_like(p.field.row)) <= BROKEN:
        return seen
    # Taken whole by chance: a stage on the way between the two looks so as well.
    return Keeping("none", seen.density)


def _broken(p: Patterns, row: Array) -> float:
    """Share of the elements that the best threshold of each row of each tensor gets wrong."""
    sure = p.which >= 0
    kept = np.array([0 in s for s in p.table])[p.which[sure]]
    tensor, row = p.field.tensor[sure], row[sure]
    order = np.lexsort((np.abs(p.field.d[sure, 0]), row, tensor))
    changes = np.diff(tensor[order]).astype(bool) | np.diff(row[order]).astype(bool)
    wrong = 0.0
    for mine in np.split(kept[order].astype(float), np.flatnonzero(changes) + 1):
        # Below the cut nothing should be kept, above it everything.
        below = np.concatenate([[0], np.cumsum(mine)])
        above = (1 - mine).sum() - np.concatenate([[0], np.cumsum(1 - mine)])
        wrong += float((below + above).min())
    return wrong / max(len(kept), 1)
