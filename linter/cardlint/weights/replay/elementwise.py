"""Recipes that decide element by element, without chance: SCE, nearswap, RAM.

As mergekit 0.1.5 computes them (``sce.py``, ``nearswap.py``, ``ram.py``); SCE is Wan et al. 2024
("FuseChat-3.0"), RAM is arXiv 2601.13572. Each formula is written once, with the rounding of the
working dtype as an argument.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from cardlint.findings import Json
from cardlint.weights.align import Aligned
from cardlint.weights.replay.explanation import (
    SINGLE,
    Arithmetic,
    Explanation,
    Floats,
    Problem,
    Round,
    Single,
    arithmetics,
    exact,
    replay,
    roundest,
    subset,
)
from cardlint.weights.rounding import cell

WORTH = 0.35
"""Bit-identical share on one small tensor, in float32, from which a recipe is looked at."""
ENOUGH = 0.9
"""Bit-identical share on a few tensors from which a recipe is counted on all."""


def deltas(parts: Sequence[Single], base: Single, r: Round) -> list[Single]:
    """Differences from the base."""
    return [r(p - base) for p in parts]


def sce(parts: Sequence[Single], base: Single, theta: float, r: Round) -> Single:
    """Select by variance (share ``theta``), weigh by energy, erase minority signs."""
    d = deltas(parts, base, r)
    if theta < 1:
        variance = r(np.var(np.stack(d), axis=0))
        keep = int(np.count_nonzero(variance) * theta)
        mask = np.zeros(variance.shape, np.bool_)
        if keep:
            mask[np.argpartition(-variance, keep - 1)[:keep]] = True
        d = [np.where(mask, x, np.float32(0)) for x in d]
    total = r(np.sum(np.stack(d), axis=0, dtype=np.float32))
    majority = np.where(total >= 0, 1, -1)
    energy = r(np.array([r(x * x).mean(dtype=np.float64) for x in d], np.float32))
    whole = float(r(np.array([energy.sum()], np.float32))[0])
    small = abs(whole) < 1e-6
    weight = np.full(len(d), 1 / len(d), np.float32) if small else energy / np.float32(whole)
    weight = r(weight)
    kept = [(np.sign(x) == majority) * w for x, w in zip(d, weight, strict=True)]
    merged = r(np.sum([r(x * w) for x, w in zip(d, kept, strict=True)], axis=0, dtype=np.float32))
    divisor = r(np.sum(kept, axis=0, dtype=np.float32))
    return base + r(merged / np.maximum(divisor, np.float32(1e-6)))


def nearswap(parts: Sequence[Single], base: Single, theta: float, r: Round) -> Single:
    """Move the base towards the other model by at most ``theta``."""
    other = parts[0]
    gap = np.maximum(np.abs(r(base - other)), np.float32(1e-6))
    # torch divides a number by a tensor as number × reciprocal.
    weight = np.clip(r(r(1 / gap) * np.float32(theta)), 0, 1).astype(np.float32)
    return r(weight * other) + r(r(1 - weight) * base)


def ram(parts: Sequence[Single], base: Single, theta: float, r: Round) -> Single:
    """Average what several models changed, take whole what one changed (times ``theta``)."""
    return base + r(_ram(parts, base, [theta] * len(parts), r, r))


def ramplus(parts: Sequence[Single], base: Single, theta: float, r: Round) -> Single:
    """RAM with what one model changed scaled up by its overlap: λ = 1 + θ·min(ρ, 0.2).

    λ is a float32 tensor, so that what follows is float32 whatever the working dtype.
    """
    d = deltas(parts, base, r)
    changed = [np.abs(x) > 1e-5 for x in d]
    count = np.sum(changed, axis=0)
    scale = []
    for mine in changed:
        shared = int(np.count_nonzero(mine & (count > 1)))
        unique = int(np.count_nonzero(mine & (count == 1)))
        scale.append(1 + theta * min(max(shared / max(unique, 1e-5), 0.0), 0.2))
    return base + _ram(parts, base, scale, r, exact)


def _ram(
    parts: Sequence[Single], base: Single, scale: Sequence[float], r: Round, last: Round
) -> Single:
    """The merged difference; ``last`` rounds what is scaled."""
    d = deltas(parts, base, r)
    changed = [np.abs(x) > 1e-5 for x in d]
    count = np.sum(changed, axis=0)
    total = np.zeros(base.shape, np.float32)
    for x, mine, s in zip(d, changed, scale, strict=True):
        alone = mine & (count == 1)
        total += np.where(alone, last(x * np.float32(s)), np.float32(0))
        total += np.where(mine & (count > 1), r(x / np.maximum(count, 1)), np.float32(0))
    return total


Formula = Callable[[Sequence[Single], Single, float, Round], Single]


@dataclass(frozen=True, slots=True)
class Trial:
    """One formula with parents in their places and its parameter."""

    method: str
    formula: Formula
    base: int
    members: tuple[int, ...]
    name: str
    """Of the parameter."""

    def at(self, t: Aligned, theta: float, r: Round) -> Floats | None:
        """What the recipe gives for one tensor."""
        base = t.parents[self.base]
        parts = [p for i in self.members if (p := t.parents[i]) is not None]
        if base is None or len(parts) < len(self.members) or not t.whole:
            return None
        flat = [np.asarray(p, np.float32) for p in parts]
        return self.formula(flat, np.asarray(base, np.float32), theta, r)

    def guesses(self, few: Sequence[Aligned]) -> list[float]:
        """Values of the parameter worth trying."""
        if self.method == "sce":
            share = _changed(few, self.base, self.members)
            near = [roundest(share - w, share + w) for w in (0.01, 0.03, 0.06)]
            return [1.0, *dict.fromkeys(x for x in near if 0 < x < 1)]
        if self.method == "nearswap":
            step = _step(few, self.base, self.members[0])
            return list(dict.fromkeys(roundest(step * (1 - w), step * (1 + w)) for w in WIDTHS))
        return [0.1] if self.method == "ramplus_tl" else [1.0]


WIDTHS = (0.3, 0.15, 0.05, 0.02, 0.005)


def _changed(few: Sequence[Aligned], base: int, members: Sequence[int]) -> float:
    """Share of the elements that differ from the base, among those where a member does."""
    changed = total = 0
    for t in few:
        q = np.asarray(t.parents[base])
        moved = np.any([np.asarray(t.parents[i]) != q for i in members], axis=0)
        changed += int(np.count_nonzero(moved & (t.x != q)))
        total += int(np.count_nonzero(moved))
    return changed / total if total else 0.0


def _step(few: Sequence[Aligned], base: int, other: int) -> float:
    """By how much most elements were moved, where the models are far apart."""
    moves = []
    for t in few:
        q, p = (np.asarray(t.parents[i], np.float64) for i in (base, other))
        gap = np.abs(p - q)
        far = gap >= np.quantile(gap, 0.7)
        moves.append(np.abs(t.x - q)[far])
    return float(np.median(np.concatenate(moves))) if moves else 0.0


FINE = 0.1
"""Of the step, how wide a cell may be for a shorter step to be told from it."""
LEAST_ARRIVED = 100


def _arrives(trial: Trial, theta: float, few: Sequence[Aligned]) -> bool:
    """Whether elements less than a step from the other model are that model's.

    Steps of one size alone are no nearswap: the first steps of Adam have one size too, and on the
    same data the same direction. But they do not stop where the other model is.
    """
    near = arrived = 0
    for t in few:
        q, p = (np.asarray(t.parents[i], np.float64) for i in (trial.base, trial.members[0]))
        low, high = cell(t.x, t.dtypes[0] or "")
        gap = np.abs(p - q)
        short = (gap > 0) & (gap < (1 - 2 * FINE) * theta) & (high - low < FINE * theta)
        near += int(np.count_nonzero(short))
        arrived += int(np.count_nonzero(short & (t.x == p)))
    return near >= LEAST_ARRIVED and arrived >= 0.95 * near


def trials(k: int) -> Iterator[Trial]:
    """Every way to put ``k`` parents into the formulas."""
    for base in range(k):
        rest = [i for i in range(k) if i != base]
        for i in rest:
            yield Trial("nearswap", nearswap, base, (i,), "t")
        for n in range(2, len(rest) + 1):
            for members in combinations(rest, n):
                yield Trial("sce", sce, base, members, "select_topk")
                yield Trial("ram", ram, base, members, "scale")
                yield Trial("ramplus_tl", ramplus, base, members, "r")


def elementwise(problem: Problem) -> Explanation | None:
    """The recipe of this family that gives the weights, or ``None``."""
    few = [t for t in subset(problem.tensors) if t.whole and len(t.shape) > 1][:4]
    if not few:
        return None
    first = [min(few, key=lambda t: t.x.size)]
    best: tuple[float, Trial | None, float, Arithmetic] = (0.0, None, 0.0, SINGLE)
    for trial in trials(len(problem.names)):
        for theta in trial.guesses(few):
            if theta <= 0 or replay(first, _recipe(trial, theta, exact))[0] < WORTH:
                continue
            for way in arithmetics(problem.tensors):
                share = replay(few, _recipe(trial, theta, way.round))[0]
                if share > best[0] + 1e-4:
                    best = (share, trial, theta, way)
    share, found, theta, way = best
    if found is None or share < ENOUGH:
        return None
    if found.method == "nearswap" and not _arrives(found, theta, few):
        return None
    whole = [t for t in problem.tensors if t.whole]
    share, by_tensor = replay(whole, _recipe(found, theta, way.round))
    parameters: dict[str, Json] = {
        "base": problem.names[found.base],
        "parents": [problem.names[i] for i in found.members],
    }
    if found.method != "ram":
        parameters[found.name] = theta
    return Explanation(
        method=found.method,
        coefficients={},
        consistency=share,
        chance=0.0,
        arithmetic=way.name,
        parameters=parameters,
        replay=share,
        not_followed=tuple(n for n, s in by_tensor.items() if s < 0.5),
        per_tensor={n: (None, s) for n, s in by_tensor.items()},
    )


def _recipe(trial: Trial, theta: float, r: Round) -> Callable[[Aligned], Floats | None]:
    def recipe(t: Aligned) -> Floats | None:
        return trial.at(t, theta, r)

    return recipe
