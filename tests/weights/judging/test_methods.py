"""Merge methods are named, with their parameters, on merges computed here by plain numpy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cardlint.source.local import LocalFolder
from cardlint.weights.compare import compare
from cardlint.weights.evidence import Comparison, Kind
from cardlint.weights.read import sketch
from cardlint.weights.replay.angles import karcher
from cardlint.weights.replay.explanation import b
from tests.kit.weights import Array, llama_shapes, rounded, tensors, write_safetensors

SHAPES = llama_shapes(hidden=96, layers=3, vocab=256)
BASE = tensors({"sum": [[1, 1, 0.02]]}, SHAPES)
ONE = tensors({"sum": [[1, 1, 0.02], [1, 2, 0.004]]}, SHAPES)
TWO = tensors({"sum": [[1, 1, 0.02], [1, 3, 0.003]]}, SHAPES)

TURNED = {
    name: rounded(
        BASE[name]
        + (ONE[name] - BASE[name]) * 0.5
        + (TWO[name] - BASE[name])
        * np.linspace(0.1, 4, shape[0], dtype=np.float32).reshape(-1, *[1] * (len(shape) - 1)),
        "BF16",
    )
    for name, shape in SHAPES.items()
}
"""A third, whose rows have moved by different parts."""


def judge(folder: Path, merge: Any, **parents: dict[str, Array]) -> Comparison:
    """The comparison of ``merge(name)`` of every tensor, stored as bfloat16, with the parents."""
    what = {k: rounded(np.asarray(merge(k), np.float32), "BF16") for k in SHAPES}
    sketches = []
    for name, values in {"R": what, **parents}.items():
        write_safetensors(folder / name / "model.safetensors", values)
        sketches.append(sketch(LocalFolder(folder / name), name=name))
    return compare(sketches[0], sketches[1:])


def changes(name: str) -> tuple[Array, Array, Array]:
    """Base and the two differences, float64."""
    q = BASE[name].astype(np.float64)
    return q, ONE[name] - q, TWO[name] - q


def kept(d: Array, density: float) -> Array:
    """The largest part of a difference."""
    size = np.abs(d).ravel()
    k = max(1, int(density * size.size))
    mask = np.zeros(size.size, bool)
    mask[np.argsort(-size, kind="stable")[:k]] = True
    return mask.reshape(d.shape)


def test_slerp_with_its_t(tmp_path: Path) -> None:
    """Per tensor: its coefficients do not sum to one."""

    def merge(name: str) -> Any:
        a, b = ONE[name].astype(np.float64), TWO[name].astype(np.float64)
        c = float((a * b).sum() / np.linalg.norm(a) / np.linalg.norm(b))
        if abs(c) > 0.9995:
            return 0.65 * a + 0.35 * b
        t = np.arccos(c)
        return (np.sin(0.65 * t) * a + np.sin(0.35 * t) * b) / np.sin(t)

    found = judge(tmp_path, merge, ONE=ONE, TWO=TWO)
    assert (found.verdict.kind, found.verdict.method) == (Kind.MERGE, "slerp")
    assert found.verdict.parameters["t"] == pytest.approx(0.35, abs=1e-3)


def test_task_arithmetic_is_more_than_one(tmp_path: Path) -> None:
    """The base has a negative coefficient."""

    def merge(name: str) -> Any:
        q, a, b = changes(name)
        return q + 0.7 * a + 0.6 * b

    found = judge(tmp_path, merge, ONE=ONE, TWO=TWO, BASE=BASE)
    assert found.verdict.method == "task_arithmetic"
    got = {k: round(c.value, 4) for k, c in found.verdict.coefficients.items()}
    assert got == {"ONE": 0.7, "TWO": 0.6, "BASE": -0.3}


def test_ties_with_weights_and_density(tmp_path: Path) -> None:
    """Trimmed by size, signs elected, weights divided by those that stayed."""

    def merge(name: str) -> Any:
        q, a, b = changes(name)
        d = np.stack([a * kept(a, 0.4), b * kept(b, 0.4)])
        w = np.array([0.6, 0.4]).reshape(2, *[1] * q.ndim)
        sign = np.where((w * d).sum(0) >= 0, 1, -1)
        mask = np.sign(d) == sign
        total = (w * mask).sum(0)
        return q + (w * d * mask).sum(0) / np.where(total == 0, 1, total)

    found = judge(tmp_path, merge, ONE=ONE, TWO=TWO, BASE=BASE)
    assert found.verdict.method == "ties"
    assert found.verdict.parameters["density"] == {"ONE": 0.4, "TWO": 0.4}
    assert found.verdict.coefficients["ONE"].value == pytest.approx(0.6, abs=0.02)


@pytest.mark.parametrize(("consensus", "method"), [(False, "dare_linear"), (True, "dare_ties")])
def test_dare_with_its_density(tmp_path: Path, *, consensus: bool, method: str) -> None:
    """Dropped by chance and rescaled; with or without an election of signs."""
    rng = np.random.default_rng(5)

    def merge(name: str) -> Any:
        q, a, b = changes(name)
        masks = [rng.random(q.shape) < 0.6 for _ in "ab"]
        d = np.stack([w * x * m / 0.6 for w, x, m in zip((0.6, 0.5), (a, b), masks, strict=True)])
        if consensus:
            d *= np.sign(d) == np.where(d.sum(0) >= 0, 1, -1)
        return q + d.sum(0)

    found = judge(tmp_path, merge, ONE=ONE, TWO=TWO, BASE=BASE)
    assert found.verdict.method == method
    densities = found.verdict.parameters["density"]
    assert isinstance(densities, dict)
    assert all(d == pytest.approx(0.6, abs=0.03) for d in densities.values())
    assert found.verdict.coefficients["ONE"].value == pytest.approx(0.6, abs=0.04)


def test_nearswap_with_its_step(tmp_path: Path) -> None:
    """Every element moves towards the other model by the same step at most."""

    def merge(name: str) -> Any:
        a, b = ONE[name].astype(np.float32), TWO[name].astype(np.float32)
        gap = np.maximum(np.abs(a - b), np.float32(1e-6))
        w = np.clip(np.float32(0.001) / gap, 0, 1)
        return w * b + (1 - w) * a

    found = judge(tmp_path, merge, ONE=ONE, TWO=TWO)
    assert found.verdict.method == "nearswap"
    assert found.verdict.parameters["t"] == 0.001


def test_model_stock_from_its_angles(tmp_path: Path) -> None:
    """The share of the mean follows from the angle between the differences."""
    three = tensors({"sum": [[1, 1, 0.02], [0.5, 2, 0.004], [1, 4, 0.003]]}, SHAPES)

    def merge(name: str) -> Any:
        q, a, b = changes(name)
        b = three[name] - q
        c = float((a * b).sum() / np.linalg.norm(a) / np.linalg.norm(b))
        t = 2 * c / (1 + c)
        return t * (ONE[name] + three[name].astype(np.float64)) / 2 + (1 - t) * q

    found = judge(tmp_path, merge, ONE=ONE, TWO=three, BASE=BASE)
    assert found.verdict.method == "model_stock"
    assert found.verdict.parameters["base"] == "BASE"


def rows(x: Array) -> Array:
    """Angles are taken along the last axis; a vector is one row."""
    return np.atleast_2d(x).astype(np.float64)


def test_nuslerp_with_an_angle_for_each_row(tmp_path: Path) -> None:
    """``nuslerp_flatten: false``: no number holds for a tensor, but t does."""

    def merge(name: str) -> Any:
        a, b = rows(ONE[name]), rows(TURNED[name])
        cosine = (a * b).sum(-1) / np.linalg.norm(a, axis=-1) / np.linalg.norm(b, axis=-1)
        angle = np.arccos(np.minimum(cosine, 1 - 1e-12))[:, None]
        y = (np.sin(0.7 * angle) * a + np.sin(0.3 * angle) * b) / np.sin(angle)
        return y.reshape(ONE[name].shape)

    found = judge(tmp_path, merge, ONE=ONE, TURNED=TURNED)
    assert (found.verdict.method, found.verdict.missing_parent) == ("nuslerp", False)
    assert found.verdict.parameters["nuslerp_flatten"] is False
    assert found.verdict.parameters["t"] == pytest.approx(0.3, abs=1e-3)


def test_model_stock_with_an_angle_for_each_row(tmp_path: Path) -> None:
    """``filter_wise: true``: a tensor is no combination of the parents' tensors, its rows are."""

    def merge(name: str) -> Any:
        q, a, b = rows(BASE[name]), rows(ONE[name]), rows(TURNED[name])
        d, e = a - q, b - q
        cosine = (d * e).sum(-1) / (np.linalg.norm(d, axis=-1) * np.linalg.norm(e, axis=-1))
        t = (2 * cosine / (1 + cosine))[:, None]
        return (t * (a + b) / 2 + (1 - t) * q).reshape(ONE[name].shape)

    found = judge(tmp_path, merge, ONE=ONE, TURNED=TURNED, BASE=BASE)
    assert (found.verdict.method, found.verdict.missing_parent) == ("model_stock", False)
    assert found.verdict.parameters["filter_wise"] is True
    assert found.verdict.parameters["base"] == "BASE"


