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
from tests.kit.weights import Array, llama_shapes, rounded, tensors, write_safetensors

SHAPES = llama_shapes(hidden=96, layers=3, vocab=256)
BASE = tensors({"sum": [[1, 1, 0.02]]}, SHAPES)
ONE = tensors({"sum": [[1, 1, 0.02], [1, 2, 0.004]]}, SHAPES)
TWO = tensors({"sum": [[1, 1, 0.02], [1, 3, 0.003]]}, SHAPES)


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


def test_noise_has_no_method(tmp_path: Path) -> None:
    """A blend with a random coefficient for every element follows no recipe."""
    rng = np.random.default_rng(6)

    def merge(name: str) -> Any:
        part = rng.uniform(0, 1, SHAPES[name])
        return part * ONE[name] + (1 - part) * TWO[name]

    found = judge(tmp_path, merge, ONE=ONE, TWO=TWO, BASE=BASE)
    assert found.verdict.kind is not Kind.MERGE
