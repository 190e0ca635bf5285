"""Which recipes are tried, in which order."""

from __future__ import annotations

from collections.abc import Callable

from cardlint.weights.replay import elementwise, linear, passthrough, sparse, spherical
from cardlint.weights.replay.explanation import Explanation, Problem, single_share

RECIPES: tuple[tuple[Callable[[Problem], Explanation | None], float], ...] = (
    (passthrough.passthrough, 0.97),
    (linear.linear, linear.CONSISTENT),
    (elementwise.elementwise, 0.95),
    (spherical.spherical, 0.97),
    (linear.by_tensor, linear.CONSISTENT),
    (linear.unnormalized, linear.CONSISTENT),
    (sparse.sparse, sparse.EXPLAINED),
)
"""From few parameters to many, and the share that each must explain: the first that explains the
weights is the answer."""

MARGIN = 0.02
"""By how much a recipe must explain more elements to the bit than one parent alone does."""


def explain(problem: Problem) -> Explanation | None:
    """The simplest recipe that explains the weights, or ``None``."""
    if len(problem.names) < 2 or not problem.tensors:
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
