"""Null distributions taken from the data themselves.

A Gaussian formula for a cosine of 0 ± 1/√n forgets that rows of a matrix are not independent. What
is exchangeable under independent training is the order of the neurons: if two models were trained
from independent initialisations, any pairing of their rows is as likely as the one observed (Zhu et
al., ICML 2025, "Independence tests for language models"). Permuting the rows of one of them
therefore gives a p-value that is valid at any sample size.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

PERMUTATIONS = 999
MAX_ROWS = 96
"""Rows of one tensor that enter: the matrix of row products has the square of it."""
_FLOOR = 1e-300


def row_p_value(x: npt.NDArray[np.floating], y: npt.NDArray[np.floating], seed: int = 0) -> float:
    """How often a random pairing of rows agrees at least as well as the given one.

    Args:
        x: ``(rows, columns)``, the rows of one tensor.
        y: the same rows of the other model's tensor.
        seed: of the permutations.

    Returns:
        (1 + permutations at least as extreme) / (1 + permutations), two-sided.
    """
    step = max(1, len(x) // MAX_ROWS)
    x, y = x[::step][:MAX_ROWS], y[::step][:MAX_ROWS]
    n = len(x)
    if n < 6:  # fewer than 720 orders: no small p-value is possible
        return 1.0
    products = np.asarray((x - x.mean()) @ (y - y.mean()).T, np.float64)
    rng = np.random.default_rng(seed)
    orders = rng.permuted(np.tile(np.arange(n), (PERMUTATIONS, 1)), axis=1)
    null = products[np.arange(n), orders].sum(axis=1)
    center = products.sum() / n  # the exact mean over all permutations
    observed = abs(np.trace(products) - center)
    extreme = int(np.count_nonzero(np.abs(null - center) >= observed * (1 - 1e-12)))
    return (1 + extreme) / (1 + PERMUTATIONS)


def combine(p_values: Iterable[float]) -> float:
    """One p-value from independent ones, by Fisher's method.

    The permutations of different tensors are drawn independently, so that under the null their
    p-values are independent given the data; discrete p-values make the result conservative.
    """
    logs = [math.log(p) for p in p_values]
    if not logs:
        return 1.0
    half = -sum(logs)  # half of Fisher's chi-squared statistic, which has 2k degrees of freedom
    # P(χ²₂ₖ > 2·half) = exp(−half) Σ_{j<k} halfʲ/j!, summed in logarithms.
    terms = [j * math.log(half) - math.lgamma(j + 1) if half > 0 else 0.0 for j in range(len(logs))]
    top = max(terms)
    log_p = -half + top + math.log(sum(math.exp(t - top) for t in terms))
    return min(1.0, max(_FLOOR, math.exp(max(log_p, math.log(_FLOOR)))))
