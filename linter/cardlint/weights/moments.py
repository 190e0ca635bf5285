"""Sums over elements from which relation and mixture figures follow, without keeping an element.

With q the first parent, the vectors are q, r − q and p₂ − q, p₃ − q, …: differences are taken before
squares, so that models that differ in the last places lose nothing to cancellation.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from cardlint.weights.dtypes import decode

Array = npt.NDArray[np.float64]
Floats = npt.NDArray[np.floating]

STEP = 1 << 17
"""Elements of a block: summed in float32 before float64 takes over, and small enough for caches."""
Numbers = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Moments:
    """Sums over the compared elements of one tensor (or of several: they add)."""

    n: int
    sums: Array
    """``(k + 1,)`` of q, r − q, p₂ − q, …"""
    gram: Array
    """``(k + 1, k + 1)`` of their products."""
    identical: tuple[int, ...]
    """For each parent: elements with the same number in the model."""
    replayed: int
    """Elements that the recipe gives to the bit."""

    def __add__(self, other: Moments) -> Moments:
        """Sums over both."""
        return Moments(
            self.n + other.n,
            self.sums + other.sums,
            self.gram + other.gram,
            tuple(a + b for a, b in zip(self.identical, other.identical, strict=True)),
            self.replayed + other.replayed,
        )

    def _square(self, weights: Sequence[float], *, centered: bool = False) -> float:
        """Squared length of a combination of the vectors."""
        w = np.asarray(weights, np.float64)
        square = float(w @ self.gram @ w)
        return square - float(w @ self.sums) ** 2 / self.n if centered and self.n else square

    def _product(self, a: Sequence[float], b: Sequence[float]) -> float:
        """Product of two centered combinations."""
        x, y = np.asarray(a, np.float64), np.asarray(b, np.float64)
        return float(x @ self.gram @ y) - float(x @ self.sums) * float(y @ self.sums) / max(
            self.n, 1
        )

    def _parent(self, i: int) -> list[float]:
        """Parent ``i`` in terms of the vectors."""
        w = [1.0] + [0.0] * (len(self.sums) - 1)
        if i:
            w[i + 1] = 1.0
        return w

    def parts(self, i: int) -> tuple[float, float, float, float, float]:
        """For parent ``i``: ⟨r, p⟩, ‖r‖², ‖p‖² of the centered vectors, ‖r − p‖² and ‖p‖² as they are."""
        r = [1.0, 1.0] + [0.0] * (len(self.sums) - 2)
        p = self._parent(i)
        difference = [a - b for a, b in zip(r, p, strict=True)]
        return (
            self._product(r, p),
            self._square(r, centered=True),
            self._square(p, centered=True),
            self._square(difference),
            self._square(p),
        )

    def cosine(self, i: int) -> float:
        """Cosine of the centered model and parent ``i``; 0 where one is constant."""
        r = [1.0, 1.0] + [0.0] * (len(self.sums) - 2)
        p = self._parent(i)
        scale = self._square(r, centered=True) * self._square(p, centered=True)
        return self._product(r, p) / scale**0.5 if scale > 0 else 0.0

    def distance(self, i: int) -> float:
        """‖R − P‖/‖P‖ for parent ``i``."""
        difference = [0.0, 1.0] + [0.0] * (len(self.sums) - 2)
        if i:
            difference[i + 1] = -1.0
        length = self._square(self._parent(i))
        return (max(self._square(difference), 0.0) / length) ** 0.5 if length > 0 else 0.0

    def fit(self) -> tuple[Array, float] | None:
        """Least squares of r − q on p₂ − q, …: coefficients of the parents, summing to one; cos_fit.

        evidence.md, section 4.1. ``None`` with a single parent, or when parents do not differ.
        """
        if len(self.sums) < 3:
            return None
        inner, right = self.gram[2:, 2:], self.gram[2:, 1]
        if np.linalg.matrix_rank(inner) < len(inner):
            return None
        alpha = np.linalg.solve(inner, right)
        length = self.gram[1, 1] * float(alpha @ inner @ alpha)
        fitted = float(alpha @ right) / length**0.5 if length > 0 else 0.0
        return np.concatenate([[1 - alpha.sum()], alpha]), fitted


def empty(parents: int) -> Moments:
    """Of no elements."""
    size = parents + 1
    return Moments(0, np.zeros(size), np.zeros((size, size)), (0,) * parents, 0)


def moments(
    x: Numbers, parents: Sequence[Numbers], recipe: Sequence[float] | None, dtype: str
) -> Moments:
    """Sum over some elements, block by block, so that everything stays in the processor's cache.

    Args:
        x: ``(n,)`` the model's numbers; uint16 means the bits of bfloat16.
        parents: ``(n,)`` of each parent.
        recipe: the coefficient of each parent, to be replayed in float32 with one rounding.
        dtype: in which the model is stored.
    """
    table = _Table(_buffers(x, parents), recipe, dtype)
    for at in range(0, x.size, STEP):
        table.add(x[at : at + STEP], [p[at : at + STEP] for p in parents])
    gram = table.gram + np.triu(table.gram, 1).T
    return Moments(table.n, table.sums, gram, tuple(table.identical), table.replayed)


class _Buffers:
    """The memory of one thread: every pass writes into what is already in the cache."""

    def __init__(self, parents: int, kind: Any) -> None:
        self.kind = kind
        self.vectors = np.empty((parents + 1, STEP), kind)
        self.x = np.empty(STEP, kind)
        self.parents = np.empty((parents - 1, STEP), kind)
        self.blend, self.term = np.empty(STEP, kind), np.empty(STEP, kind)
        self.ones = np.ones(STEP, kind)


_of_thread = threading.local()


def _buffers(x: Numbers, parents: Sequence[Numbers]) -> _Buffers:
    """The thread's, made anew when other ones are needed: fresh memory costs as much as a pass."""
    wide = any(a.dtype == np.float64 for a in (x, *parents))
    kind = np.float64 if wide else np.float32
    kept: _Buffers | None = getattr(_of_thread, "buffers", None)
    if kept is None or kept.kind is not kind or len(kept.parents) != len(parents) - 1:
        kept = _of_thread.buffers = _Buffers(len(parents), kind)
    return kept


