"""Recipes with one coefficient for each parent: linear and task arithmetic.

mergekit ≥ 0.1.5 sums in float32 and rounds once; 0.1.4 multiplies and adds in bfloat16; task
arithmetic subtracts the base, weights and adds in the working dtype (mergekit, ``linear.py``,
``generalized_task_arithmetic.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import permutations

import numpy as np

from cardlint.weights import mixture
from cardlint.weights.align import Aligned
from cardlint.weights.evidence import Interval
from cardlint.weights.replay.explanation import (
    FLOAT32,
    PROOF,
    SINGLE,
    Arithmetic,
    Array,
    Explanation,
    Floats,
    Problem,
    Recipe,
    arithmetics,
    replay,
)
from cardlint.weights.samples import Sample, join

CONSISTENT = 0.99
"""A pure merge in float32 reaches 0.9995 to 1.0 at every distance; in fewer bits it is found by its
replay. Training of 1 % of the parents' difference brings it down to 0.97 where they are 1 % apart."""
CLEAN = 0.9995
"""Consistency below which other arithmetic may do better, where parents are near each other."""
WORTH_A_REPLAY = 0.35
"""Consistency from which arithmetic in fewer bits may be what keeps it from one."""
SEARCH = 150_000
"""Elements on which parameters are searched before all are counted."""


def blend(weights: Sequence[float], order: Sequence[int] | None = None) -> Recipe:
    """Σ wᵢ Pᵢ in float32, each product added with one rounding.

    torch's ``addcmul`` uses fused multiply-add. Where parents lie on a coarse grid (norms) sums are
    often exactly halfway between two stored numbers, and one rounding more decides otherwise.
    """
    w = [np.float64(np.float32(x)) for x in weights]

    def recipe(t: Aligned) -> Floats:
        total = np.zeros(t.x.shape, np.float32)
        for i in order or range(len(w)):
            p = t.parents[i]
            if p is not None and w[i]:
                total = (w[i] * p + total).astype(np.float32)
        return total

    return recipe


def blend_short(weights: Sequence[float], short: Arithmetic) -> Recipe:
    """Products, sum and division by the sum of weights, each rounded to the working dtype."""
    r = short.round
    w = r(np.array(weights, np.float32))
    divisor = r(np.float32(w.sum()).reshape(1))[0]

    def recipe(t: Aligned) -> Floats:
        total = np.zeros(t.x.shape, np.float32)
        for weight, p in zip(w, t.parents, strict=True):
            if p is not None and weight:
                total += r(weight * p.astype(np.float32, copy=False))
        return r(r(total) / divisor)

    return recipe


def deltas_short(
    base: int, weights: Sequence[float], short: Arithmetic, scale: float = 1.0
) -> Recipe:
    """Base + λ Σ wᵢ (Pᵢ − base), each step rounded; ``weights[base]`` is not used."""
    r = short.round
    w = r(np.array(weights, np.float32))
    factor = np.float32(scale)

    def recipe(t: Aligned) -> Floats | None:
        q = t.parents[base]
        if q is None:
            return None
        total = np.zeros(t.x.shape, np.float32)
        for i, p in enumerate(t.parents):
            if i != base and p is not None and w[i]:
                total += r(w[i] * r(p - q))
        total = r(total)
        if scale != 1:
            total = r(factor * total)
        return q + total

    return recipe


def linear(problem: Problem) -> Explanation | None:
    """One coefficient for each parent, summing to one; in float32 or in bfloat16."""
    samples = [s.informative() for s in problem.samples]
    x, p, low, high = join(samples)
    if len(x) < 200:
        return None
    q = p[:, -1]
    design = p[:, :-1] - q[:, None]
    fit = mixture.fit(design, low - q, high - q)
    chance = mixture.chance(design, low - q, high - q)
    if fit.consistency < WORTH_A_REPLAY or fit.consistency < chance + 0.15:
        return None
    found = Explanation(
        method="linear",
        coefficients=_closed(fit.value, fit.low, fit.high),
        consistency=fit.consistency,
        chance=chance,
        per_tensor=_by_tensor(problem.samples, [*fit.value, 1 - fit.value.sum()]),
    )
    if fit.consistency >= CONSISTENT:
        single = _also(problem, _in_float32(problem, found))
        if fit.consistency >= CLEAN:
            return single
        short = in_short(problem, found)
        better = short is not None and (short.replay or 0.0) > (single.replay or 0.0)
        return short if better else single
    return in_short(problem, found)


