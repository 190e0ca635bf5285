"""Traces of a parent that was not given, and trainings that leave none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cardlint.weights.trace import Heap, Limit
from tests.kit.weights import Array, rounded, tensors
from tests.weights.judging.test_compare import BASE, SHAPES, said, tuned


def dropped(rng: np.random.Generator, p: dict[str, Array], q: dict[str, Array]) -> dict[str, Array]:
    """The differences of ``p`` from ``q`` with half of their elements dropped."""
    return {k: (p[k] - q[k]) * (rng.random(p[k].shape) < 0.5) for k in p}


@pytest.mark.parametrize("part", [0.6, 1.2])
def test_elements_that_took_one_part_point_to_a_missing_parent(tmp_path: Path, part: float) -> None:
    """Where the other parent's difference was dropped, the given one's stands alone."""
    rng = np.random.default_rng(0)
    p, m, q = (tensors(what, SHAPES) for what in (tuned(2, 0.1), tuned(3, 0.4), BASE))
    mine, other = dropped(rng, p, q), dropped(rng, m, q)
    what = {k: rounded(q[k] + np.float32(part) * mine[k] + other[k], "BF16") for k in q}
    found = said(tmp_path, what, P=p, Q=q).verdict
    assert found.missing_parent is True
    assert f"{part:.2f} times the difference of P from Q" in found.statement
    assert found.coefficients == {}


def test_elements_of_two_models_side_by_side_point_to_a_third(tmp_path: Path) -> None:
    """Some are P's as they are, some Q's, and the others lie far from both."""
    rng = np.random.default_rng(0)
    p, m, q = (tensors(what, SHAPES) for what in (tuned(2, 0.02), tuned(3, 0.3), BASE))
    what = {}
    for k, base in q.items():
        which = rng.integers(0, 3, base.shape)
        what[k] = np.where(which == 0, p[k], np.where(which == 1, base, m[k]))
    found = said(tmp_path, what, P=p, Q=q).verdict
    assert found.missing_parent is True
    assert "some elements of P and some of Q as they are" in found.statement


def test_a_stage_between_two_models_leaves_no_trace(tmp_path: Path) -> None:
    """It has some elements of the model before, some of the model after; it lies between them."""
    rng = np.random.default_rng(0)
    before, step = tensors(BASE, SHAPES), tensors(tuned(2, 0.1), SHAPES)
    stage = {k: before[k] + d for k, d in dropped(rng, step, before).items()}
    later = tensors({"sum": [[1, 9, 0.002]]}, SHAPES)
    after = {
        k: rounded(v + later[k] * (rng.random(v.shape) < 0.5), "BF16") for k, v in stage.items()
    }
    stage = {k: rounded(v, "BF16") for k, v in stage.items()}
    found = said(tmp_path, stage, before=before, after=after).verdict
    assert "side by side" not in found.statement


def test_steps_of_one_size_are_no_heap(tmp_path: Path) -> None:
    """Few steps of one length (sign descent) make the difference of one a multiple of another's."""
    rng = np.random.default_rng(0)
    q = tensors(BASE, SHAPES)
    steps = [{k: np.sign(rng.standard_normal(v.shape)) * 0.003 for k, v in q.items()} for _ in "ab"]
    p, r = (
        {k: rounded(q[k] + n * s[k], "BF16") for k in q} for n, s in zip((3, 2), steps, strict=True)
    )
    found = said(tmp_path, r, P=p, Q=q).verdict
    assert found.missing_parent is False


def test_a_heap_is_counted_against_chance() -> None:
    """A third inside is chance; what shuffling leaves as it was is chance as well."""
    limit = Limit(0.3, 1.6)
    assert Heap(1000, 3000).share == pytest.approx(0)
    assert Heap(3000, 3000).share == pytest.approx(1)
    assert not Heap(1000, 3000).stands_out(Heap(), limit)
    assert Heap(2000, 3000).stands_out(Heap(100, 300), limit)
    assert not Heap(2000, 3000).stands_out(Heap(2000, 3000), limit)


def test_a_part_that_was_trained_is_no_copy_of_the_rest(tmp_path: Path) -> None:
    """Large matrices were trained, small ones not: no recipe may be claimed for the small alone."""
    parent, trained = tensors(tuned(2, 0.1), SHAPES), tensors(tuned(5, 0.1), SHAPES)
    what = {k: trained[k] if "mlp" in k else v for k, v in parent.items()}
    found = said(tmp_path, what, parent=parent, base=BASE).verdict
    assert found.method != "linear"
    assert found.kind.value == "finetune"
