"""NuSLERP and model stock with an angle for each row: ``nuslerp_flatten: false``, ``filter_wise: true``.

As mergekit 0.1.5 computes them (``nuslerp.py``, ``model_stock.py``). Parts are ``(…, n)``: the last
axis is a row. ``r`` rounds after every operation, as in :mod:`.angles`; sums are not rounded before
their end.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from cardlint.weights.replay.explanation import Array, Round, Single


def _norms(x: Single, r: Round) -> Single:
    return r(np.sqrt(np.sum(x.astype(np.float64) ** 2, axis=-1, keepdims=True)))


def _dots(x: Single, y: Single, r: Round) -> Single:
    return r(np.sum(r(x * y), axis=-1, keepdims=True, dtype=np.float64))


def nuslerp_by_row(parts: Sequence[Single], theta: Array, r: Round) -> Single:
    """``parts`` = (v0, v1), possibly differences; ``theta`` = (t,); linear where rows are parallel."""
    v0, v1 = parts
    t = np.float32(theta[0])
    u0, u1 = (r(v / np.maximum(_norms(v, r), np.float32(1e-7))) for v in parts)
    cosine = np.clip(_dots(u0, u1, r), -1, 1)
    parallel = r(1 - r(cosine * cosine)) <= 1e-16
    angle = r(np.arccos(np.where(parallel, np.float32(0), cosine)))
    sine = np.where(parallel, np.float32(1), r(np.sin(angle)))
    a, c = (r(np.sin(r(np.float32(w) * angle))) for w in (1 - t, t))
    bent = r(r(r(a * v0) + r(c * v1)) / sine)
    return np.where(parallel, r(r((1 - t) * v0) + r(t * v1)), bent)


def model_stock_by_row(parts: Sequence[Single], theta: Array, r: Round) -> Single:
    """``parts`` = (base, fine-tunes …): t·mean + (1 − t)·base, t from the row's mean cosine."""
    del theta
    base, tuned = parts[0], parts[1:]
    n = len(tuned)
    offsets = [r(v - base) for v in tuned]
    lengths = [_norms(d, r) for d in offsets]
    cosines = [
        np.clip(
            r(
                _dots(offsets[i], offsets[j], r)
                / np.maximum(r(lengths[i] * lengths[j]), np.float32(1e-6))
            ),
            -1,
            1,
        )
        for i, j in combinations(range(n), 2)
    ]
    cosine = r(np.mean(np.stack(cosines), axis=0, dtype=np.float64))
    below = r(1 + r((n - 1) * cosine))
    singular = np.abs(below) < 1e-6
    t = np.where(singular, np.float32(0), r(r(n * cosine) / np.where(singular, 1, below)))
    total = tuned[0]
    for v in tuned[1:]:
        total = r(total + v)
    return r(r(t * r(total / np.float32(n))) + r(r(1 - t) * base))
