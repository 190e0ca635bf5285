"""Which recipes are tried, in which order."""

from __future__ import annotations

from collections.abc import Callable

from cardlint.weights.replay import elementwise, linear, passthrough, sparse, spherical
from cardlint.weights.replay.explanation import PROOF, Explanation, Problem, single_share

RECIPES: tuple[Callable[[Problem], Explanation | None], ...] = (
    passthrough.passthrough,
    linear.linear,
    linear.unnormalized,
    elementwise.elementwise,
    spherical.spherical,
    sparse.sparse,
)
"""From few parameters to many: the first that explains the weights is the answer."""

MARGIN = 0.02
"""By how much a recipe must explain more elements to the bit than one parent alone does."""


def explain(problem: Problem) -> Explanation | None:
    """The simplest recipe that explains the weights, or ``None``."""
    if len(problem.names) < 2 or not problem.tensors:
        return None
    alone = single_share(problem.tensors)
    best: Explanation | None = None
    for recipe in RECIPES:
        found = recipe(problem)
        if found is None or (found.replay or found.consistency) < alone + MARGIN:
            continue
        if (found.replay or 0.0) >= PROOF:
            return found
        if best is None or (found.replay or 0.0) > (best.replay or 0.0):
            best = found
    return best
