"""Which recipes are tried, in which order."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

import numpy as np

from cardlint.weights.replay import elementwise, linear, passthrough, patterns, sparse, spherical
from cardlint.weights.replay.explanation import Explanation, Problem, single_share

RECIPES: tuple[tuple[Callable[[Problem], Explanation | None], float], ...] = (
    (passthrough.passthrough, 0.97),
    (linear.linear, linear.CONSISTENT),
    (elementwise.elementwise, 0.95),
    (spherical.spherical, 0.97),
    (linear.by_tensor, linear.CONSISTENT),
    (linear.unnormalized, linear.CONSISTENT),
    (sparse.sparse, patterns.EXPLAINED),
)
"""From few parameters to many, and the share that each must explain: the first that explains the
weights is the answer."""

MARGIN = 0.02
"""By how much a recipe must explain more elements to the bit than one parent alone does."""


def explain(problem: Problem) -> Explanation | None:
    """The simplest recipe that explains the weights, or ``None``."""
    if len(problem.names) < 2 or not problem.tensors or _one_step(problem):
        return None
    alone = single_share(problem.tensors)
    for recipe, least in RECIPES:
        found = recipe(problem)
        if found is None:
            continue
        share = max(found.replay or 0.0, found.consistency)
        if share >= max(least, alone + MARGIN):
            return found
    return None


SAME = 0.95
"""Share of the differences that have the median's size, of one step; 0.1 to 0.3 after some more."""
LEAST = 1000


def _one_step(problem: Problem) -> bool:
    """Whether two parents differ by one size everywhere, as after the first step of Adam.

    On the same data such steps have the same signs: a model two steps away is then on the line of
    the others, and a model one step away where a swap by so much would be. No arithmetic tells them.
    """
    samples = [s for s in problem.samples if len(s.tensor.shape) >= 2]
    for i, j in combinations(range(len(problem.names)), 2):
        gap = np.concatenate([np.abs(s.p[:, i] - s.p[:, j]) for s in samples] or [np.zeros(0)])
        width = np.concatenate([s.width for s in samples] or [np.zeros(0)])
        moved = gap > 0
        if int(np.count_nonzero(moved)) < LEAST:
            continue
        step = float(np.median(gap[moved]))
        fine = moved & (width < step / 8)
        same = np.abs(gap - step) <= 1.01 * width
        if int(np.count_nonzero(fine)) >= LEAST and same[fine].mean() >= SAME:
            return True
    return False
