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


def grid(model: Floats, parent: Floats, width: int) -> str:
    """How the parent was rounded: ``int4 by row``; ``unchanged`` where it was not; else nothing.

    Args:
        model: the elements of a matrix.
        parent: of the same, in order.
        width: elements of a row.
    """
    if np.array_equal(model, parent):
        return "unchanged"
    x = np.asarray(model, np.float64).reshape(-1, width)
    y = np.asarray(parent, np.float64).reshape(-1, width)
    every = max(1, len(x) // ROWS)
    x, y = x[::every], y[::every]
    for bits, steps in STEPS.items():
        # The finest first: what is rounded to a coarse grid never fits a finer one.
        for size in (g for g in GROUPS if g < width and width % g == 0):
            if _on_grid(x.reshape(-1, size), y.reshape(-1, size), steps):
                return f"int{bits} by groups of {size}"
        if _on_grid(x, y, steps):
            return f"int{bits} by row"
        if every == 1 and _on_grid(x.reshape(1, -1), y.reshape(1, -1), steps):
            return f"int{bits} by tensor"
        if every == 1 and _on_grid(x.T, y.T, steps):
            return f"int{bits} by column"
    return ""


def _on_grid(x: Floats, y: Floats, steps: int) -> bool:
    """Whether each row of ``x`` is that of ``y``, rounded to so many steps on either side of zero."""
    scale = np.abs(y).max(axis=1, keepdims=True) / steps
    error = np.abs(x - y)
    bound = 0.5 * scale + np.abs(y) / 128  # half a step, and the rounding of storage
    if np.mean(error <= bound) < 0.999:
        return False
    # Errors of a uniform quantizer spread evenly over a step: variance step²/12.
    expected = np.sqrt(np.mean(np.broadcast_to(scale, y.shape) ** 2) / 12)
    return bool(0.7 <= np.sqrt(np.mean(error**2)) / max(expected, 1e-300) <= 1.4)
