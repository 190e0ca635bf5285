"""Linear and task arithmetic where every operation rounds to the working dtype.

mergekit 0.1.4 multiplies and adds in bfloat16; task arithmetic subtracts the base, weights and adds in
the working dtype in every version (``generalized_task_arithmetic.py``). The weights are searched among
the numbers of that dtype.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from cardlint.weights.align import Aligned
from cardlint.weights.evidence import Interval
from cardlint.weights.replay.explanation import (
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
    roundest,
    subset,
)

WORTH_A_REPLAY = 0.35
"""Consistency from which arithmetic in fewer bits may be what keeps it from one."""


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
