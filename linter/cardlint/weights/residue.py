"""What the best mixture leaves: inside rounding, training, or a parent that was not given.

From weights alone a small further parent and a little later training look the same; so do a merge
that was trained and a model trained half as far along the same path. This module measures and says
which readings remain; it never turns a residue into a merge.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cardlint.weights.evidence import Interval
from cardlint.weights.replay.explanation import Problem
from cardlint.weights.samples import Array, Sample

CELLS = 4.0
"""Differences of so many cells are not moved by rounding: least squares is fair on them."""

LEAST_PART = 0.08
"""Fine-tunes of one base share a little of their change, and a chain looks like 0.94 of the parent
and 0.06 of its base: smaller parts say nothing."""
SHORT_STEP = 0.25
LEAST_STEP = 0.01
"""A parent near its base takes a large coefficient from a little shared direction: its part must
also be a part of the way."""


ON_LINE = 0.1
"""‖residue‖² by Σ c(1 − c)‖P − Q‖², from which a model is on the line of two others: a stage whose
later training owes nothing to the earlier has 1, stages of one path have 0.03 to 0.4."""
GRADED = 0.1
"""How far the tensors' coefficients must be apart (scaled median deviation): in stages of one path
that lie on the line they agree to 0.01 to 0.05."""
MOST = 0.8
"""Of the tensors must have a part of both."""


@dataclass(frozen=True, slots=True)
class Residue:
    """The least-squares mixture of a model that no recipe explains to the bit."""

    coefficients: dict[int, Interval]
    size: float
    """‖residue‖ / ‖largest difference of parents‖."""
    cos_fit: float
    """How much of the model's change from the nearest end lies along the parents' difference."""
    between: bool
    """Whether some parent has a part that is neither nothing nor everything, in all tensors alike:
    then no single parent accounts for the model."""
    closed: bool
    """Whether the model lies on the way between the parents, and not merely beside both."""
    graded: bool = False
    """Whether every tensor lies on the way, at a place of its own: weights that vary with depth or
    component. Training along one path moves all tensors about as far."""


def measure(problem: Problem) -> Residue | None:
    """Fit on the elements where rounding does not bias, tensor by tensor.

    The intervals are twice the standard error over tensors: they say how well the tensors agree,
    not how many elements there are.
    """
    k = len(problem.names)
    rows: list[Array] = []
    sums: list[tuple[float, float, float]] = []
    way = 0.0
    for s in problem.samples:
        if len(s.tensor.shape) < 2:
            continue
        i = s.informative(CELLS)
        if len(i.x) < 100:
            continue
        found = _least_squares(i)
        if found is not None:
            c, left, moved, apart = found
            rows.append(c)
            way += max(float(c[0] * c[1]) * apart, 0.0) if k == 2 else 0.0
            sums.append((left, moved, apart))
    if len(rows) < 2:
        return None
    table = np.array(rows)
    left, moved, apart = (sum(column) for column in zip(*sums, strict=True))
    middle = np.median(table, axis=0)
    deviation = 1.4826 * np.median(np.abs(table - middle), axis=0)
    error = 2 * deviation / np.sqrt(len(table))
    coefficients = {
        j: Interval(float(m), float(m - e), float(m + e))
        for j, (m, e) in enumerate(zip(middle, error, strict=True))
    }
    size = left / apart if apart > 0 else 0.0
    cos_fit = float(np.sqrt(max(0.0, 1 - left / moved))) if moved > 0 else 0.0
    parts = [j for j in range(k) if _a_part(float(middle[j]), float(deviation[j]))]
    largest = float(middle[parts].max()) if parts else 0.0
    # A common base of two fine-tunes, or a third one, has the residue a(1 − a) of their distance
    # for no reason but geometry; a blend has much less.
    closed = size < 0.5 * largest * (1 - largest)
    # A small step along a parent's own path is training on the same data, not a part of it.
    along = _along(problem, middle)
    inside = (table[:, 0] > LEAST_PART) & (table[:, 0] < 1 - LEAST_PART)
    graded = (
        k == 2 and left < ON_LINE * way and deviation[0] > GRADED and bool(inside.mean() > MOST)
    )
    same_path = largest < SHORT_STEP or (k == 2 and min(middle) < SHORT_STEP)
    return Residue(
        coefficients=coefficients,
        size=float(np.sqrt(size)),
        cos_fit=cos_fit,
        between=graded or (bool(parts) and along > LEAST_STEP and not (same_path and along > 0.3)),
        closed=closed or graded,
        graded=graded,
    )


def _a_part(value: float, deviation: float) -> bool:
    """Whether a coefficient is neither nothing nor everything, and tensors agree on it."""
    return LEAST_PART < value < 1 - LEAST_PART and deviation < 0.35 * min(value, 1.5 * (1 - value))


def _along(problem: Problem, c: Array) -> float:
    """Share of the way from the nearest parent (squared) that the other parents' parts make."""
    near = int(np.argmax(c))
    step = rest = 0.0
    for s in problem.samples:
        q = s.p[:, near]
        fitted = s.p @ c - q
        step += float(fitted @ fitted)
        rest += float(np.sum((s.x - q - fitted) ** 2))
    return step / (step + rest) if step + rest > 0 else 0.0


def _least_squares(s: Sample) -> tuple[Array, float, float, float] | None:
    """Coefficients summing to one; ‖left‖², ‖R − nearest‖², ‖largest difference of parents‖²."""
    q = s.p[:, -1]
    design, target = s.p[:, :-1] - q[:, None], s.x - q
    gram = design.T @ design
    scale = float(np.trace(gram)) / len(gram)
    if scale <= 0:
        return None
    c = np.linalg.solve(gram + 1e-9 * scale * np.eye(len(gram)), design.T @ target)
    left = float(np.sum((target - design @ c) ** 2))
    distances = [float(np.sum((s.x - s.p[:, j]) ** 2)) for j in range(s.p.shape[1])]
    apart = max(
        float(np.sum((s.p[:, i] - s.p[:, j]) ** 2)) for i in range(s.p.shape[1]) for j in range(i)
    )
    full: Array = np.append(c, 1 - c.sum())
    return full, left, max(distances), apart


def left_over(x: Array, p: Array) -> float:
    """‖x − p c‖² for the best ``c`` summing to one; ``p`` is ``(n, k)``."""
    q = p[:, -1]
    target = x - q
    if p.shape[1] == 1:
        return float(target @ target)
    design = p[:, :-1] - q[:, None]
    gram = design.T @ design
    scale = float(np.trace(gram)) / len(gram)
    if scale <= 0:
        return float(target @ target)
    c = np.linalg.solve(gram + 1e-9 * scale * np.eye(len(gram)), design.T @ target)
    return float(np.sum((target - design @ c) ** 2))
