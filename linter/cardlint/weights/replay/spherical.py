"""Recipes whose coefficients differ by tensor because they follow angles and norms.

SLERP (Shoemake 1985), NuSLERP, multi-SLERP, the Karcher mean and model stock (Jang et al. 2024): the
formulas of :mod:`.angles` with parents in their places, their parameters fitted through cells.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from cardlint.findings import Json
from cardlint.weights import mixture
from cardlint.weights.align import Aligned
from cardlint.weights.evidence import Interval
from cardlint.weights.replay.angles import karcher, model_stock, multislerp, nuslerp, slerp
from cardlint.weights.replay.angles_by_row import model_stock_by_row, nuslerp_by_row
from cardlint.weights.replay.explanation import (
    FLOAT32,
    PROOF,
    SINGLE,
    Arithmetic,
    Array,
    Explanation,
    Floats,
    Problem,
    Round,
    Single,
    arithmetics,
    exact,
    replay,
    roundest,
)
from cardlint.weights.rounding import cell, to_dtype

CLOSE = 6.0
"""Half cells within which arithmetic of few bits may leave an element."""
FAR = 12.0
"""Cells between parents from which nearness to a recipe says something."""
MOST = 6
"""Formulas that are replayed on all tensors."""
ROWS = 8
Formula = Callable[[Sequence[Single], Array, Round], Single]


@dataclass(frozen=True, slots=True)
class Trial:
    """One formula with parents in their places."""

    method: str
    formula: Formula
    members: tuple[int, ...]
    base: int | None
    """Subtracted before and added after, where the formula works on differences."""
    free: int
    """Parameters to fit."""
    own: bool = False
    """Whether each tensor may have its own parameter (SLERP gradients)."""
    axis: int | None = None
    """Along which rows (−1) or columns (0) have an angle each; ``None``: the tensor has one."""

    def at(self, t: Aligned, theta: Array, r: Round) -> Single | None:
        """What the recipe gives for one tensor, before the last rounding."""
        if not t.whole:
            return None
        parts = [t.parents[i] for i in self.members]
        if any(p is None for p in parts):
            return None
        flat = [np.asarray(p, np.float32) for p in parts if p is not None]
        if self.base is None:
            return self._by_row(flat, theta, r, t.shape)
        q = np.asarray(t.parents[self.base], np.float32)
        return q + self._by_row([r(p - q) for p in flat], theta, r, t.shape)

    def _by_row(
        self, flat: Sequence[Single], theta: Array, r: Round, shape: tuple[int, ...]
    ) -> Single:
        """The formula, given rows where it works on rows; flat again."""
        if self.axis is None:
            return self.formula(flat, theta, r)
        rows = [np.swapaxes(v.reshape(shape), self.axis, -1) for v in flat]
        return np.swapaxes(self.formula(rows, theta, r), self.axis, -1).reshape(-1)


def trials(k: int) -> Iterator[Trial]:
    """Every way to put ``k`` parents into the formulas, fewest parameters first."""
    everyone = range(k)
    for q in everyone:
        rest = tuple(i for i in everyone if i != q)
        for n in range(2, len(rest) + 1):
            for members in combinations(rest, n):
                yield Trial("model_stock", model_stock, (q, *members), None, 0)
                yield Trial("model_stock", model_stock_by_row, (q, *members), None, 0, axis=-1)
    for n in range(2, k + 1):
        for members in combinations(everyone, n):
            yield Trial("karcher", karcher, members, None, 0)
    for pair in combinations(everyone, 2):
        yield Trial("slerp", slerp, pair, None, 1, own=True)
        for base in (None, *(i for i in everyone if i not in pair)):
            yield Trial("nuslerp", nuslerp, pair, base, 1)
            for axis in (-1, 0):
                yield Trial("nuslerp", nuslerp_by_row, pair, base, 1, axis=axis)
    for n in range(2, k + 1):
        for members in combinations(everyone, n):
            for base in (None, *(i for i in everyone if i not in members)):
                yield Trial("multislerp", multislerp, members, base, n - 1)


def spherical(problem: Problem) -> Explanation | None:
    """The formula of this family that explains the weights, or ``None``."""
    few = _few(problem)
    if len(few) < 2 or not _in_span(few, by_row=True):
        return None
    flat = _in_span(few)
    scored = []
    for trial in trials(len(problem.names)):
        if not flat and trial.axis is None:
            continue
        theta = _fit(trial, few[:1])
        close, tight = _score(trial, few[:1], theta)
        if close > 0.8:
            scored.append((tight, -trial.free, trial, _fit(trial, few)))
    scored.sort(key=lambda s: (-round(s[0], 2), -s[1]))
    best: Explanation | None = None
    for _, _, trial, theta in scored[:MOST]:
        found = _finish(problem, trial, theta, few)
        if found.arithmetic == FLOAT32 and (found.replay or 0) < PROOF:
            continue  # nothing excuses a miss in float32
        if best is None or (found.replay or 0) > (best.replay or 0) + 0.005:
            best = found
        if best and (best.replay or 0) > 0.995:
            break
    return best


def _few(problem: Problem) -> list[Aligned]:
    """Up to three whole matrices of middle size, apart from each other, that parents differ in."""
    whole = [
        t
        for t in problem.tensors
        if t.whole and len(t.shape) == 2 and t.x.size <= 1 << 21 and not _equal(t)
    ]
    whole.sort(key=lambda t: t.x.size)
    usable = [t for t in whole if t.x.size >= 4096] or whole
    step = max(1, len(usable) // 3)
    return usable[::step][:3]


def _equal(t: Aligned) -> bool:
    first = t.parents[0]
    return any(p is None for p in t.parents) or all(
        np.array_equal(np.asarray(first), np.asarray(p)) for p in t.parents[1:]
    )


def _in_span(few: Sequence[Aligned], *, by_row: bool = False) -> bool:
    """Whether each tensor (or each of some rows) is near a combination of the parents' at all."""
    for t in few:
        low, high = cell(t.x, t.dtypes[0] or "")
        p = np.stack([np.asarray(q, np.float64) for q in t.parents if q is not None], axis=1)
        x = t.x.astype(np.float64)
        n = t.shape[-1]
        step = max(1, t.shape[0] // ROWS) * n
        rows = [slice(i, i + n) for i in range(0, x.size, step)] if by_row else [slice(0, None, 3)]
        miss = []
        for row in rows:
            c, *_ = np.linalg.lstsq(p[row], x[row], rcond=1e-9)
            miss.append(np.abs(x[row] - p[row] @ c) / ((high - low)[row] / 2))
        if float(np.median(np.concatenate(miss))) > 4:
            return False
    return True


def _fit(trial: Trial, few: Sequence[Aligned]) -> Array:
    """Parameters by steps through cells: the formula is linearized and the cells do the rest."""
    theta = np.full(trial.free, 1 / (trial.free + 1))
    if not trial.free:
        return theta
    tensors = few[:1] if trial.own else few
    for _ in range(4):
        rows, lows, highs = [], [], []
        for t in tensors:
            y = trial.at(t, theta, exact)
            if y is None:
                return theta
            columns = []
            for j in range(trial.free):
                moved = theta.copy()
                moved[j] += 1e-3
                z = trial.at(t, moved, exact)
                if z is None:
                    return theta
                columns.append((z.astype(np.float64) - y) / 1e-3)
            low, high = cell(t.x, t.dtypes[0] or "")
            rows.append(np.stack(columns, axis=1))
            lows.append(low - y)
            highs.append(high - y)
        step = mixture.fit(np.concatenate(rows), np.concatenate(lows), np.concatenate(highs)).value
        theta = np.clip(theta + step, -0.5, 1.5)
        if np.abs(step).max() < 1e-7:
            break
    return theta


def _score(trial: Trial, few: Sequence[Aligned], theta: Array) -> tuple[float, float]:
    """Shares of elements within :data:`CLOSE` half cells, and within one."""
    close = tight = total = 0
    for t in few[:1] if trial.own else few:
        y = trial.at(t, theta, exact)
        if y is None:
            return 0.0, 0.0
        low, high = cell(t.x, t.dtypes[0] or "")
        miss = np.abs(y - (low + high) / 2) / ((high - low) / 2)
        close += int(np.count_nonzero(miss <= CLOSE))
        tight += int(np.count_nonzero(miss <= 1.01))
        total += t.x.size
    return close / total, tight / total


def _finish(problem: Problem, trial: Trial, theta: Array, few: Sequence[Aligned]) -> Explanation:
    """All tensors, in both arithmetics, with the roundest parameters that do no worse."""
    whole = [t for t in problem.tensors if t.whole]
    fitted = {t.canonical: _fit(trial, [t]) for t in whole} if trial.own else {}
    options = [theta]
    if trial.free and not trial.own:
        options = [np.array([roundest(x - 3e-3, x + 3e-3) for x in theta]), theta]
    best: tuple[float, Array, Arithmetic] = (-1.0, theta, SINGLE)
    for given in options:
        for way in arithmetics(problem.tensors):
            if way is not SINGLE and trial.method == "slerp":
                continue

            nudged = way is not SINGLE and _nudges(trial)
            here = {t.canonical: _nudged(trial, t, given, way) for t in few} if nudged else fitted

            def recipe(
                t: Aligned,
                given: Array = given,
                r: Round = way.round,
                here: dict[str, Array] = here,
            ) -> Floats | None:
                return trial.at(t, here.get(t.canonical, given), r)

            share = replay(few if not trial.own else whole, recipe)[0]
            if share > best[0]:
                best = (share, given, way)
    _, theta, way = best
    r = way.round
    if way is not SINGLE and _nudges(trial):
        fitted = {t.canonical: _nudged(trial, t, theta, way) for t in whole}

    def final(t: Aligned) -> Floats | None:
        return trial.at(t, fitted.get(t.canonical, theta), r)

    share, by_tensor = replay(whole, final)
    consistency = _consistency(whole, final)
    return Explanation(
        method=trial.method,
        coefficients=_weights(trial, theta),
        consistency=max(consistency, share),
        chance=0.0,
        arithmetic=way.name,
        parameters=_parameters(problem, trial, theta, fitted),
        replay=share,
        not_followed=tuple(n for n, s in by_tensor.items() if s < 0.5),
        per_tensor={n: (None, s) for n, s in by_tensor.items()},
    )


NUDGED = frozenset({"nuslerp", "model_stock"})
"""Formulas with one scalar that a sum over the whole tensor decides."""


def _nudges(trial: Trial) -> bool:
    return trial.method in NUDGED and trial.axis is None


def _nudged(trial: Trial, t: Aligned, theta: Array, way: Arithmetic) -> Array:
    """The parameters and the step of that scalar that give most elements of one tensor."""

    def share(shift: int) -> float:
        y = trial.at(t, np.append(theta, shift), way.round)
        return 0.0 if y is None else float(np.mean(to_dtype(y, t.dtypes[0] or "") == t.x))

    best = share(0)
    if best > 0.99:
        return theta
    return np.append(theta, max((0, -1, 1, -2, 2, -3, 3, -4, 4), key=share))


def _consistency(tensors: Sequence[Aligned], recipe: Callable[[Aligned], Floats | None]) -> float:
    """Share of elements within a cell and a half of the recipe, where parents are far apart.

    Where they are only a few cells apart that would say nothing; without enough elements it is 0.
    """
    near = total = 0
    for t in tensors:
        y = recipe(t)
        if y is None:
            continue
        low, high = cell(t.x, t.dtypes[0] or "")
        parts = [np.asarray(p) for p in t.parents if p is not None]
        spread = np.maximum.reduce(parts) - np.minimum.reduce(parts)
        far = spread >= FAR * (high - low)
        got = to_dtype(y, t.dtypes[0] or "")
        near += int(np.count_nonzero((np.abs(got - t.x) <= 1.5 * (high - low)) & far))
        total += int(np.count_nonzero(far))
    return near / total if total >= 1000 else 0.0


def _weights(trial: Trial, theta: Array) -> dict[int, Interval]:
    """The weight of each member, where the formula has one number for the whole model."""
    if trial.own:
        return {}
    if trial.method == "karcher":
        w = [1 / len(trial.members)] * len(trial.members)
    elif trial.method == "nuslerp":
        w = [1 - float(theta[0]), float(theta[0])]
    elif trial.method == "multislerp":
        w = [*map(float, theta), 1 - float(theta.sum())]
    else:
        return {}
    return {i: Interval(x, x - 2e-3, x + 2e-3) for i, x in zip(trial.members, w, strict=True)}


def _parameters(
    problem: Problem, trial: Trial, theta: Array, fitted: dict[str, Array]
) -> dict[str, Json]:
    out: dict[str, Json] = {"parents": [problem.names[i] for i in trial.members]}
    if trial.base is not None:
        out["base"] = problem.names[trial.base]
    if trial.method == "model_stock":
        out["base"] = problem.names[trial.members[0]]
    if trial.own:
        values = np.array([v[0] for v in fitted.values()])
        middle = float(np.median(values))
        out["t"] = round(middle, 4)
        if np.percentile(values, 90) - np.percentile(values, 10) > 0.01:
            out["t_by_tensor"] = {n: round(float(v[0]), 4) for n, v in fitted.items()}
    elif trial.method == "nuslerp":
        out["t"] = round(float(theta[0]), 5)
    if trial.axis is not None and trial.method == "nuslerp":
        out |= {"nuslerp_flatten": False} | ({} if trial.axis else {"nuslerp_row_wise": True})
    elif trial.axis is not None:
        out["filter_wise"] = True
    return out
