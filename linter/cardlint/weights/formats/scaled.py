"""Codes in rows, with a scale for each block: FP8, INT8, INT4, NVFP4, MXFP4.

Value = code × scale(row // block rows, column // block columns) × factor. Layouts: compressed-tensors
(``float-quantized``, ``int-quantized``, ``pack-quantized``, ``nvfp4-pack-quantized``), TensorRT Model
Optimizer (``weight_scale``, ``weight_scale_2``), DeepSeek V3 (``weight_scale_inv``, 128 × 128),
bitsandbytes int8 (``SCB``), gpt-oss (``_blocks``, ``_scales``; OCP Microscaling 1.0).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cardlint.source.interface import Range
from cardlint.weights.dtypes import decode, fp4
from cardlint.weights.formats.interface import Data, Plain, Storage

Floats = npt.NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class Scaled(Storage):
    """A matrix of codes and a smaller matrix of scales."""

    dtype: str
    shape: tuple[int, ...]
    names: tuple[str, ...]
    codes: Plain
    per: int
    """Codes in one element of ``codes``: 2 in a byte of FP4, 8 in an int32 of INT4."""
    scales: Plain
    block: tuple[int, int]
    """Rows and columns that share a scale."""
    factor: Plain | None = None
    """One number for all."""
    divides: bool = False
    """Whether the factor divides (compressed-tensors' NVFP4) or multiplies."""
    constant: float = 1.0
    zeros: Plain | None = None
    """Zero point of each scale, stored as plain integers."""

    @property
    def nbytes(self) -> int:
        """Codes and scales."""
        return self.codes.nbytes + self.scales.nbytes

    @property
    def _width(self) -> int:
        return self.shape[-1]

    def _rows(self, start: int, length: int) -> tuple[int, int]:
        first = start // self._width
        return first, -(-(start + length) // self._width) - first

    def _scale_rows(self, first: int, rows: int) -> tuple[int, int, int]:
        """First row of scales, how many, and how many scales a row has."""
        across = -(-self._width // self.block[1])
        top = first // self.block[0]
        return top, -(-(first + rows) // self.block[0]) - top, across

    def ranges(self, start: int, length: int) -> list[Range]:
        """Whole rows of codes and the scales that go with them."""
        first, rows = self._rows(start, length)
        wide = self._width // self.per
        top, high, across = self._scale_rows(first, rows)
        found = [
            *self.codes.ranges(first * wide, rows * wide),
            *self.scales.ranges(top * across, high * across),
        ]
        if self.zeros is not None:
            found += self.zeros.ranges(top * across, high * across)
        if self.factor is not None:
            found += self.factor.ranges(0, 1)
        return found

    def decode(self, start: int, length: int, data: Sequence[Data]) -> Floats:
        """``(length,)`` float32."""
        first, rows = self._rows(start, length)
        top, high, across = self._scale_rows(first, rows)
        values = self._codes(data[0]).reshape(rows, self._width)
        scales = self._scales(data[1]).reshape(high, across)
        if self.zeros is not None:
            values = values - self._spread(
                decode(self.zeros.dtype, data[2]).reshape(high, across), first, rows, top
            )
        factor = self.constant
        if self.factor is not None:
            own = float(decode(self.factor.dtype, data[-1])[0])
            factor *= 1 / own if self.divides and own else own
        values = values * self._spread(scales, first, rows, top) * np.float32(factor)
        at = start - first * self._width
        flat: Floats = values.reshape(-1)[at : at + length]
        return flat

    def _spread(self, blocks: Floats, first: int, rows: int, top: int) -> Floats:
        """A number for each element out of a number for each block."""
        row = (np.arange(first, first + rows) // self.block[0]) - top
        wide = np.repeat(blocks, self.block[1], axis=1)[:, : self._width]
        return np.asarray(wide[row], np.float32)

    def _codes(self, data: Data) -> Floats:
        dtype = self.codes.dtype
        if self.per == 1:
            return decode(dtype, data)
        if dtype == "U8":
            return fp4(np.frombuffer(data, np.uint8))
        return unpack(np.frombuffer(data, "<u4"), 32 // self.per) - np.float32(
            1 << (32 // self.per - 1)
        )

    def _scales(self, data: Data) -> Floats:
        if self.dtype == "MXFP4":
            return decode("F8_E8M0", data)
        return decode(self.scales.dtype, data)


def unpack(words: npt.NDArray[np.uint32], bits: int) -> npt.NDArray[np.float32]:
    """Codes of ``bits`` bits out of 32-bit words, the lowest first: ``(..., n · 32 // bits)``."""
    shifts = np.arange(0, 32, bits, dtype=np.uint32)
    codes = (words[..., None] >> shifts) & np.uint32((1 << bits) - 1)
    return codes.reshape(*words.shape[:-1], -1).astype(np.float32)


def scaled(
    dtype: str,
    codes: Plain,
    scales: Plain,
    *,
    shape: tuple[int, ...] | None = None,
    factor: Plain | None = None,
    divides: bool = False,
    constant: float = 1.0,
    zeros: Plain | None = None,
) -> Scaled | None:
    """Put codes and scales together; ``None`` when their sizes do not fit."""
    shape = shape or codes.shape
    size, held = math.prod(shape), math.prod(codes.shape)
    if not size or not held or size % held or len(shape) < 2:
        return None
    per, width = size // held, shape[-1]
    rows = size // width
    if width % per or per not in {1, 2, 4, 8, 16}:
        return None
    count = math.prod(scales.shape)
    across = scales.shape[-1] if len(scales.shape) > 1 else 1
    if not count or count % across:
        return None
    down = count // across
    high, wide = _block(rows, down), _block(width, across)
    if not high or not wide or (zeros is not None and math.prod(zeros.shape) != count):
        return None
    block = (high, wide)
    names = (*codes.names, *scales.names)
    return Scaled(dtype, shape, names, codes, per, scales, block, factor, divides, constant, zeros)


def _block(size: int, count: int) -> int:
    """How many of ``size`` rows share one of ``count`` scales: a power of two, or an even share.

    The last block may be shorter (DeepSeek V3 has 576 rows and blocks of 128). 0: it does not fit.
    """
    if count in {1, size}:
        return size // count
    power = 1 << (-(-size // count) - 1).bit_length()
    if -(-size // power) == count:
        return power
    return 0 if size % count else size // count
