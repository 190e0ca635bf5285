"""Sets of positions as ascending, disjoint runs: ``(k, 2)`` int64, first element and length."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from cardlint.weights.sketch import Block

Runs = npt.NDArray[np.int64]


def intersect(a: Runs, b: Runs) -> Runs:
    """The positions that are in both."""
    if np.array_equal(a, b):
        return a
    result: list[tuple[int, int]] = []
    i = j = 0
    while i < len(a) and j < len(b):
        start = max(a[i, 0], b[j, 0])
        a_end, b_end = a[i, 0] + a[i, 1], b[j, 0] + b[j, 1]
        if start < min(a_end, b_end):
            result.append((int(start), int(min(a_end, b_end) - start)))
        i, j = (i + 1, j) if a_end <= b_end else (i, j + 1)
    return np.array(result, np.int64).reshape(-1, 2)


def below(runs: Runs, end: int) -> Runs:
    """The positions under ``end``."""
    return intersect(runs, np.array([[0, end]], np.int64))


def count(runs: Runs) -> int:
    """How many positions."""
    return int(runs[:, 1].sum())


def values(block: Block, runs: Runs) -> npt.NDArray[np.floating]:
    """The block's values at ``runs``, all of which it must hold; a view where it can be one."""
    if np.array_equal(runs, block.runs):
        return block.values
    offsets = np.concatenate([[0], np.cumsum(block.runs[:, 1])])
    home = np.searchsorted(block.runs[:, 0], runs[:, 0], side="right") - 1
    begin = offsets[home] + runs[:, 0] - block.runs[home, 0]
    pieces = [block.values[b : b + n] for b, n in zip(begin, runs[:, 1], strict=True)]
    if len(pieces) == 1:
        return pieces[0]
    return np.concatenate(pieces) if pieces else block.values[:0]


def span(stride: int, number: int) -> int:
    """How far ``number`` elements of this stride reach."""
    return (number - 1) * stride + 1
