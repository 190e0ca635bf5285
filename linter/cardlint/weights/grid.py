"""Whether a matrix is another one, quantized to integers and written back as floating point."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating]

GROUPS = (32, 64, 128)
"""Elements of a row that quantization gives one scale, in the formats that are in use."""
STEPS = {8: 127, 4: 7}
"""Steps on either side of zero, by bits."""
ROWS = 256
"""Rows that are looked at."""
ON = 0.99
"""Share of the elements that must be where rounding puts them."""
TOLD = 16
"""Multiples of a step up to which the grid shows: beyond, storing in bfloat16 blurs it."""


def grid(one: Floats, other: Floats, width: int) -> str:
    """How one of the two was rounded: ``int4 by row``; ``unchanged`` where none was; else nothing.

    Args:
        one: the elements of a matrix.
        other: of the same, in order.
        width: elements of a row.
    """
    if np.array_equal(one, other):
        return "unchanged"
    x = np.asarray(one, np.float64).reshape(-1, width)
    y = np.asarray(other, np.float64).reshape(-1, width)
    every = max(1, len(x) // ROWS)
    x, y = x[::every], y[::every]
    return _named(x, y, whole=every == 1) or _named(y, x, whole=every == 1)


def _named(x: Floats, y: Floats, *, whole: bool) -> str:
    """How ``y`` was rounded to ``x``."""
    width = x.shape[1]
    for bits, steps in STEPS.items():
        # The finest first: what is rounded to a coarse grid never fits a finer one.
        for size in (g for g in GROUPS if g < width and width % g == 0):
            if _on_grid(x.reshape(-1, size), y.reshape(-1, size), steps):
                return f"int{bits} by groups of {size}"
        if _on_grid(x, y, steps):
            return f"int{bits} by row"
        if whole and _on_grid(x.reshape(1, -1), y.reshape(1, -1), steps):
            return f"int{bits} by tensor"
        if whole and _on_grid(x.T, y.T, steps):
            return f"int{bits} by column"
    return ""


def _on_grid(x: Floats, y: Floats, steps: int) -> bool:
    """Whether each row of ``x`` is that of ``y``, rounded to so many steps on either side of zero.

    A step is a share of the largest magnitude, or of the range where the format has a zero point.
    """
    largest = np.abs(y).max(axis=1, keepdims=True)
    extent = y.max(axis=1, keepdims=True) - y.min(axis=1, keepdims=True)
    return any(_rounded(x, y, s) for s in (largest / steps, extent / (2 * steps + 1)))


def _rounded(x: Floats, y: Floats, step: Floats) -> bool:
    """Whether ``x`` is ``y`` rounded to multiples of a step, which is ``(rows, 1)``.

    What was rounded lies on the grid, as far as storing it again in eight bits of mantissa lets it;
    a small change of any other kind is as near to ``y`` and lies anywhere.
    """
    step = np.maximum(step, 1e-300)
    error = np.abs(x - y)
    if np.mean(error <= 0.5 * step + np.abs(y) / 128) < ON:
        return False
    # Errors of a uniform quantizer spread evenly over a step: variance step²/12.
    expected = np.sqrt(np.mean(np.broadcast_to(step, y.shape) ** 2) / 12)
    if not 0.7 <= np.sqrt(np.mean(error**2)) / expected <= 1.4:
        return False
    units = x / step
    off = np.abs(units - np.round(units))
    told = np.abs(units) <= TOLD
    return bool(told.any() and np.mean(off[told] <= np.abs(units[told]) / 256 + 0.02) >= ON)
