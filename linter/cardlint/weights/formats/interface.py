"""What every stored form of a tensor can do: say which bytes it needs, and decode them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from cardlint.source.interface import Range
from cardlint.weights.dtypes import BITS, decode

Data: TypeAlias = bytes | memoryview
"""Bytes of a range as they were read."""


class Storage(ABC):
    """The numbers of one tensor, however they are stored. Elements are counted flat, in C order."""

    dtype: str
    """As reported: a safetensors name, or the name of the encoding (``Q4_K``, ``GPTQ4``)."""
    shape: tuple[int, ...]
    """Of the numbers, not of the codes that hold them."""
    names: tuple[str, ...]
    """The stored tensors that it is made of."""

    @property
    @abstractmethod
    def nbytes(self) -> int:
        """Bytes that all of it takes in the files."""

    @abstractmethod
    def ranges(self, start: int, length: int) -> list[Range]:
        """The bytes needed for the elements ``start`` to ``start + length``."""

    @abstractmethod
    def decode(self, start: int, length: int, data: Sequence[Data]) -> npt.NDArray[np.floating]:
        """Those elements, ``(length,)`` float32 or float64, from the bytes of :meth:`ranges`."""


@dataclass(frozen=True, slots=True)
class Plain(Storage):
    """Elements of one type, one after the other."""

    dtype: str
    shape: tuple[int, ...]
    names: tuple[str, ...]
    path: str
    offset: int
    size: int

    @property
    def nbytes(self) -> int:
        """The tensor's own bytes."""
        return self.size

    def ranges(self, start: int, length: int) -> list[Range]:
        """One range, on whole bytes."""
        bits = BITS[self.dtype]
        first, last = start * bits // 8, -(-(start + length) * bits // 8)
        return [Range(self.path, self.offset + first, last - first)]

    def decode(self, start: int, length: int, data: Sequence[Data]) -> npt.NDArray[np.floating]:
        """See :func:`cardlint.weights.dtypes.decode`."""
        skip = start * BITS[self.dtype] % 8 and 1  # only FP4 can begin inside a byte
        return decode(self.dtype, data[0])[skip : skip + length]
