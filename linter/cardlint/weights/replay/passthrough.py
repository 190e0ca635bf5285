"""Tensors taken as they are from more than one parent (mergekit, ``passthrough.py``)."""

from __future__ import annotations

import numpy as np

from cardlint.findings import Json
from cardlint.weights.align import Aligned
from cardlint.weights.replay.explanation import Explanation, Floats, Problem
from cardlint.weights.rounding import to_dtype

COPIED = "copied"
LEAST = 0.05
"""Share of the tensors that a second parent must give, so that one odd tensor makes no merge."""


def passthrough(problem: Problem) -> Explanation | None:
    """Every tensor is one parent's, and no single parent has them all."""
    origin: dict[str, int] = {}
    told: list[set[int]] = []
    same = total = 0
    for t in problem.tensors:
        givers = {j for j, p in enumerate(t.parents) if p is not None and _taken(t, p)}
        total += t.x.size
        if givers:
            same += t.x.size
        told.append(givers)
    matched = [g for g in told if g]
    if not told or len(matched) < 0.97 * len(told) or set.intersection(*matched):
        return None
    for t, givers in zip(problem.tensors, told, strict=True):
        if givers:
            origin[t.canonical] = min(givers)
    parts = [sum(1 for g in matched if g == {j}) for j in range(len(problem.names))]
    if sum(n >= LEAST * len(matched) for n in parts) < 2:
        return None
    return Explanation(
        method="passthrough",
        coefficients={},
        consistency=same / total,
        chance=0.0,
        arithmetic=COPIED,
        parameters={"layers": _layers(problem, origin)},
        replay=same / total,
        not_followed=tuple(t.canonical for t in problem.tensors if t.canonical not in origin),
        per_tensor={
            t.canonical: (1.0 if origin.get(t.canonical) == 0 else 0.0, 1.0)
            for t in problem.tensors
            if t.canonical in origin
        },
    )


def _taken(t: Aligned, p: Floats) -> bool:
    return np.array_equal(to_dtype(p, t.dtypes[0] or ""), t.x)


def _layers(problem: Problem, origin: dict[str, int]) -> Json:
    """Model layer → where its tensors come from, as ``PARENT layer N``."""
    out: dict[str, dict[str, None]] = {}
    for t in problem.tensors:
        j = origin.get(t.canonical)
        if j is None:
            continue
        key = "other" if t.layer is None else str(t.layer)
        name = t.names[j] or t.canonical
        number = next((w for w in name.split(".") if w.isdigit()), None)
        where = problem.names[j] + (f" layer {number}" if t.layer is not None and number else "")
        out.setdefault(key, {})[where] = None
    return {key: ", ".join(places) for key, places in out.items()}
