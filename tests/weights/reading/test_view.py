"""Views walk stored elements in canonical order, whole and in part."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cardlint.weights.runs import below, count, intersect
from cardlint.weights.view import View

DIMS = st.lists(st.tuples(st.integers(1, 5), st.integers(1, 7)), min_size=1, max_size=4)


@given(DIMS, st.integers(0, 5), st.data())
def test_pieces_are_what_take_takes(
    dims: list[tuple[int, int]], offset: int, data: st.DataObject
) -> None:
    """Any run of canonical elements, piece by piece, is that run of the whole."""
    view = View.of(offset, *dims)
    flat = np.arange(offset + sum((n - 1) * s for n, s in dims) + 1, dtype=np.float64)
    whole = view.take(flat)
    grid = np.meshgrid(*(np.arange(n) * s for n, s in dims), indexing="ij")
    np.testing.assert_array_equal(whole, flat[offset + np.sum(grid, axis=0).ravel()])
    start = data.draw(st.integers(0, view.size - 1))
    length = data.draw(st.integers(1, view.size - start))
    found = [
        flat[at : at + (number - 1) * stride + 1 : stride]
        for at, stride, number in view.pieces(start, length)
    ]
    np.testing.assert_array_equal(np.concatenate(found), whole[start : start + length])


SETS = st.sets(st.integers(0, 60))


def runs(positions: set[int]) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    """The runs of a set of positions."""
    found: list[list[int]] = []
    for at in sorted(positions):
        if found and sum(found[-1]) == at:
            found[-1][1] += 1
        else:
            found.append([at, 1])
    return np.array(found, np.int64).reshape(-1, 2)


@given(SETS, SETS, st.integers(0, 60))
def test_runs_are_sets(a: set[int], b: set[int], end: int) -> None:
    """Intersections of runs are those of their positions."""
    np.testing.assert_array_equal(intersect(runs(a), runs(b)), runs(a & b))
    np.testing.assert_array_equal(below(runs(a), end), runs({x for x in a if x < end}))
    assert count(runs(a)) == len(a)
