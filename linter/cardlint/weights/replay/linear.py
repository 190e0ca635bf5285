"""Recipes with one coefficient for each parent: linear and task arithmetic.

mergekit ≥ 0.1.5 sums in float32 and rounds once (mergekit, ``linear.py``); where every operation
rounds, :mod:`.short` replays it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import permutations

import numpy as np

from cardlint.weights import mixture
from cardlint.weights.align import Aligned
from cardlint.weights.evidence import Interval
from cardlint.weights.replay.explanation import (
    FLOAT32,
    Array,
    Explanation,
    Floats,
    Problem,
    Recipe,
    replay,
    roundest,
    subset,
)
from cardlint.weights.replay.short import WORTH_A_REPLAY, in_short
from cardlint.weights.samples import Sample, join

CONSISTENT = 0.99
"""A pure merge in float32 reaches 0.9995 to 1.0 at every distance; in fewer bits it is found by its
replay. Training of 1 % of the parents' difference brings it down to 0.97 where they are 1 % apart."""
CLEAN = 0.9995
"""Consistency below which other arithmetic may do better, where parents are near each other."""


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
