"""Fitting a mixture through cells: coefficients without the bias of rounding.

Least squares is biased when models are stored in few bits: a parent that moved a weight by one unit
in the last place moves the merge by one unit or by none. The cells of :mod:`.rounding` have no such
bias. Each stored element bounds the coefficients by two half-spaces; a pure merge lies in (nearly)
all of them, anything else does not (design notes: "Weight evidence", section 4).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

HOPELESS = 0.25
"""Share of elements within three cells below which no polishing finds a mixture."""
MAX_SWEEP = 40_000
"""Elements that enter one sweep; more narrow the interval below what anyone needs."""


@dataclass(frozen=True, slots=True)
class Fit:
    """Coefficients and how many of the elements they explain."""

    value: Array
    """``(m,)``."""
    low: Array
    high: Array
    """``(m,)``: where the explained share is not significantly below the best."""
    consistency: float
    """Share of informative elements inside their cells, 0 to 1."""
    n: int
    """Informative elements."""


@dataclass(frozen=True, slots=True)
class Screen:
    """The linear screen of one group of elements (biased by rounding, but quick and familiar)."""

    n: int
    alpha: float
    """⟨x,y⟩/⟨y,y⟩ with x = R − Q and y = P − Q."""
    cos_fit: float
    """⟨x,y⟩/(‖x‖‖y‖)."""


def screen(x: npt.NDArray[np.floating], y: npt.NDArray[np.floating]) -> Screen:
    """The projection of a model's change on a parent's change, both ``(n,)``."""
    xx, yy, xy = float(np.dot(x, x)), float(np.dot(y, y)), float(np.dot(x, y))
    return moments(x.size, xx, yy, xy)


def moments(n: int, xx: float, yy: float, xy: float) -> Screen:
    """A screen from sums of products, so that groups of tensors can be pooled."""
    if yy <= 0 or xx <= 0:
        return Screen(n, 0.0, 0.0)
    return Screen(n, xy / yy, xy / (xx * yy) ** 0.5)


def sweep(low: Array, high: Array) -> tuple[float, float, float, float]:
    """The point inside most intervals ``[low, high]``, all ``(n,)``.

    Returns:
        (point, lower, upper, share): the middle of the best cell; the range around it where the
        count stays within two standard errors of the best; the best share.
    """
    if not low.size:
        return 0.0, -np.inf, np.inf, 0.0
    points = np.concatenate([low, high])
    order = np.argsort(points, kind="stable")  # starts come first: intervals are closed
    points = points[order]
    count = np.cumsum(np.where(order < low.size, 1, -1))
    best = int(np.argmax(count))
    top = int(count[best])
    share = top / low.size
    slack = 2 * (low.size * share * (1 - share)) ** 0.5
    short = np.flatnonzero(count < top - slack)
    left = short[short < best]
    right = short[short > best]
    first = int(left[-1]) + 1 if left.size else 0
    last = int(right[0]) if right.size else points.size - 1
    center = (points[best] + points[min(best + 1, points.size - 1)]) / 2
    return float(center), float(points[first]), float(points[last]), share


def fit(x: Array, low: Array, high: Array, start: Array | None = None) -> Fit:
    """The coefficients ``c`` for which ``low ≤ x @ c ≤ high`` holds most often.

    Args:
        x: ``(n, m)``, one column for each free coefficient.
        low: ``(n,)`` lower ends of the cells.
        high: ``(n,)`` upper ends.
        start: ``(m,)`` where to begin; least squares otherwise.
    """
    n, m = x.shape
    if n == 0:
        return Fit(np.zeros(m), np.full(m, -np.inf), np.full(m, np.inf), 0.0, 0)
    if n > MAX_SWEEP:
        step = -(-n // MAX_SWEEP)
        x, low, high = x[::step], low[::step], high[::step]
    if m == 1:
        point, lower, upper, share = _axis(x[:, 0], low, high)
        return Fit(np.array([point]), np.array([lower]), np.array([upper]), share, n)
    c = _least_squares(x, (low + high) / 2) if start is None else start
    c = _into_cells(x, low, high, c)
    wide = high - low
    if share_inside(x, low - wide, high + wide, c) < HOPELESS:
        return Fit(c, np.full(m, -np.inf), np.full(m, np.inf), share_inside(x, low, high, c), n)
    return _polish(x, low, high, c, n)


def _axis(x: Array, low: Array, high: Array) -> tuple[float, float, float, float]:
    """A sweep along one coefficient: ``low ≤ x·t ≤ high`` for as many elements as possible.

    Elements with ``x == 0`` do not move with ``t``; they count towards the share as they are.
    """
    moving = x != 0
    still = int(np.count_nonzero((low[~moving] <= 0) & (high[~moving] >= 0)))
    with np.errstate(over="ignore"):
        a, b = low[moving] / x[moving], high[moving] / x[moving]
    point, lower, upper, share = sweep(np.minimum(a, b), np.maximum(a, b))
    inside = share * int(np.count_nonzero(moving)) + still
    return point, lower, upper, inside / x.size


def _least_squares(x: Array, y: Array, weight: Array | None = None) -> Array:
    w = x if weight is None else x * weight[:, None]
    gram = w.T @ x
    scale = np.trace(gram) / len(gram) or 1.0
    solution = np.linalg.solve(gram + 1e-12 * scale * np.eye(len(gram)), w.T @ y)
    return np.asarray(solution, np.float64)


def _into_cells(x: Array, low: Array, high: Array, c: Array) -> Array:
    """Move ``c`` to where most cells hold: the miss, in half cells, through a narrowing loss.

    A Geman–McClure-like weight 1/(1 + (miss/s)²)² with falling s makes elements that follow another
    rule (trimmed, trained) lose their pull; inside a cell there is no pull at all, which is what
    removes the bias of rounding.
    """
    half = (high - low) / 2
    # Numbers near zero are stored so finely that one of them would outweigh all others.
    half = np.maximum(half, max(1e-2 * float(np.median(half)), 1e-300))
    middle = (low + high) / 2
    scaled = x / half[:, None]
    a, b = middle / half - 1, middle / half + 1
    f = scaled @ c
    miss = np.clip(f, a, b) - f
    scale = max(float(np.median(np.abs(miss))), 0.5)
    for _ in range(40):
        weight = 1 / (1 + (miss / scale) ** 2) ** 2
        outside = miss != 0
        if np.count_nonzero(outside) < max(2 * x.shape[1], 1e-4 * len(x)) and scale <= 0.5:
            break
        # Rows inside their cell hold the solution with a little weight: without it few violators
        # would make the step overshoot.
        pull = weight * np.where(outside, 1.0, 0.02)
        step = _least_squares(scaled, miss, pull)
        c = c + step
        f = scaled @ c
        miss = np.clip(f, a, b) - f
        scale = max(scale / 2, 0.5)
        if np.all(np.abs(step) <= 1e-12 * (1 + np.abs(c))):
            break
    return c


def _polish(x: Array, low: Array, high: Array, c: Array, n: int) -> Fit:
    """Sweep along each axis and some other directions; gather how far each coefficient can go."""
    m = x.shape[1]
    rng = np.random.default_rng(0)
    directions = [*np.eye(m), *(rng.standard_normal((2 * m, m)))]
    share = 0.0
    for _ in range(2):
        for d in directions:
            base = x @ c
            point, _, _, s = _axis(x @ d, low - base, high - base)
            if s >= share:
                share = s
                c = c + point * d
    lower, upper = c.copy(), c.copy()
    base = x @ c
    for d in directions:
        _, near, far, s = _axis(x @ d, low - base, high - base)
        if s < share - 2 * (share * (1 - share) / len(x)) ** 0.5 - 1e-9:
            continue
        with np.errstate(invalid="ignore"):  # an open end (infinity) along an axis that d has not
            ends = np.array([c + near * d, c + far * d])
        ends = np.where(np.isnan(ends), c, ends)
        lower = np.minimum(lower, np.nan_to_num(ends.min(axis=0), neginf=-1e9))
        upper = np.maximum(upper, np.nan_to_num(ends.max(axis=0), posinf=1e9))
    return Fit(c, lower, upper, share, n)


def share_inside(x: Array, low: Array, high: Array, c: Array) -> float:
    """Share of the rows of ``x`` whose mixture ``x @ c`` falls into its cell."""
    if not len(x):
        return 0.0
    f = x @ c
    return float(np.count_nonzero((f >= low) & (f <= high)) / len(x))


def chance(x: Array, low: Array, high: Array, seed: int = 0) -> float:
    """The consistency that chance gives: the same fit after breaking the pairing of elements.

    The rows of ``x`` are permuted against the cells, among rows of similar size, so that tiny
    differences (which fit almost anything) stay where cells are wide.
    """
    n = min(len(x), 20_000)
    if n < 8:
        return 1.0
    step = len(x) // n
    x, low, high = x[::step], low[::step], high[::step]
    rng = np.random.default_rng(seed)
    size = np.argsort(np.abs(x).max(axis=1) / np.maximum(high - low, 1e-300), kind="stable")
    blocks = np.array_split(size, max(1, len(size) // 64))
    order = np.empty(len(x), np.int64)
    for block in blocks:
        order[block] = rng.permutation(block)
    return fit(x[order], low, high).consistency


def informative(spread: Array, width: Array, least: float = 2.0) -> Mask:
    """Elements where the parents differ by several cells: the others fit almost anything."""
    mask: Mask = spread >= least * width
    return mask


def pooled(screens: Sequence[tuple[int, float, float, float]]) -> Screen:
    """One screen from several ``(n, xx, yy, xy)``."""
    n, xx, yy, xy = (sum(column) for column in zip(*screens, strict=True))
    return moments(int(n), xx, yy, xy)