def _order(problem: Problem, weights: Sequence[float]) -> tuple[int, ...]:
    """The order of adding that gives most elements: it decides where sums lie halfway."""
    used = [i for i, w in enumerate(weights) if w]
    if not 2 <= len(used) <= MOST_ORDERED:
        return tuple(range(len(weights)))
    vectors = [t for t in problem.tensors if len(t.shape) == 1]
    few = [*subset(problem.tensors)[:2], *vectors]
    return max(permutations(used), key=lambda order: replay(few, blend(weights, order))[0])


MOST_ORDERED = 4
"""Parents whose orders are all tried."""


def _in_float32(problem: Problem, found: Explanation) -> Explanation:
    """The replay, with the roundest weights inside the intervals if they do no worse."""
    weights = [found.coefficients[i].value for i in range(len(problem.names))]
    order = _order(problem, weights)
    exact = replace(found, arithmetic=FLOAT32, method=_name(weights)).replayed(
        problem, blend(weights, order)
    )
    free = [found.coefficients[i] for i in range(len(problem.names) - 1)]
    if any(c.high - c.low > 0.01 for c in free):
        return exact
    best = exact
    for written in (
        [round(c.value, 4) + 0.0 for c in free],  # adding zero: no negative one
        [0.0 if c.low <= 0 <= c.high else roundest(c.low, c.high) for c in free],
    ):
        trial = _with_weights(problem, exact, [*written, round(1 - sum(written), 9) + 0.0])
        if (trial.replay or 0) >= (best.replay or 0) - (1e-4 if best is exact else 0):
            best = trial
    return best


def _with_weights(problem: Problem, found: Explanation, weights: Sequence[float]) -> Explanation:
    """The same with weights as people write them; the intervals reach to them."""
    ends = found.coefficients.values()
    coefficients = {
        i: Interval(w, min(w, c.low), max(w, c.high))
        for i, (w, c) in enumerate(zip(weights, ends, strict=True))
    }
    order = _order(problem, weights)
    trial = replace(found, coefficients=coefficients, method=_name(weights))
    return trial.replayed(problem, blend(weights, order))


LERP = 0.9995
"""|cos| of two tensors above which SLERP becomes this (mergekit, ``slerp.py``)."""


def _also(problem: Problem, found: Explanation) -> Explanation:
    """Say where SLERP of the two parents would give the same numbers."""
    used = [i for i, c in found.coefficients.items() if abs(c.value) > 1e-6]
    if len(used) != 2 or found.arithmetic != FLOAT32:
        return found
    for s in problem.samples:
        a, b = s.p[:, used[0]], s.p[:, used[1]]
        length = float(np.sqrt((a @ a) * (b @ b)))
        if length > 0 and abs(float(a @ b)) < LERP * length:
            return found
    same = {"same_as": f"slerp with t = {found.coefficients[used[1]].value:.4g}"}
    return replace(found, parameters={**found.parameters, **same})


def by_tensor(problem: Problem) -> Explanation | None:
    """Coefficients of its own in every tensor: weights that change with depth or component."""
    values: dict[str, Array] = {}
    inside = total = 0.0
    chances: list[float] = []
    for s in problem.samples:
        i = s.informative()
        if len(i.x) < LEAST_IN_TENSOR:
            continue
        q = i.p[:, -1]
        design = (i.p[:, :-1] - q[:, None])[:MOST_IN_TENSOR]
        low, high = (i.low - q)[:MOST_IN_TENSOR], (i.high - q)[:MOST_IN_TENSOR]
        fit = mixture.fit(design, low, high)
        inside, total = inside + fit.consistency * len(low), total + len(low)
        if inside < GLANCE * total:
            return None
        chances.append(mixture.chance(design, low, high))
        values[s.tensor.canonical] = np.append(fit.value, 1 - fit.value.sum())
    if len(values) < 2 or inside < CONSISTENT * total:
        return None
    table = np.array(list(values.values()))
    if min(np.ptp(table[:, i]) for i in range(table.shape[1])) < 1e-3 and len(table[0]) == 2:
        return None

    def recipe(t: Aligned) -> Floats | None:
        weights = values.get(t.canonical)
        return None if weights is None else blend(list(weights))(t)

    ends = zip(np.median(table, axis=0), table.min(axis=0), table.max(axis=0), strict=True)
    found = Explanation(
        method="linear",
        coefficients={i: Interval(*map(float, e)) for i, e in enumerate(ends)},
        consistency=inside / total,
        chance=float(np.mean(chances)),
        arithmetic=FLOAT32,
        parameters={"weights": "differ by tensor; value is the median, low and high the range"},
        per_tensor={n: (float(v[0]), 1.0) for n, v in values.items()},
    )
    return found.replayed(problem, recipe)