def test_karcher_rounds_the_scalar_that_stands_first() -> None:
    """As torch does: s · x rounds a float32 scalar to the tensor's dtype, x / s does not."""
    v = ONE["model.layers.0.self_attn.q_proj.weight"].ravel()
    norm = np.sqrt(np.dot(v, v))
    unit = rounded(v / norm, "BF16")
    unit = rounded(unit / np.sqrt(np.dot(unit, unit)), "BF16")
    scale = rounded(np.array([norm], np.float32), "BF16")
    assert norm != scale[0]
    np.testing.assert_array_equal(karcher([v, v], np.zeros(0), b), scale * unit)


def test_noise_has_no_method(tmp_path: Path) -> None:
    """A blend with a random coefficient for every element follows no recipe."""
    rng = np.random.default_rng(6)

    def merge(name: str) -> Any:
        part = rng.uniform(0, 1, SHAPES[name])
        return part * ONE[name] + (1 - part) * TWO[name]

    found = judge(tmp_path, merge, ONE=ONE, TWO=TWO, BASE=BASE)
    assert found.verdict.kind is not Kind.MERGE


def chosen(rng: np.random.Generator, d: Array, density: float, epsilon: float) -> Array:
    """What DELLA keeps of a difference: by chance that grows with the rank in the row; rescaled."""
    size = np.atleast_2d(np.abs(d))
    rank = np.argsort(np.argsort(size, axis=1), axis=1) / max(size.shape[1] - 1, 1)
    mask = (rng.random(size.shape) < density - epsilon + 2 * epsilon * rank).reshape(d.shape)
    rest: Array = d * mask * (np.abs(d).sum() / max(np.abs(d * mask).sum(), 1e-9))
    return rest


