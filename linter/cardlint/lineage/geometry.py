"""Where models of one family lie: distances, and who lies between whom.

All figures come from inner products of differences over the elements that every model was read at,
one matrix of products for each tensor, so that any subset of models can be tried as parents without
touching the elements again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from cardlint.weights.align import Aligned
from cardlint.weights.screen import BITS

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Mix:
    """One model as a mixture of others."""

    parts: tuple[int, ...]
    """Which others."""
    weights: tuple[float, ...]
    """Pooled over the tensors."""
    left: float
    """Squared distance that the mixture leaves, each tensor with weights of its own."""


@dataclass(frozen=True)
class Cloud:
    """Models as points; number 0 is the one that is traced."""

    products: Floats
    """``(t, n + 1, n + 1)``: inner products of the matrices' elements, minus those of model 0; the
    last row and column are those of zeros."""
    rounding: Floats
    """``(n,)``: the squared length that rounding to the stored format adds to each model."""
    norm: float
    """Length of model 0."""
    zeroed: Floats
    """``(n,)``: of the elements in which a model differs from model 0, the share that is zero."""

    def distance(self, i: int, j: int) -> float:
        """Squared distance."""
        g = self._total
        return float(max(g[i, i] + g[j, j] - 2 * g[i, j], 0.0))

    @property
    def _total(self) -> Floats:
        total: Floats = self.products.sum(axis=0)
        return total

    def cosine(self, at: int, i: int, j: int) -> float:
        """Of the ways from ``at`` to ``i`` and to ``j``."""
        a, b, c = self.distance(at, i), self.distance(at, j), self.distance(i, j)
        return float((a + b - c) / (2 * np.sqrt(a * b))) if a and b else 0.0

    def nearest(self, i: int, among: Sequence[int]) -> list[int]:
        """Others by distance from model ``i``, nearest first."""
        return sorted((j for j in among if j != i), key=lambda j: (self.distance(i, j), j))

    def mixes(self, i: int, among: Sequence[int], size: int, *, free: bool = False) -> list[Mix]:
        """Every mixture of so many of ``among``, the one that leaves least first.

        Each tensor has weights of its own (SLERP and its kin do).

        Args:
            i: what is mixed.
            among: of what.
            size: of how many.
            free: whether the weights may have any sum; otherwise it is one.
        """
        chosen = np.array(list(combinations(sorted(among), size)), np.int64).reshape(-1, size)
        if not len(chosen):
            return []
        origin = np.full((len(chosen), 1), self.origin)
        around = self._around(i, np.hstack([chosen, origin]) if free else chosen)
        left = _least(around)[1].sum(axis=0)
        weights = _least(around.sum(axis=0))[0][:, :size]
        order = np.argsort(left, kind="stable")
        return [
            Mix(tuple(chosen[n].tolist()), tuple(weights[n].tolist()), float(left[n]))
            for n in order
        ]

    @property
    def origin(self) -> int:
        """The place in :attr:`products` of a model of zeros: what is taken of it is taken of none."""
        return len(self.rounding)

    def _around(self, i: int, chosen: npt.NDArray[np.int64]) -> Floats:
        """``(t, m, k, k)``: inner products of ``part − i``, for ``m`` choices of ``k`` parts."""
        p = self.products
        g = p[:, chosen[:, :, None], chosen[:, None, :]]
        cross = p[:, chosen, i]
        around: Floats = g - cross[..., :, None] - cross[..., None, :]
        around += p[:, i, i][:, None, None, None]
        return around


def _least(g: Floats) -> tuple[Floats, Floats]:
    """Weights with sum one that make ``wᵀ g w`` least, and that least (Lagrange: ``w ∝ g⁻¹ 1``).

    Args:
        g: ``(…, k, k)``, positive semidefinite up to rounding.
    """
    k = g.shape[-1]
    scale = np.trace(g, axis1=-2, axis2=-1)[..., None, None] / k
    ridge = np.eye(k) * (scale * 1e-12 + 1e-300)
    solved = np.linalg.solve(g + ridge, np.ones((*g.shape[:-1], 1)))[..., 0]
    weights: Floats = solved / solved.sum(axis=-1, keepdims=True)
    left = np.einsum("...i,...ij,...j->...", weights, g, weights)
    return weights, np.maximum(left, 0.0)


def cloud(tensors: Sequence[Aligned], n: int) -> Cloud:
    """Place a model and others over the matrices that all of them have.

    Args:
        tensors: :func:`usable` ones: of the traced model, the others as its parents.
        n: how many models there are, the traced one included.
    """
    products = np.zeros((len(tensors), n + 1, n + 1))
    square = 0.0
    differing, zeros = np.zeros(n), np.zeros(n)
    rounding = np.zeros(n)
    for row, tensor in enumerate(tensors):
        values = [tensor.x, *(p for p in tensor.parents if p is not None)]
        zero = tensor.x.astype(np.float64)
        moved = np.stack([*(v.astype(np.float64) - zero for v in values), -zero])
        products[row] = moved @ moved.T
        square += float(zero @ zero)
        for k, v in enumerate(values):
            other = v != tensor.x
            differing[k] += np.count_nonzero(other)
            zeros[k] += np.count_nonzero(v[other] == 0)
        rounding += [_rounding(v, dtype) for v, dtype in zip(values, tensor.dtypes, strict=True)]
    return Cloud(products, rounding, norm=square**0.5, zeroed=zeros / np.maximum(differing, 1))


def usable(tensor: Aligned) -> bool:
    """Whether it says where models lie: a matrix that all of them have."""
    return len(tensor.shape) > 1 and not tensor.fixed and all(p is not None for p in tensor.parents)


def _rounding(values: npt.NDArray[np.floating], dtype: str | None) -> float:
    """Σ ulp²/12: the variance of rounding to nearest, over all elements."""
    bits = BITS.get(dtype or "", BITS["BF16"])
    _, exponent = np.frexp(values.astype(np.float64))
    return float(np.sum(np.ldexp(1.0, 2 * (exponent - bits)))) / 12