LEAST_IN_TENSOR = 100
MOST_IN_TENSOR = 8192
"""Informative elements of one tensor."""
GLANCE = 0.9
"""Consistency that the tensors so far must have for the others to be looked at."""


def unnormalized(problem: Problem) -> Explanation | None:
    """One coefficient for each parent that need not sum to one."""
    x, p, low, high = join([s.informative() for s in problem.samples])
    if len(x) < 200:
        return None
    last = p.shape[1] - 1
    design = np.column_stack([p[:, :-1] - p[:, -1:], p[:, -1]])
    fit = mixture.fit(design, low, high)
    if fit.consistency < CONSISTENT:
        return None
    chance = mixture.chance(design, low, high)
    value, lower, upper = fit.value.copy(), fit.low.copy(), fit.high.copy()
    value[last] -= value[:last].sum()
    lower[last] = value[last] - (fit.value[last] - fit.low[last])
    upper[last] = value[last] + (fit.high[last] - fit.value[last])
    ends = zip(value, lower, upper, strict=True)
    found = Explanation(
        method="linear",
        coefficients={
            i: Interval(float(v), float(a), float(c)) for i, (v, a, c) in enumerate(ends)
        },
        consistency=fit.consistency,
        chance=chance,
        arithmetic=FLOAT32,
        parameters={"normalize": False},
        per_tensor=_by_tensor(problem.samples, list(value)),
    )
    exact = found.replayed(problem, blend(list(value)))
    written = {
        i: Interval(roundest(c.low, c.high) if c.high - c.low < 0.01 else c.value, c.low, c.high)
        for i, c in found.coefficients.items()
    }
    rounder = replace(found, coefficients=written).replayed(
        problem, blend([c.value for c in written.values()])
    )
    return rounder if (rounder.replay or 0) >= (exact.replay or 0) - 1e-4 else exact


def in_short(problem: Problem, rough: Explanation) -> Explanation | None:
    """The same coefficients in the arithmetic of the stored dtype, searched among its numbers."""
    short = arithmetics(problem.tensors)[0]
    if short is SINGLE:
        return None
    k = len(problem.names)
    start = np.array([rough.coefficients[i].value for i in range(k)])
    few = subset(problem.tensors)
    best: tuple[float, Array, int, float] = (0.0, start, -1, 1.0)

    def made(w: Array, base: int, scale: float) -> Recipe:
        if base < 0:
            return blend_short(list(w), short)
        return deltas_short(base, list(w), short, scale)

    for base, scale in [(-1, 1.0), *((q, 1.0) for q in range(k)), *_scales(k)]:
        if scale != 1 and (best[0] >= PROOF or best[0] < WORTH_A_REPLAY):
            break
        free = [i for i in range(k) if i != base]

        def make(w: Array, base: int = base, scale: float = scale) -> Recipe:
            return made(w, base, scale)

        share, w = climb(few, make, start / scale if base >= 0 else start, free, short)
        if share > best[0]:
            best = (share, w, base, scale)
    share, w, base, scale = best
    if share < PROOF:
        return None
    found = replace(
        rough,
        method="linear" if base < 0 else "task_arithmetic",
        coefficients=_from_short(w, base, scale, short),
        arithmetic=short.name,
        parameters={"lambda": scale} if scale != 1 else {},
    ).replayed(problem, made(w, base, scale))
    # The search has seen the smaller tensors only: training of the others must not be overlooked.
    return replace(found, consistency=found.replay or 0.0)


def _scales(k: int) -> Iterator[tuple[int, float]]:
    """Values of λ that people write, tried only when λ = 1 does not do."""
    for q in range(k):
        for scale in (0.5, 0.6, 0.7, 0.8, 0.9, 1.1, 1.2, 1.3, 1.5, 2.0):
            yield q, scale