def test_della_linear_with_large_coefficients(tmp_path: Path) -> None:
    """What is kept of four tenths is scaled up by two: arithmetic of few bits loses as much more."""
    rng = np.random.default_rng(7)

    def merge(name: str) -> Any:
        q, a, b = changes(name)
        parts = [w * chosen(rng, d, 0.4, 0.3) for w, d in ((0.5, a), (0.8, b))]
        first, second = (rounded(x.astype(np.float32), "BF16") for x in parts)
        return q + rounded(first + second, "BF16")

    found = judge(tmp_path, merge, ONE=ONE, TWO=TWO, BASE=BASE)
    assert (found.verdict.method, found.verdict.missing_parent) == ("della_linear", False)
    assert found.verdict.coefficients["ONE"].value == pytest.approx(0.5, abs=0.03)
    assert found.verdict.coefficients["TWO"].value == pytest.approx(0.8, abs=0.03)
    assert found.verdict.parameters["epsilon"] == pytest.approx(0.3, abs=0.05)


def test_falling_chance_is_no_della(tmp_path: Path) -> None:
    """Where small differences are kept more often than large ones, no method is named."""
    rng = np.random.default_rng(8)

    def merge(name: str) -> Any:
        q, a, b = changes(name)
        return q + 0.6 * chosen(rng, a, 0.5, -0.3) + 0.5 * chosen(rng, b, 0.5, -0.3)

    found = judge(tmp_path, merge, ONE=ONE, TWO=TWO, BASE=BASE)
    assert found.verdict.kind is not Kind.MERGE


