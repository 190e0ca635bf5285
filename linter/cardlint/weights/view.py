"""Where the elements of a canonical tensor stand in the stored one.

Every layout that is met is affine: splits of fused matrices, experts of a stack, interleaved gates,
transposes, the row permutation of GGUF converters. So a layout is a list of (size, stride) pairs
whose C-order walk gives the canonical elements.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class View:
    """A strided window on the flat elements of a stored tensor."""

    offset: int
    dims: tuple[tuple[int, int], ...]
    """(size, stride in elements), outermost first; merged where two are one."""

    @classmethod
    def of(cls, offset: int, *dims: tuple[int, int]) -> View:
        """Merge dimensions that are walked without a jump."""
        merged: list[tuple[int, int]] = []
        for size, stride in dims:
            if merged and merged[-1][1] == size * stride:
                merged[-1] = (merged[-1][0] * size, stride)
            elif size != 1:
                merged.append((size, stride))
        return cls(offset, tuple(merged) or ((math.prod(s for s, _ in dims), 1),))

    @classmethod
    def whole(cls, shape: tuple[int, ...]) -> View:
        """All elements, as they are stored."""
        return cls(0, ((math.prod(shape), 1),))

    @property
    def size(self) -> int:
        """Elements."""
        return math.prod(size for size, _ in self.dims)

    @property
    def contiguous(self) -> bool:
        """Whether it is one unbroken stretch."""
        return len(self.dims) == 1 and self.dims[0][1] == 1

    def take(self, flat: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
        """The canonical elements, flat, out of all stored ones."""
        if self.contiguous:
            return flat[self.offset : self.offset + self.size]
        step = flat.itemsize
        window = np.lib.stride_tricks.as_strided(
            flat[self.offset :],
            [size for size, _ in self.dims],
            [stride * step for _, stride in self.dims],
            writeable=False,
        )
        return window.reshape(-1)

    def pieces(self, start: int, length: int) -> Iterator[tuple[int, int, int]]:
        """Stored (first element, stride, count) of the canonical run ``start``, ``length``."""
        inner, stride = self.dims[-1]
        while length > 0:
            outer, within = divmod(start, inner)
            count = min(length, inner - within)
            at = self.offset + within * stride
            for size, step in reversed(self.dims[:-1]):
                outer, index = divmod(outer, size)
                at += index * step
            yield at, stride, count
            start, length = start + count, length - count
