"""bitsandbytes 4-bit: NF4 and FP4 codes, high nibble first, with a maximum for each block.

bitsandbytes, ``functional.py``: ``QuantState`` (``as_dict(packed=True)``), ``dequantize_4bit``. The
maxima may be quantized again (``nested_``): code × nested maximum + offset. Dettmers et al. 2023,
arXiv 2305.14314.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from cardlint.source.interface import Range
from cardlint.weights.dtypes import decode
from cardlint.weights.formats.interface import Data, Plain, Storage

STATE = ".quant_state.bitsandbytes__"
MAX_STATE = 1 << 16


@dataclass(frozen=True, slots=True)
class FourBit(Storage):
    """One matrix."""

    dtype: str
    shape: tuple[int, ...]
    names: tuple[str, ...]
    codes: Plain
    table: Plain
    """The 16 numbers that codes stand for."""
    maxima: Plain
    block: int
    nested: tuple[Plain, Plain, int, float] | None
    """Table of 256, maxima of maxima, their block, offset."""

    @property
    def nbytes(self) -> int:
        """Codes and maxima."""
        return self.codes.nbytes + self.maxima.nbytes

    def ranges(self, start: int, length: int) -> list[Range]:
        """Codes of whole blocks, their maxima, the tables."""
        first, last = self._blocks(start, length)
        begin, end = first * self.block // 2, min(last * self.block // 2, self.codes.size)
        found = [
            *self.codes.ranges(begin, end - begin),
            *self.table.ranges(0, 16),
            *self.maxima.ranges(first, last - first),
        ]
        if self.nested:
            table, tops, _, _ = self.nested
            found += [*table.ranges(0, 256), *tops.ranges(0, math.prod(tops.shape))]
        return found

    def _blocks(self, start: int, length: int) -> tuple[int, int]:
        return start // self.block, -(-(start + length) // self.block)

    def decode(self, start: int, length: int, data: Sequence[Data]) -> npt.NDArray[np.floating]:
        """``(length,)`` float32."""
        first, _ = self._blocks(start, length)
        codes = np.frombuffer(data[0], np.uint8)
        table = decode(self.table.dtype, data[1])
        values = table[np.stack([codes >> 4, codes & 15], axis=-1).reshape(-1)]
        maxima = decode(self.maxima.dtype, data[2])
        if self.nested:
            _, _, size, offset = self.nested
            tops = decode("F32", data[4])
            index = (first + np.arange(maxima.size)) // size
            maxima = decode("F32", data[3])[maxima.astype(np.int64)] * tops[index] + offset
        values = values * np.repeat(maxima, self.block)[: values.size]
        at = start - first * self.block
        return values[at : at + length].astype(np.float32)


def four_bit(name: str, stored: Mapping[str, Storage], state: bytes, kind: str) -> FourBit | None:
    """Put the pieces of ``name`` together; ``None`` when they do not fit.

    Args:
        name: of the weight, ``….weight``.
        stored: all tensors by name.
        state: the JSON that goes with it.
        kind: ``nf4`` or ``fp4``.
    """

    def piece(end: str, dtype: str) -> Plain | None:
        found = stored.get(name + end)
        return found if isinstance(found, Plain) and found.dtype == dtype else None

    try:
        said: dict[str, Any] = json.loads(state)
        shape = tuple(int(n) for n in said["shape"])
        block = int(said["blocksize"])
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return None
    codes, table = piece("", "U8"), piece(".quant_map", "F32")
    size = math.prod(shape)
    if codes is None or table is None or table.shape != (16,) or min(shape, default=0) <= 0:
        return None
    if not 2 <= block <= 1 << 16 or block % 2 or codes.size != -(-size // 2):
        return None
    count = -(-size // block)
    names = (name,)
    maxima = piece(".absmax", "F32")
    if maxima is not None:
        fits = math.prod(maxima.shape) == count
        return (
            FourBit(kind.upper(), shape, names, codes, table, maxima, block, None) if fits else None
        )
    maxima = piece(".absmax", "U8")
    inner, tops = piece(".nested_quant_map", "F32"), piece(".nested_absmax", "F32")
    try:
        nested_block, offset = int(said["nested_blocksize"]), float(said["nested_offset"])
    except (ValueError, KeyError, TypeError, OverflowError):
        return None
    if maxima is None or inner is None or tops is None or nested_block <= 0:
        return None
    if math.prod(maxima.shape) != count or inner.shape != (256,):
        return None
    if math.prod(tops.shape) != -(-count // nested_block):
        return None
    nested = (inner, tops, nested_block, offset)
    return FourBit(kind.upper(), shape, names, codes, table, maxima, block, nested)