def test_averages_need_an_election_of_signs(tmp_path: Path) -> None:
    """Methods without one divide by all weights, whatever was kept: this is none of them."""
    rng = np.random.default_rng(9)

    def merge(name: str) -> Any:
        q, a, b = changes(name)
        w = np.array([0.6, 0.4]).reshape(2, *[1] * q.ndim)
        mask = rng.random((2, *q.shape)) < 0.4
        total = (w * mask).sum(0)
        return q + (w * np.stack([a, b]) * mask).sum(0) / np.where(total == 0, 1, total)

    found = judge(tmp_path, merge, ONE=ONE, TWO=TWO, BASE=BASE)
    assert found.verdict.kind is not Kind.MERGE


def test_masks_that_chance_did_not_make(tmp_path: Path) -> None:
    """Every element is one parent's, weighted, or the other's: independent draws leave some both."""
    rng = np.random.default_rng(10)

    def merge(name: str) -> Any:
        q, a, b = changes(name)
        first = rng.random(q.shape) < 0.5
        return q + np.where(first, 1.2 * a, 0.8 * b)

    found = judge(tmp_path, merge, ONE=ONE, TWO=TWO, BASE=BASE)
    assert found.verdict.kind is not Kind.MERGE


def test_dare_of_one_parent(tmp_path: Path) -> None:
    """Rescaled, so it is no fusion, which takes what it keeps as it is."""
    rng = np.random.default_rng(11)

    def merge(name: str) -> Any:
        q, a, _ = changes(name)
        return q + chosen(rng, a, 0.5, 0.0)

    found = judge(tmp_path, merge, ONE=ONE, BASE=BASE)
    assert found.verdict.method == "dare_linear"
    assert found.verdict.coefficients["ONE"].value == pytest.approx(1.0, abs=0.03)


def test_fusion_by_a_threshold_in_each_row(tmp_path: Path) -> None:
    """Which element is taken depends on its size and on how much its row has changed."""

    def merge(name: str) -> Any:
        q, a, _ = changes(name)
        size = np.atleast_2d(np.abs(a))
        score = (size * (size**2).sum(axis=1, keepdims=True) ** 4).reshape(a.shape)
        low, middle, high = np.quantile(score, [0.25, 0.5, 0.75])
        return q + a * (score >= middle + 1.5 * (high - low))

    found = judge(tmp_path, merge, ONE=ONE, BASE=BASE)
    assert found.verdict.method == "arcee_fusion"


def test_a_blurred_threshold_is_no_fusion(tmp_path: Path) -> None:
    """What SCE leaves where one parent is missing: its sizes decide, but not alone."""

    def merge(name: str) -> Any:
        q, a, b = changes(name)
        return q + a * (kept(a**2 + 0.05 * b**2, 0.3) > 0)

    found = judge(tmp_path, merge, ONE=ONE, BASE=BASE)
    assert found.verdict.kind is not Kind.MERGE


@pytest.mark.parametrize("longer", [1e-3, 2e-3])
def test_first_steps_of_adam_are_no_swap(tmp_path: Path, longer: float) -> None:
    """On the same data they have the same signs; they do not stop where the other model is."""
    short = longer if longer == 1e-3 else 1e-3

    def slope(name: str, seed: int) -> Array:
        return tensors({"sum": [[1, seed, 1.0]]}, {name: SHAPES[name]}, "F32")[name]

    other = {}
    for k, q in BASE.items():
        step = longer * np.sign(slope(k, 20))
        if longer == short:  # two more steps, which go back for some elements
            step = step + 0.3 * longer * np.where(slope(k, 21) > 1, -np.sign(step), np.sign(step))
        other[k] = rounded((q + step).astype(np.float32), "BF16")
    found = judge(
        tmp_path, lambda k: BASE[k] + short * np.sign(slope(k, 20)), OTHER=other, BASE=BASE
    )
    assert found.verdict.kind is not Kind.MERGE
