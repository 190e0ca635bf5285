"""What storage did to numbers: the real numbers that round to a stored one.

A stored element ``r`` came from some real number of its *cell*, the interval between the midpoints
to its two neighbors in the storage dtype (round to nearest). Every bound on a merge coefficient in
:mod:`cardlint.weights.mixture` is a statement about cells.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]

EXACT = frozenset({"BF16", "F16", "F32", "F64"})
"""Dtypes whose cells are known. Other dtypes come decoded from blocks with scales."""

_HALF_BF16 = np.uint32(0x8000)
_FLOAT16_MAX = 65504.0


def bf16(x: npt.NDArray[np.floating]) -> Float32:
    """Round to bfloat16, nearest even; NaN and infinity stay. Shape kept, returned as float32."""
    bits = np.ascontiguousarray(x, np.float32).view(np.uint32)
    odd = (bits >> np.uint32(16)) & np.uint32(1)
    with np.errstate(over="ignore"):
        rounded = (bits + np.uint32(0x7FFF) + odd) & np.uint32(0xFFFF0000)
    out: Float32 = rounded.view(np.float32)
    bad = ~np.isfinite(out)
    if bad.any():
        out[bad] = np.asarray(x, np.float32)[bad]
    return out


def to_dtype(x: npt.NDArray[np.floating], dtype: str) -> Float32 | Float64:
    """``x`` as it reads back after being stored as ``dtype`` (a safetensors name)."""
    if dtype == "BF16":
        return bf16(x)
    if dtype == "F16":
        clipped = np.clip(x, -_FLOAT16_MAX, _FLOAT16_MAX)
        halves: Float32 = clipped.astype(np.float16).astype(np.float32)
        return halves
    if dtype == "F64":
        return x.astype(np.float64)
    return x.astype(np.float32)


def cell(r: npt.NDArray[np.floating], dtype: str) -> tuple[Float64, Float64]:
    """The lowest and highest real number that is stored as ``r``.

    Args:
        r: stored values, any shape, exactly representable in ``dtype``.
        dtype: a member of :data:`EXACT`.

    Raises:
        ValueError: the dtype has no known cells.
    """
    if dtype == "BF16":
        # A float32 whose bits are those of a bfloat16 plus or minus half a step *is* the midpoint.
        bits = np.ascontiguousarray(r, np.float32).view(np.uint32)
        sign = bits & np.uint32(0x80000000)
        size = bits ^ sign
        outer = ((size + _HALF_BF16) | sign).view(np.float32).astype(np.float64)
        inside = np.where(size == 0, _HALF_BF16, size - _HALF_BF16)
        flipped = np.where(size == 0, sign ^ np.uint32(0x80000000), sign)
        inner = (inside | flipped).view(np.float32).astype(np.float64)
        return np.minimum(outer, inner), np.maximum(outer, inner)
    kinds = {"F16": np.float16, "F32": np.float32, "F64": np.float64}
    if dtype not in kinds:
        raise ValueError(f"{dtype} has no cells")
    stored = r.astype(kinds[dtype])
    end = np.full_like(stored, np.inf)
    with np.errstate(over="ignore"):
        below = np.nextafter(stored, -end).astype(np.float64)
        above = np.nextafter(stored, end).astype(np.float64)
    center = stored.astype(np.float64)
    return center - (center - below) / 2, center + (above - center) / 2
