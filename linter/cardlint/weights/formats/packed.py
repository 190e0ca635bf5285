"""GPTQ and AWQ: 4-bit (GPTQ also 2 and 8) codes packed into 32-bit words, (in, out) on disk.

AutoGPTQ, ``qlinear``: words hold codes of successive inputs; W = scale · (q − (zero + 1)), in the
``gptq_v2`` form zero without the 1. AutoAWQ, ``gemm``: words hold codes of eight outputs in the order
0 2 4 6 1 3 5 7; W = scale · (q − zero). A run of canonical rows is scattered over the whole file, so
the whole tensor is read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cardlint.errors import Malformed
from cardlint.source.interface import Range
from cardlint.weights.dtypes import decode
from cardlint.weights.formats.interface import Data, Plain, Storage
from cardlint.weights.formats.scaled import unpack

AWQ_ORDER = np.array([0, 4, 1, 5, 2, 6, 3, 7])
"""Where each of eight successive outputs stands among the codes of a word."""


@dataclass(frozen=True, slots=True)
class Packed(Storage):
    """One matrix, (out, in)."""

    dtype: str
    shape: tuple[int, ...]
    names: tuple[str, ...]
    weight: Plain
    zeros: Plain
    scales: Plain
    groups: Plain | None
    """GPTQ's ``g_idx``: the group of each input."""
    bits: int
    awq: bool
    offset: int
    """What is added to a stored zero point."""

    @property
    def nbytes(self) -> int:
        """Codes, zero points and scales."""
        return self.weight.nbytes + self.zeros.nbytes + self.scales.nbytes

    def ranges(self, start: int, length: int) -> list[Range]:
        """All of it, whatever is asked for."""
        del start, length
        parts = [self.weight, self.zeros, self.scales, *([self.groups] if self.groups else [])]
        return [Range(p.path, p.offset, p.size) for p in parts]

    def decode(self, start: int, length: int, data: Sequence[Data]) -> npt.NDArray[np.floating]:
        """``(length,)`` float32 of the (out, in) matrix; only the outputs asked for are unpacked."""
        _, inputs = self.shape
        first = start // inputs
        rows = slice(first, -(-(start + length) // inputs))
        codes = self._unpacked(data[0], self.weight, rows)
        zeros = self._unpacked(data[1], self.zeros, rows) + self.offset
        scales = decode(self.scales.dtype, data[2]).reshape(self.scales.shape)[:, rows]
        if self.groups is not None:
            group = np.frombuffer(data[3], "<i4").astype(np.int64)
        else:
            group = np.arange(inputs) // -(-inputs // len(scales))
        if len(group) != inputs or group.min() < 0 or group.max() >= len(scales):
            raise Malformed(f"{self.names[0]}: the groups of inputs do not fit the scales")
        matrix = (codes - zeros[group]) * scales[group]
        flat: npt.NDArray[np.floating] = np.ascontiguousarray(matrix.T).reshape(-1)
        at = start - first * inputs
        return flat[at : at + length].astype(np.float32)

    def _unpacked(self, data: Data, of: Plain, rows: slice) -> npt.NDArray[np.float32]:
        """(in or groups, outputs asked for)."""
        words = np.frombuffer(data, "<u4").reshape(of.shape)
        if of is self.weight and not self.awq:  # packed along the inputs, which are its rows
            chosen = np.ascontiguousarray(words[:, rows].T)
            return np.ascontiguousarray(unpack(chosen, self.bits).T)
        per = 32 // self.bits
        begin = rows.start // per
        chosen = np.ascontiguousarray(words[:, begin : -(-rows.stop // per)])
        codes = unpack(chosen, self.bits)
        if self.awq:
            codes = codes.reshape(len(words), -1, 8)[:, :, AWQ_ORDER].reshape(len(words), -1)
        return codes[:, rows.start - begin * per : rows.stop - begin * per]


def packed(
    weight: Plain, zeros: Plain, scales: Plain, groups: Plain | None, *, plain_zero: bool
) -> Packed | None:
    """Tell GPTQ from AWQ by the shapes; ``None`` when they fit neither.

    Args:
        weight: ``qweight``.
        zeros: ``qzeros``.
        scales: ``scales``, (groups, out).
        groups: ``g_idx``, where there is one.
        plain_zero: zero points are stored as they are (``gptq_v2``).
    """
    shapes = (weight.shape, zeros.shape, scales.shape)
    if any(len(s) != 2 or not s[0] or not s[1] for s in shapes):
        return None
    if {weight.dtype, zeros.dtype} != {"I32"}:
        return None
    out = scales.shape[1]
    names = (*weight.names, *zeros.names, *scales.names)
    if weight.shape[1] * 8 == out and zeros.shape == (scales.shape[0], out // 8):
        shape = (out, weight.shape[0])
        return Packed("AWQ4", shape, names, weight, zeros, scales, None, 4, awq=True, offset=0)
    bits, odd = divmod(32 * zeros.shape[1], out)
    if odd or weight.shape[1] != out or bits not in {2, 4, 8}:
        return None
    inputs = weight.shape[0] * 32 // bits
    if groups is not None and groups.shape != (inputs,):
        return None
    offset = 0 if plain_zero else 1
    shape = (out, inputs)
    dtype = f"GPTQ{bits}"
    return Packed(
        dtype, shape, names, weight, zeros, scales, groups, bits, awq=False, offset=offset
    )
