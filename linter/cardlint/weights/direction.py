"""Which of two related models came first: honest, and often unknown.

What training adds is, to first order, not aligned with the weights it starts from, while it is part
of the weights it leads to. With δ = R − P, a child R has ⟨δ,P⟩ ≈ 0 and ⟨δ,R⟩ ≈ ‖δ‖², so that
g = (‖R‖² − ‖P‖²)/‖δ‖² is near +1 when R was made from P and near −1 when P was made from R. Weight
decay and growth of scale move g; two children of one model lie between, and near ±1 where one of them
was trained much further than the other. So a pair alone never tells surely; a third model may, and so
do elements that were set to zero.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cardlint.findings import Confidence

FROM_PARENT, FROM_MODEL, SIBLINGS, UNKNOWN = (
    "model-from-parent",
    "parent-from-model",
    "siblings",
    "unknown",
)


def by_growth(growth: Sequence[float]) -> tuple[str, Confidence]:
    """The direction from ``g`` of each tensor: a hint, never surer than low."""
    g = np.asarray(growth, np.float64)
    if g.size < 4:
        return UNKNOWN, Confidence.LOW
    middle = float(np.median(g))
    agreeing = float(np.mean(np.sign(g) == np.sign(middle)))
    if abs(middle) < 0.4 or agreeing < 0.75:
        return UNKNOWN, Confidence.LOW
    return (FROM_PARENT if middle > 0 else FROM_MODEL), Confidence.LOW


def by_zeros(model: int, parent: int, same: int, n: int) -> tuple[str, Confidence] | None:
    """The direction from elements that only one of the two has set to zero, as pruning does.

    Only where the others are the same: a training that fills the zeros of a pruned model changes
    them too, and then which was first is not told.

    Args:
        model: elements that are zero in the model and not in the parent.
        parent: the other way round.
        same: elements that are equal.
        n: elements compared.
    """
    most, least = max(model, parent), min(model, parent)
    if most < 0.01 * n or least > 0.01 * most or same < 0.9 * (n - most):
        return None
    return (FROM_PARENT if model > parent else FROM_MODEL), Confidence.MEDIUM


def by_base(
    model: float, parent: float, between: float, growth: float
) -> tuple[str, Confidence] | None:
    """The direction from the three distances to a common base, or ``None`` where they do not tell.

    Args:
        model: ‖R − Q‖².
        parent: ‖P − Q‖².
        between: ‖R − P‖².
        growth: ‖P‖² − ‖Q‖²; Q is the base of P only where P has grown.
    """
    if min(model, parent, between) <= 0 or growth < 0.4 * parent:
        return None
    cosine = (model + parent - between) / (2 * (model * parent) ** 0.5)
    if between > 0.6 * (model + parent) and cosine < 0.4:
        return SIBLINGS, Confidence.MEDIUM
    # A path Q → P → R: what happened after P is new, so that ⟨P − Q, R − P⟩ ≈ 0.
    if cosine > 0.5 and abs(model - parent - between) < 0.3 * between and parent < model:
        return FROM_PARENT, Confidence.MEDIUM
    if cosine > 0.5 and abs(parent - model - between) < 0.3 * between and model < parent:
        return FROM_MODEL, Confidence.MEDIUM
    return None