class _Table:
    """The sums so far."""

    def __init__(self, buffers: _Buffers, recipe: Sequence[float] | None, dtype: str) -> None:
        size = len(buffers.vectors)
        self.buffers, self.recipe, self.dtype = buffers, recipe, dtype
        self.n = self.replayed = 0
        self.sums, self.gram = np.zeros(size), np.zeros((size, size))
        self.identical = [0] * (size - 1)

    def add(self, x: Numbers, parents: Sequence[Numbers]) -> None:
        n = x.size
        vectors = self.buffers.vectors[:, :n]
        load = _pairs if all(a.dtype == np.uint16 for a in (x, *parents)) else _load
        x_ = load(x, self.buffers.x)
        first = load(parents[0], vectors[0])
        vectors[0] = first  # no work where it is already there
        parents_ = [vectors[0]]
        rest = zip(parents[1:], self.buffers.parents, strict=True)
        parents_ += [load(p, row) for p, row in rest]
        np.subtract(x_, vectors[0], out=vectors[1])
        for i, p in enumerate(parents_[1:]):
            np.subtract(p, vectors[0], out=vectors[i + 2])
        ones = self.buffers.ones[:n]
        sums = [row.dot(ones) for row in vectors]
        if not np.isfinite(sums).all():
            good = np.isfinite(vectors).all(axis=0)
            kept = [a[good] for a in (x_, *parents_)]
            if len(kept[0]):  # what is left has only finite numbers
                self.add(kept[0], kept[1:])
            return
        self.n += n
        self.sums += sums
        # Products one by one: BLAS is slower in A Aᵀ, and in A v, for so flat a matrix.
        for i, row in enumerate(vectors):
            for j in range(i, len(vectors)):
                self.gram[i, j] += row.dot(vectors[j])
        for i, p in enumerate(parents_):
            same = x == parents[i] if x.dtype == parents[i].dtype else x_ == p
            self.identical[i] += int(np.count_nonzero(same))
        if self.recipe:
            self.replayed += self._replayed(x_, parents_)

    def _replayed(self, x: Floats, parents: Sequence[Floats]) -> int:
        """Elements that the blend, rounded once to the model's type, gives to the bit."""
        n, recipe = x.size, self.recipe or ()
        blend, term = self.buffers.blend[:n], self.buffers.term[:n]
        np.multiply(parents[0], blend.dtype.type(recipe[0]), out=blend)
        for weight, p in zip(recipe[1:], parents[1:], strict=True):
            np.multiply(p, blend.dtype.type(weight), out=term)
            blend += term
        if self.dtype == "BF16" and blend.dtype == np.float32:
            bits, odd = blend.view(np.uint32), term.view(np.uint32)
            np.right_shift(bits, np.uint32(16), out=odd)
            odd &= np.uint32(1)
            bits += odd
            bits += np.uint32(0x7FFF)
            bits &= np.uint32(0xFFFF0000)
        elif self.dtype == "F16":
            blend = blend.astype(np.float16).astype(np.float32)
        return int(np.count_nonzero(blend == x))


def _load(numbers: Numbers, out: Floats) -> Floats:
    """Numbers in float; bits of bfloat16 become the upper halves of float32."""
    if numbers.dtype == np.uint16:
        if out.dtype != np.float32:
            return decode("BF16", numbers.tobytes()).astype(out.dtype)
        bits = out.view(np.uint32)[: numbers.size]
        bits[:] = numbers
        np.left_shift(bits, np.uint32(16), out=bits)
        return out[: numbers.size]
    return np.asarray(numbers, out.dtype)


def _pairs(numbers: Numbers, out: Floats) -> Floats:
    """The same, for bfloat16 in all models, two at once: first all that are even, then all odd ones.

    Sums ask for no order, only for one that is the same in every model.
    """
    n, half = numbers.size, numbers.size // 2
    bits = out.view(np.uint32)
    words = numbers[: 2 * half].view(np.uint32)
    np.left_shift(words, np.uint32(16), out=bits[:half])
    np.bitwise_and(words, np.uint32(0xFFFF0000), out=bits[half : 2 * half])
    if n % 2:
        bits[n - 1] = np.uint32(numbers[-1]) << np.uint32(16)
    return out[:n]
