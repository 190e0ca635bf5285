"""The formulas of merges on spheres: SLERP, NuSLERP, multi-SLERP, the Karcher mean, model stock.

As mergekit 0.1.5 computes them (``slerp.py``, ``nuslerp.py``, ``multislerp.py``, ``karcher.py``,
``model_stock.py``). Each is written once; ``r`` rounds after every operation, to bfloat16 or not at
all, which gives both arithmetics.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np

from cardlint.weights.replay.explanation import Array, Round, Single

LERP = 0.9995
"""|cos| above which SLERP becomes linear."""


def _one(x: float | np.floating, r: Round, shift: int = 0) -> np.float32:
    """A scalar, rounded; ``shift`` moves it by so many steps of bfloat16.

    Libraries add up long vectors of few bits in an order of their own: what comes out may be a step
    or two away, and every element of the tensor feels it.
    """
    value = float(r(np.array([x], np.float32))[0])
    if shift and value:
        value += shift * 2.0 ** (np.floor(np.log2(abs(value))) - 7)
    return np.float32(value)


def _norm(x: Single, r: Round) -> np.float32:
    return _one(np.sqrt(np.dot(x, x)), r)


def _dot(x: Single, y: Single, r: Round) -> np.float32:
    return _one(r(x * y).sum(dtype=np.float64), r)


def slerp(parts: Sequence[Single], theta: Array, r: Round) -> Single:
    """``parts`` = (v0, v1); ``theta`` = (t,). mergekit works in float32 whatever the dtype."""
    del r
    v0, v1 = parts
    t = float(theta[0])
    n0, n1 = (float(np.sqrt(np.dot(v, v))) or 1.0 for v in parts)
    cosine = float(np.clip(np.dot(v0 / np.float32(n0), v1 / np.float32(n1)), -1, 1))
    if abs(cosine) > LERP:
        return np.float32(1 - t) * v0 + np.float32(t) * v1
    angle = np.arccos(cosine)
    s = np.sin(angle)
    return np.float32(np.sin((1 - t) * angle) / s) * v0 + np.float32(np.sin(t * angle) / s) * v1


def nuslerp(parts: Sequence[Single], theta: Array, r: Round) -> Single:
    """``parts`` = (v0, v1), possibly differences; ``theta`` = (t,)."""
    v0, v1 = parts
    t = float(theta[0])
    u0 = r(v0 / np.maximum(_norm(v0, r), np.float32(1e-7)))
    u1 = r(v1 / np.maximum(_norm(v1, r), np.float32(1e-7)))
    shift = int(theta[1]) if len(theta) > 1 else 0
    cosine = float(np.clip(_one(_dot(u0, u1, r), r, shift), -1, 1))
    if 1 - cosine**2 <= 1e-16:
        return r(r(np.float32(1 - t) * v0) + r(np.float32(t) * v1))
    angle = float(_one(np.arccos(cosine), r))
    sine = _one(np.sin(angle), r)
    a = _one(np.sin(float(_one((1 - t) * angle, r))), r)
    c = _one(np.sin(float(_one(t * angle, r))), r)
    return r(r(r(a * v0) + r(c * v1)) / sine)


def multislerp(parts: Sequence[Single], theta: Array, r: Round) -> Single:
    """``theta`` holds the weights of all but the last part; all sum to one."""
    w = r(np.array([*theta, 1 - float(np.sum(theta))], np.float32))
    norms = [_norm(v, r) for v in parts]
    units = [
        r(v / r(np.array([n + np.float32(1e-8)]))[0]) for v, n in zip(parts, norms, strict=True)
    ]
    mean = r(_total(r(u * x) for u, x in zip(units, w, strict=True)))
    mean = r(mean / np.maximum(_norm(mean, r), np.float32(1e-8)))
    tangents = []
    for u in units:
        along = _dot(u, mean, r)
        tangents.append(r(u - r(along * mean)))
    step = r(_total(r(u * x) for u, x in zip(tangents, w, strict=True)))
    length = _one(_norm(step, r) + np.float32(1e-8), r)
    c, s = (_one(f(length), r) for f in (np.cos, np.sin))
    ratio = _one(s / length, r)
    out = r(r(mean * c) + r(step * ratio))
    size = _one(r(np.array(norms) * w).sum(), r)
    return r(out * size)


def _total(terms: Iterator[Single]) -> Single:
    first = next(terms)
    total = first.copy()
    for x in terms:
        total += x
    return total


def karcher(parts: Sequence[Single], theta: Array, r: Round) -> Single:
    """The mean on the sphere with equal weights, at most ten steps; the parts' mean norm."""
    del theta
    k = len(parts)
    alpha = 1.0 / k
    norms = [np.float32(np.sqrt(np.dot(v, v))) for v in parts]
    if min(float(n) for n in norms) <= 1e-5:
        return np.zeros_like(parts[0])
    units = [r(v / n) for v, n in zip(parts, norms, strict=True)]
    mean = np.zeros_like(units[0])
    for u in units:
        mean = r(mean + r(np.float32(alpha) * u))
    mean = r(mean / np.float32(np.sqrt(np.dot(mean, mean))))
    for _ in range(10):
        tangent = np.zeros_like(mean)
        for u in units:
            dot = float(_one(np.clip(np.dot(mean, u), -1, 1), r))
            angle = float(_one(np.arccos(dot), r))
            if angle < 1e-5:
                continue
            ratio = _one(angle / float(_one(np.sin(angle), r)), r)
            scale = _one(alpha * float(ratio), r)
            tangent = r(tangent + r(scale * r(u - r(np.float32(dot) * mean))))
        length = np.float32(np.sqrt(np.dot(tangent, tangent)))
        if length < 1e-5:
            break
        # torch rounds a float32 scalar to the tensor's dtype where it stands first (s · x), and not
        # where it stands second (x / s).
        turned = r(_one(np.sin(length), r) * r(tangent / length))
        mean = r(r(_one(np.cos(length), r) * mean) + turned)
        mean = r(mean / np.float32(np.sqrt(np.dot(mean, mean))))
    return _one(sum(alpha * float(n) for n in norms), r) * mean


def model_stock(parts: Sequence[Single], theta: Array, r: Round) -> Single:
    """``parts`` = (base, fine-tunes …): t·mean + (1 − t)·base with t from the mean cosine."""
    shift = int(theta[0]) if len(theta) else 0
    base, tuned = parts[0], parts[1:]
    n = len(tuned)
    offsets = [r(v - base) for v in tuned]
    lengths = [_norm(d, r) for d in offsets]
    cosines = []
    for i, j in combinations(range(n), 2):
        product = max(_one(lengths[i] * lengths[j], r), np.float32(1e-6))
        value = float(_one(_dot(offsets[i], offsets[j], r) / product, r))
        cosines.append(min(max(value, -1.0), 1.0))
    cosine = _one(np.mean(np.array(cosines, np.float32)), r)
    below = _one(1 + float(_one((n - 1) * cosine, r)), r)
    if abs(below) < 1e-6:
        return base
    t = _one(_one(n * cosine, r) / below, r, shift)
    mean = r(_sum_rounded(tuned, r) / np.float32(n))
    return r(r(t * mean) + r(_one(1 - float(t), r) * base))


def _sum_rounded(parts: Sequence[Single], r: Round) -> Single:
    total = parts[0]
    for v in parts[1:]:
        total = r(total + v)
    return total