def subset(tensors: Sequence[Aligned]) -> list[Aligned]:
    """Whole tensors that together have about :data:`SEARCH` elements, spread over the model."""
    step = max(1, len(tensors) // 16)
    chosen: list[Aligned] = []
    total = 0
    for t in tensors[::step]:
        if total + t.x.size <= SEARCH or not chosen:
            chosen.append(t)
            total += t.x.size
    return chosen


def climb(
    tensors: Sequence[Aligned],
    make: Callable[[Array], Recipe],
    start: Array,
    free: Sequence[int],
    short: Arithmetic,
) -> tuple[float, Array]:
    """The weights of that arithmetic near ``start`` with the largest bit-identical share."""
    at = short.round(start.astype(np.float32)).astype(np.float64)
    best = replay(tensors, make(at))[0]
    for _ in range(3):
        before = best
        for i in free:
            step = 2.0 ** (np.floor(np.log2(max(abs(at[i]), 1e-6))) - short.bits)
            for move in (-4, -2, -1, 1, 2, 4):
                trial = at.copy()
                trial[i] += move * step
                share = replay(tensors, make(trial))[0]
                if share > best:
                    best, at = share, trial
        if best == before or best < 0.05:
            break
    return best, at


def roundest(low: float, high: float) -> float:
    """The number with the fewest decimals between two ends: people write 0.7, not 0.69921875."""
    for digits in range(1, 8):
        unit = 10.0**-digits
        value = np.ceil(low / unit - 1e-9) * unit
        if value <= high + 1e-12:
            return round(float(value), digits)
    return (low + high) / 2


def _from_short(w: Array, base: int, scale: float, short: Arithmetic) -> dict[int, Interval]:
    """All decimals that round to the weights found; the roundest of them as the value."""
    out: dict[int, Interval] = {}
    for i, x in enumerate(w):
        if i == base:
            continue
        half = 2.0 ** (np.floor(np.log2(max(abs(x), 1e-30))) - short.bits - 1) if x else 0.0
        low, high = sorted(((x - half) * scale, (x + half) * scale))
        value = roundest((x - half), (x + half)) * scale if x else 0.0
        out[i] = Interval(value, low, high)
    if base >= 0:
        rest = 1 - sum(c.value for c in out.values())
        reach = sum(c.high - c.low for c in out.values()) / 2
        out[base] = Interval(rest, rest - reach, rest + reach)
    return dict(sorted(out.items()))


def _closed(value: Array, low: Array, high: Array) -> dict[int, Interval]:
    """Intervals of all parents; the last is one minus the others."""
    ends = zip(value, low, high, strict=True)
    out = {i: Interval(float(v), float(a), float(c)) for i, (v, a, c) in enumerate(ends)}
    rest = 1 - float(value.sum())
    reach = float(np.sum(np.maximum(high - value, value - low)))
    out[len(value)] = Interval(rest, rest - reach, rest + reach)
    return out


def _name(weights: Sequence[float]) -> str:
    """Weights outside 0 to 1 are differences added to a base, whatever they are called."""
    return "linear" if min(weights) > -1e-3 else "task_arithmetic"


def _by_tensor(
    samples: Sequence[Sample], weights: Sequence[float]
) -> dict[str, tuple[float | None, float]]:
    """Each tensor's own coefficient of the first parent, and its share inside the cells."""
    c = np.asarray(weights, np.float64)
    out: dict[str, tuple[float | None, float]] = {}
    for s in samples:
        i = s.informative()
        if not len(i.x):
            continue
        share = mixture.share_inside(i.p, i.low, i.high, c)
        out[s.tensor.canonical] = (own_alpha(i, c), share)
    return out


WIDE = 0.02
"""Interval of one tensor's own coefficient from which it says too little to be shown."""


def own_alpha(s: Sample, c: Array) -> float | None:
    """The first coefficient fitted in one tensor, the others in their global proportion."""
    if abs(1 - c[0]) < 1e-9 or len(s.x) < 8:
        return None
    others = s.p[:, 1:] @ (c[1:] / (c.sum() - c[0])) if abs(c.sum() - c[0]) > 1e-9 else s.p[:, -1]
    d = s.p[:, :1] - others[:, None]
    fit = mixture.fit(d, s.low - others, s.high - others)
    # Few or coarse elements (norms) leave a wide cell, and its middle is no estimate.
    return float(fit.value[0]) if fit.high[0] - fit.low[0] < WIDE else None
