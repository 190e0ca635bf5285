"""What a comparison must say, on small models drawn from seeds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

from cardlint.findings import Confidence
from cardlint.source.local import LocalFolder
from cardlint.weights.compare import compare
from cardlint.weights.direction import FROM_MODEL, FROM_PARENT, UNKNOWN
from cardlint.weights.evidence import Comparison, Kind
from cardlint.weights.read import sketch
from cardlint.weights.sketch import Sketch
from tests.kit.weights import (
    Array,
    bf16_bits,
    bf16_values,
    llama_shapes,
    tensors,
    write_safetensors,
)

SHAPES = llama_shapes(hidden=64, layers=3, vocab=256)
BASE: dict[str, Any] = {"sum": [[1, 1, 0.02]]}


def tuned(seed: int, size: float) -> dict[str, Any]:
    """A fine-tune of the base: the relative distance is ``size``."""
    return {"sum": [[1, 1, 0.02], [1, seed, 0.02 * size]]}


def mixed(*parts: tuple[float, Mapping[str, Any]]) -> dict[str, Any]:
    """A linear merge in float32, rounded once."""
    return {"mix": [list(p) for p in parts]}


def model(folder: Path, name: str, values: Mapping[str, Any] | Mapping[str, Array]) -> Sketch:
    """A sketch of the model that a spec, or its tensors, describe."""
    given = values if "sum" not in values and "mix" not in values else tensors(values, SHAPES)
    write_safetensors(folder / name / "model.safetensors", given)
    return sketch(LocalFolder(folder / name), name=name)


def said(folder: Path, what: Any, **parents: Any) -> Comparison:
    """The comparison of a model with parents given by spec."""
    return compare(model(folder, "R", what), [model(folder, k, v) for k, v in parents.items()])


@pytest.mark.parametrize(
    ("distance", "alpha"),
    [(0.0005, 0.6), (0.001, 0.137), (0.003, 0.9), (0.01, 0.6), (0.1, 0.137), (1.0, 0.9)],
)
def test_a_linear_merge_is_recovered_at_every_distance(
    tmp_path: Path, distance: float, alpha: float
) -> None:
    """|Δα| ≤ 0.001 and bit-identical, however little the parents differ."""
    p = tuned(2, distance)
    found = said(tmp_path, mixed((alpha, p), (1 - alpha, BASE)), P=p, Q=BASE)
    assert found.verdict.kind is Kind.MERGE
    assert found.verdict.method == "linear"
    value = found.verdict.coefficients["P"]
    assert value.value == pytest.approx(alpha, abs=1e-3)
    assert value.low - 1e-6 <= alpha <= value.high + 1e-6
    assert found.verdict.confidence is Confidence.CERTAIN
    assert found.verdict.replay is not None
    assert found.verdict.replay >= 0.999


def test_three_parents_and_one_that_took_no_part(tmp_path: Path) -> None:
    """Coefficients of three; a fourth model gets zero."""
    p = {k: tuned(i, 0.1) for i, k in enumerate("ABCD", start=2)}
    what = mixed((0.5, p["A"]), (0.3, p["B"]), (0.2, p["C"]))
    found = said(tmp_path, what, **p)
    got = {k: round(c.value, 3) for k, c in found.verdict.coefficients.items()}
    assert got == {"A": 0.5, "B": 0.3, "C": 0.2, "D": 0.0}


def test_arithmetic_in_bfloat16_is_told_from_one_rounding(tmp_path: Path) -> None:
    """Products rounded to bfloat16 and divided by the rounded sum: another arithmetic, same α."""
    p, q = tensors(tuned(2, 0.1), SHAPES), tensors(BASE, SHAPES)

    def b(x: Array) -> Array:
        return bf16_values(bf16_bits(np.asarray(x, np.float32)))

    weights = [b(np.array([w], np.float32)) for w in (0.6, 0.4)]
    total = b(weights[0] + weights[1])
    what = {k: b(b(b(weights[0] * p[k]) + b(weights[1] * q[k])) / total) for k in p}
    found = said(tmp_path, what, P=p, Q=q)
    assert found.verdict.kind is Kind.MERGE
    assert found.verdict.arithmetic == "bfloat16 throughout"
    assert found.verdict.coefficients["P"].value == pytest.approx(0.6, abs=1e-3)


@pytest.mark.parametrize("size", [0.002, 0.02, 0.2])
def test_a_fine_tune_is_no_merge_of_its_base_and_a_sibling(tmp_path: Path, size: float) -> None:
    """Nor is anything said to be missing."""
    found = said(tmp_path, tuned(3, size), sibling=tuned(2, 0.02), base=BASE)
    assert found.verdict.kind is Kind.FINETUNE
    assert found.verdict.missing_parent is False


def test_a_fine_tune_of_a_fine_tune_is_a_chain(tmp_path: Path) -> None:
    """Least squares would say 0.9 parent + 0.1 grandparent; it is no merge."""
    what = {"sum": [[1, 1, 0.02], [1, 2, 0.002], [1, 3, 0.002]]}
    found = said(tmp_path, what, parent=tuned(2, 0.1), grandparent=BASE)
    assert found.verdict.kind is Kind.FINETUNE
    assert found.verdict.missing_parent is False


def test_two_siblings_explain_nothing(tmp_path: Path) -> None:
    """A third child of one base, held against two others."""
    found = said(tmp_path, tuned(4, 0.1), A=tuned(2, 0.1), B=tuned(3, 0.1))
    assert found.verdict.kind is not Kind.MERGE


def test_the_base_is_no_merge_of_its_children(tmp_path: Path) -> None:
    """It lies between them for no other reason than geometry."""
    found = said(tmp_path, BASE, A=tuned(2, 0.1), B=tuned(3, 0.1))
    assert found.verdict.kind is not Kind.MERGE


def test_training_after_a_merge_is_a_residue(tmp_path: Path) -> None:
    """No pure merge; the coefficients are told with their spread; the size of the rest too."""
    p = tuned(2, 0.1)
    merged = tensors(mixed((0.6, p), (0.4, BASE)), SHAPES)
    step = tensors({"sum": [[1, 7, 0.0004]]}, SHAPES)
    what = {k: v + step[k] - (v.ndim == 1) for k, v in merged.items()}
    found = said(tmp_path, what, P=p, Q=BASE)
    assert found.verdict.kind is Kind.FINETUNE
    assert found.verdict.missing_parent is True
    assert found.verdict.coefficients["P"].value == pytest.approx(0.6, abs=0.02)
    assert found.verdict.residue == pytest.approx(0.2, abs=0.05)
    assert "trained on" in found.verdict.statement


def test_a_missing_parent_is_noticed(tmp_path: Path) -> None:
    """Two of three parents do not close the sum."""
    p = {k: tuned(i, 0.1) for i, k in enumerate("ABC", start=2)}
    what = mixed((0.4, p["A"]), (0.3, p["B"]), (0.3, p["C"]))
    found = said(tmp_path, what, A=p["A"], B=p["B"])
    assert found.verdict.kind is not Kind.MERGE
    assert found.verdict.missing_parent is True


def test_unrelated_models_of_one_configuration(tmp_path: Path) -> None:
    """Same shapes, same recipe, another seed: no relation, and a p-value that says so."""
    found = said(tmp_path, {"sum": [[1, 8, 0.02]]}, P=BASE)
    assert found.verdict.kind is Kind.UNRELATED
    assert found.relations[0].p_value > 1e-3
    assert abs(found.relations[0].similarity) < 0.05


def test_a_shared_part_is_told(tmp_path: Path) -> None:
    """Equal embeddings under layers of another seed are neither a derivation nor nothing."""
    one, two = tensors(BASE, SHAPES), tensors({"sum": [[1, 8, 0.02]]}, SHAPES)
    two |= {k: one[k] for k in one if "embed" in k}
    found = said(tmp_path, two, P=one)
    assert found.verdict.kind is Kind.SHARED_INIT
    assert "of the elements are equal, the others show no relation" in found.verdict.statement


@pytest.mark.parametrize(
    ("learned", "confidence", "words"),
    [(False, Confidence.MEDIUM, "not derivation"), (True, Confidence.LOW, "a long training")],
)
def test_a_shared_initialization_is_not_derivation(
    tmp_path: Path, *, learned: bool, confidence: Confidence, words: str
) -> None:
    """Two runs from the same numbers share half of their variance and none of what norms learned.

    Where the norms agree in part, it may as well be a long training of one from the other.
    """
    runs = [tensors({"sum": [[1, 1, 0.02], [1, n, 0.02]]}, SHAPES) for n in (2, 3)]
    alone = [tensors({"sum": [[1, n, 0.02]]}, SHAPES) for n in (2, 3)]
    for run, own in zip(runs, alone, strict=True):
        for name in run:
            if "norm" in name:
                run[name] = 1.2 * runs[0][name] + 0.8 * own[name] if learned else own[name]
    found = said(tmp_path, runs[1], P=runs[0])
    assert found.verdict.kind is Kind.SHARED_INIT
    assert found.verdict.confidence is confidence
    assert words in found.verdict.statement


def test_what_was_pruned_is_the_later_one(tmp_path: Path) -> None:
    """Zeros that the other does not have were made; smaller norms would say the opposite."""
    parent = tensors(BASE, SHAPES)
    pruned = {k: np.where(np.abs(v) < 0.01, 0, v) if v.ndim == 2 else v for k, v in parent.items()}
    for one, other, way in ((pruned, parent, FROM_PARENT), (parent, pruned, FROM_MODEL)):
        (relation,) = said(tmp_path, one, P=other).relations
        assert (relation.direction, relation.direction_confidence) == (way, Confidence.MEDIUM)
    trained = {k: v + tensors(tuned(3, 0.1), SHAPES)[k] - parent[k] for k, v in pruned.items()}
    (relation,) = said(tmp_path, trained, P=pruned).relations
    assert relation.direction_confidence is Confidence.LOW


def test_a_pair_alone_never_tells_siblings_from_a_parent(tmp_path: Path) -> None:
    """A sibling that was trained much less looks like a parent: at most a hint."""
    found = said(tmp_path, tuned(2, 0.5), P=tuned(3, 0.1))
    assert found.relations[0].direction_confidence is Confidence.LOW
    assert "of two siblings the one trained further" in found.verdict.statement


def test_identity_is_certain(tmp_path: Path) -> None:
    """The same numbers under another name."""
    found = said(tmp_path, BASE, P=BASE)
    assert (found.verdict.kind, found.verdict.confidence) == (Kind.IDENTICAL, Confidence.CERTAIN)


def test_what_only_lost_its_head_is_said_to_be_the_same(tmp_path: Path) -> None:
    """Every common element is equal, and one tensor has no counterpart: both are told."""
    parent = tensors(BASE, SHAPES)
    headless = {k: v for k, v in parent.items() if "lm_head" not in k}
    found = said(tmp_path, headless, P=parent)
    assert found.verdict.kind is Kind.FINETUNE
    assert "all common elements are the same; 1 tensor stands in one" in found.verdict.statement


@pytest.mark.parametrize(
    ("size", "bits", "said_as"),
    [
        (32, 4, "int4 by groups of 32"),
        (32, 8, "int8 by groups of 32"),
        (0, 4, "int4 by row"),
        (0, -4, "int4 by row"),
    ],
)
def test_a_quantization_is_named_by_its_groups(
    tmp_path: Path, size: int, bits: int, said_as: str
) -> None:
    """Rounded to integers with one scale a row or a group, and written back; or with a zero point."""
    parent = tensors(BASE, SHAPES)
    steps = 2 ** (abs(bits) - 1) - 1

    def rounded(x: Array) -> Array:
        if x.ndim < 2:
            return x
        groups = x.reshape(-1, size or x.shape[-1])
        scale = np.abs(groups).max(axis=1, keepdims=True) / steps
        if bits < 0:
            extent = groups.max(axis=1, keepdims=True) - groups.min(axis=1, keepdims=True)
            scale = extent / (2 * steps + 1)
        found: Array = (np.round(groups / scale) * scale).reshape(x.shape).astype(np.float32)
        return found

    quantized = {k: rounded(v) for k, v in parent.items()}
    for one, other in ((quantized, parent), (parent, quantized)):
        found = said(tmp_path, one, P=other)
        assert found.verdict.kind is Kind.REENCODED
        assert said_as in found.verdict.statement


def test_a_cast_tells_which_came_first_only_where_it_lost_something(tmp_path: Path) -> None:
    """What was rounded is the later one; bfloat16 numbers stored as float32 have lost nothing."""
    fine = tensors(BASE, SHAPES, "F32")

    def stored(name: str, values: Mapping[str, Array], dtype: str) -> Sketch:
        write_safetensors(tmp_path / name / "model.safetensors", values, dtype)
        return sketch(LocalFolder(tmp_path / name), name=name)

    original, short = stored("f32", fine, "F32"), stored("bf16", fine, "BF16")
    wide = stored("wide", {k: bf16_values(bf16_bits(v)) for k, v in fine.items()}, "F32")
    for one, other, way in (
        (short, original, FROM_PARENT),
        (original, short, FROM_MODEL),
        (wide, short, UNKNOWN),
        (short, wide, UNKNOWN),
    ):
        (relation,) = compare(one, [other]).relations
        assert (relation.kind, relation.direction) == (Kind.REENCODED, way)


def test_a_change_smaller_than_a_step_is_no_quantization(tmp_path: Path) -> None:
    """What lies within half a step of the parent, and on no grid, was changed otherwise."""
    parent = tensors(BASE, SHAPES)
    draw = np.random.default_rng(5)
    changed = {
        k: (v + np.abs(v).max() / 127 * draw.uniform(-0.3, 0.3, v.shape)).astype(np.float32)
        for k, v in parent.items()
    }
    assert said(tmp_path, changed, P=parent).verdict.kind is Kind.FINETUNE


def test_a_low_rank_change_is_an_adapter(tmp_path: Path) -> None:
    """The rank of the difference is told."""
    rng = np.random.default_rng(0)
    what = tensors(BASE, SHAPES)
    for name, x in what.items():
        if "layers" in name and x.ndim == 2:
            u, v = rng.standard_normal((x.shape[0], 4)), rng.standard_normal((4, x.shape[1]))
            what[name] = (x + 0.002 * u @ v).astype(np.float32)
    found = said(tmp_path, what, P=BASE)
    assert found.verdict.kind is Kind.ADAPTER
    assert found.relations[0].rank == 4


def test_parts_of_two_models_are_a_passthrough(tmp_path: Path) -> None:
    """Layer 0 of one, the rest of the other."""
    a, b = tensors(tuned(2, 0.1), SHAPES), tensors(tuned(3, 0.1), SHAPES)
    what = {k: (a if ".layers.0." in k else b)[k] for k in a}
    found = said(tmp_path, what, A=a, B=b)
    assert (found.verdict.kind, found.verdict.method) == (Kind.MERGE, "passthrough")


def test_a_control_that_explains_as_much_takes_the_certainty(tmp_path: Path) -> None:
    """A copy of the parent, given as a control, explains the weights too: medium, not certain."""
    p = tuned(2, 0.1)
    r = model(tmp_path, "R", mixed((0.6, p), (0.4, BASE)))
    parents = [model(tmp_path, "P", p), model(tmp_path, "Q", BASE)]
    free = compare(r, parents, [model(tmp_path, "other", tuned(5, 0.1))])
    caught = compare(r, parents, [model(tmp_path, "copy", p)])
    assert [c.failed for c in free.controls] == [True]
    assert free.verdict.confidence is Confidence.CERTAIN
    assert [c.failed for c in caught.controls] == [False]
    assert caught.verdict.confidence is Confidence.MEDIUM


@pytest.mark.parametrize(
    ("what", "parents"),
    [
        (mixed((0.6, tuned(2, 0.1)), (0.4, BASE)), {"P": tuned(2, 0.1), "Q": BASE}),
        (tuned(2, 0.1), {"P": BASE}),
        ({"sum": [[1, 8, 0.02]]}, {"P": BASE, "Q": tuned(2, 0.1)}),
    ],
)
def test_the_json_is_what_the_schema_says(tmp_path: Path, what: Any, parents: Any) -> None:
    """Real output of each kind is valid against the published schema, after a trip through JSON."""
    schema = json.loads(files("cardlint").joinpath("schemas/compare.json").read_text("utf-8"))
    data = json.loads(json.dumps(said(tmp_path, what, **parents).json(), allow_nan=False))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(data)
    assert {"kind", "method", "confidence", "statement", "coefficients"} <= set(data["verdict"])


def test_numbers_that_are_no_numbers_do_not_spread(tmp_path: Path) -> None:
    """NaN, infinity, zeros and a constant tensor in the model: a verdict, and only finite figures."""
    what = tensors(tuned(2, 0.1), SHAPES)
    what["model.layers.0.mlp.up_proj.weight"][:3] = np.nan
    what["model.layers.0.mlp.up_proj.weight"][3] = np.inf
    what["model.layers.1.mlp.up_proj.weight"][:] = 0
    what["model.layers.2.mlp.up_proj.weight"][:] = 0.5
    found = said(tmp_path, what, P=BASE, Q=tuned(3, 0.1))
    json.dumps(found.json(), allow_nan=False)
    assert found.verdict.kind is Kind.FINETUNE


@pytest.mark.parametrize(("size", "kind"), [(0.0, Kind.PERMUTED), (0.1, Kind.FINETUNE)])
def test_a_trained_model_in_another_order_is_no_copy(
    tmp_path: Path, size: float, kind: Kind
) -> None:
    """Put back in order, a copy lies within rounding; a fine-tune does not, and is called one."""
    values = tensors(tuned(2, size) if size else BASE, SHAPES)
    order = np.random.default_rng(5).permutation(192)  # the neurons of each layer
    for name in values:
        if "gate_proj" in name or "up_proj" in name:
            values[name] = values[name][order]
        elif "down_proj" in name:
            values[name] = values[name][:, order]
    verdict = said(tmp_path, values, P=BASE).verdict
    assert verdict.kind is kind
    assert "in another order" in verdict.statement
