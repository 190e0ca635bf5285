"""A parent is laid on a model, however the model was rearranged; strangers stay strangers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from cardlint.weights.align import Alignment, align
from cardlint.weights.compare import relate_all
from cardlint.weights.evidence import Kind
from cardlint.weights.invariants import layer_likeness, layer_map, match_rows
from cardlint.weights.sketch import Sketch
from tests.weights.reading.kit import LAB, NO_LAB, Array, read, rng, weights, write

LAYERS = 4
Model = dict[str, Array]
Disguise = Callable[[Model], Model]


def model(seed: int = 1, change: float = 0.0) -> Model:
    """A Llama-type model of four layers with norms that differ from one."""
    values = weights(seed, change=change, layers=LAYERS)
    noise = rng(seed)
    return {
        k: (v + noise.normal(0, 0.3, v.shape)).astype(np.float32) if v.ndim == 1 else v
        for k, v in values.items()
    }


def hidden(values: Model, *, signs: bool = False) -> Model:
    """Hidden units in another order, some with the other sign."""
    order = rng(5).permutation(64)
    sign = rng(6).choice([-1, 1], 64) if signs else np.ones(64)
    sign = sign.astype(np.float32)
    out = {}
    for name, value in values.items():
        if value.ndim == 1:
            out[name] = value[order]
        elif name.endswith(("o_proj.weight", "down_proj.weight")):
            out[name] = value[order] * sign[:, None]
        else:
            out[name] = value[:, order] * sign
    return out


def hidden_signs(values: Model) -> Model:
    """Order and sign."""
    return hidden(values, signs=True)


def neurons(values: Model, scale: float = 0.0) -> Model:
    """Neurons of each MLP in another order, some larger before and smaller after."""
    out = dict(values)
    for i in range(LAYERS):
        p = f"model.layers.{i}.mlp."
        if f"{p}up_proj.weight" not in values:
            continue
        order = rng(i).permutation(192)
        factor = np.exp(rng(i).normal(0, scale, 192)).astype(np.float32)
        out[p + "gate_proj.weight"] = values[p + "gate_proj.weight"][order]
        out[p + "up_proj.weight"] = values[p + "up_proj.weight"][order] * factor[:, None]
        out[p + "down_proj.weight"] = values[p + "down_proj.weight"][:, order] / factor
    return out


def scaled_neurons(values: Model) -> Model:
    """Order and scale."""
    return neurons(values, 0.7)


def heads(values: Model) -> Model:
    """Key-value heads swapped, with their query heads."""
    out = dict(values)
    for i in range(LAYERS):
        p = f"model.layers.{i}.self_attn."
        for letter in "qkv":
            name = f"{p}{letter}_proj.weight"
            out[name] = values[name].reshape(2, -1, 64)[::-1].reshape(values[name].shape)
        o = values[f"{p}o_proj.weight"]
        out[f"{p}o_proj.weight"] = o.reshape(64, 2, -1)[:, ::-1].reshape(o.shape)
    return out


def folded(values: Model) -> Model:
    """Norm gains multiplied into the matrices that follow."""
    out = dict(values)
    for i in range(LAYERS):
        p = f"model.layers.{i}."
        for norm, after in (
            ("input_layernorm", ("self_attn.q", "self_attn.k", "self_attn.v")),
            ("post_attention_layernorm", ("mlp.gate", "mlp.up")),
        ):
            gain = values[f"{p}{norm}.weight"]
            out[f"{p}{norm}.weight"] = np.ones_like(gain)
            for a in after:
                out[f"{p}{a}_proj.weight"] = values[f"{p}{a}_proj.weight"] * gain
    return out


def rotated(values: Model) -> Model:
    """Hidden units turned by an orthogonal matrix, as quantizers do, after folding all gains."""
    out = folded(values)
    out["lm_head.weight"] = out["lm_head.weight"] * out["model.norm.weight"]
    out["model.norm.weight"] = np.ones_like(out["model.norm.weight"])
    turn = np.linalg.qr(rng(8).normal(size=(64, 64)))[0].astype(np.float32)
    for name, value in out.items():
        if value.ndim == 2:
            writes = name.endswith(("o_proj.weight", "down_proj.weight"))
            out[name] = turn.T @ value if writes else value @ turn
    return out


def some_heads(values: Model) -> Model:
    """Heads that trade places in half of the rows only."""
    out = dict(values)
    for i in range(LAYERS):
        name = f"model.layers.{i}.self_attn.v_proj.weight"
        out[name] = values[name].reshape(4, 8, 64)[[0, 2, 1, 3]].reshape(32, 64)
        o = f"model.layers.{i}.self_attn.o_proj.weight"
        out[o] = values[o].reshape(64, 8, 8)[:, [0, 1, 4, 5, 2, 3, 6, 7]].reshape(64, 64)
    return out


def folded_out_of_order(values: Model) -> Model:
    """Gains that cannot be seen before the neurons are in order."""
    return neurons(heads(folded(values)))


def dropped(values: Model) -> Model:
    """Without layer 1."""
    return picked(values, [0, 2, 3])


def repeated(values: Model) -> Model:
    """Layers 1 and 2 twice."""
    return picked(values, [0, 1, 2, 1, 2, 3])


def reordered(values: Model) -> Model:
    """Layers in another order."""
    return picked(values, [2, 0, 3, 1])


def picked(values: Model, layers: list[int]) -> Model:
    """A model of these layers."""
    out = {k: v for k, v in values.items() if ".layers." not in k}
    for i, layer in enumerate(layers):
        p = f"model.layers.{layer}."
        mine = {k: v for k, v in values.items() if k.startswith(p)}
        out |= {k.replace(p, f"model.layers.{i}."): v for k, v in mine.items()}
    return out


def extended(values: Model) -> Model:
    """Seven more tokens."""
    more = rng(7).normal(0, 0.05, (7, 64)).astype(np.float32)
    names = ("model.embed_tokens.weight", "lm_head.weight")
    return {k: np.concatenate([v, more]) if k in names else v for k, v in values.items()}


def everything(values: Model) -> Model:
    """All at once."""
    return extended(dropped(hidden_signs(neurons(heads(values)))))


DISGUISES: list[tuple[Disguise, set[str]]] = [
    (dict, set()),
    (hidden, {"hidden units (order)"}),
    (hidden_signs, {"hidden units (order)"}),
    (neurons, {"neurons"}),
    (scaled_neurons, {"neurons", "scale of units"}),
    (heads, {"heads"}),
    (some_heads, {"heads"}),
    (folded, {"norm gains folded into matrices"}),
    (folded_out_of_order, {"neurons", "heads", "norm gains folded into matrices"}),
    (rotated, {"hidden units (rotation)", "norm gains folded into matrices"}),
    (dropped, set()),
    (repeated, set()),
    (reordered, set()),
    (extended, set()),
    (everything, {"hidden units (order)", "neurons", "heads"}),
]


def sketch(folder: Path, name: str, values: Model) -> Sketch:
    """Written and read."""
    (folder / name).mkdir()
    return read(write(folder / name, values, "F32"), name=name)


def distances(found: Alignment, parent: int = 0) -> list[float]:
    """‖x − y‖/‖x‖ of the matrices."""
    result = []
    for tensor in found.tensors:
        y = tensor.parents[parent]
        if y is not None and len(tensor.shape) == 2:
            result.append(float(np.linalg.norm(tensor.x - y) / np.linalg.norm(tensor.x)))
    return result


@pytest.mark.parametrize(("disguise", "steps"), DISGUISES)
def test_a_rearranged_copy_lies_on_its_source(
    tmp_path: Path, disguise: Disguise, steps: set[str]
) -> None:
    """Every matrix that both have is found again, and what was done is named."""
    source = sketch(tmp_path, "source", model())
    copy = sketch(tmp_path, "copy", disguise(model()))
    found = align(copy, [source])
    assert max(distances(found)) < 1e-5
    matrices = [t for t in copy.tensors.values() if len(t.shape) == 2]
    assert len(distances(found)) == len(matrices)
    assert set(found.transforms[0].steps) == steps


@pytest.mark.parametrize(("disguise", "steps"), DISGUISES)
def test_a_rearranged_finetune_lies_on_its_base(
    tmp_path: Path, disguise: Disguise, steps: set[str]
) -> None:
    """A change of 10 % of every weight hides nothing."""
    base = sketch(tmp_path, "base", model())
    tuned = sketch(tmp_path, "tuned", disguise(model(change=0.1)))
    found = align(tuned, [base])
    assert max(distances(found)) < 0.35
    assert float(np.median(distances(found))) < 0.15
    assert set(found.transforms[0].steps) == steps


@pytest.mark.parametrize(("disguise", "steps"), DISGUISES)
def test_a_stranger_is_laid_on_nothing(tmp_path: Path, disguise: Disguise, steps: set[str]) -> None:
    """Of two independent models nothing is rearranged, and nothing becomes alike."""
    del steps
    found = align(sketch(tmp_path, "a", disguise(model(1))), [sketch(tmp_path, "b", model(2))])
    assert found.transforms[0].steps == {}
    assert found.transforms[0].layers is None
    assert min(distances(found)) > 1.0


@pytest.mark.parametrize(
    ("disguise", "expected"),
    [
        (dict, None),
        (dropped, {0: 0, 1: 2, 2: 3}),
        (repeated, {0: 0, 1: 1, 2: 2, 3: 1, 4: 2, 5: 3}),
        (reordered, {0: 2, 1: 0, 2: 3, 3: 1}),
    ],
)
def test_layers_are_found_again(
    tmp_path: Path, disguise: Disguise, expected: dict[int, int] | None
) -> None:
    """The map from the model's layers to the parent's."""
    found = align(
        sketch(tmp_path, "a", disguise(model(change=0.05))), [sketch(tmp_path, "b", model())]
    )
    assert found.transforms[0].layers == expected


def test_a_frankenmerge_finds_each_half_in_its_parent(tmp_path: Path) -> None:
    """Layers of two strangers on top of each other."""
    one, two = model(1), model(2)
    upper = {k.replace("layers.0.", "layers.9."): v for k, v in picked(two, [2]).items()}
    lower = picked(one, [0, 1])
    mixed = lower | {k.replace("layers.9.", "layers.2."): v for k, v in upper.items() if "9" in k}
    parents = [sketch(tmp_path, "one", one), sketch(tmp_path, "two", two)]
    model_ = sketch(tmp_path, "mixed", mixed)
    found = align(model_, parents)
    assert found.transforms[0].layers == {0: 0, 1: 1, 2: None}
    assert found.transforms[1].layers == {0: None, 1: None, 2: 2}
    likeness = layer_likeness(model_, parents[1])
    assert likeness is not None
    assert layer_map(likeness) == {0: None, 1: None, 2: 2}


@pytest.mark.parametrize(
    ("order", "step"),
    [
        (rng(1).permutation(8), "experts"),
        ([0, 1, 2, 3, 5, 4, 7, 6], "experts"),
        ([0, 2, 3, 5, 6, 7], "experts left out"),
    ],
)
def test_experts_in_another_order_are_found_again(
    tmp_path: Path, order: Array | list[int], step: str
) -> None:
    """The router's rows tell which is which, though some stay where they were or are gone."""
    stack = rng(2).normal(0, 0.05, (8, 48, 64)).astype(np.float32)
    router = rng(3).normal(0, 0.05, (8, 64)).astype(np.float32)
    p = "model.layers.0.mlp."
    down = np.ascontiguousarray(stack[:, :24].swapaxes(1, 2))

    def with_experts(index: Array) -> Model:
        return {
            "model.embed_tokens.weight": weights()["model.embed_tokens.weight"],
            p + "experts.gate_up_proj": stack[index],
            p + "experts.down_proj": down[index],
            p + "gate.weight": router[index],
        }

    found = align(
        sketch(tmp_path, "a", with_experts(np.asarray(order))),
        [sketch(tmp_path, "b", with_experts(np.arange(8)))],
    )
    assert max(distances(found)) == 0
    assert len(distances(found)) >= 3 * len(order) + 1
    assert set(found.transforms[0].steps) == {step}


@pytest.mark.parametrize("signs", [False, True])
def test_units_that_are_all_alike_are_told_apart(tmp_path: Path, *, signs: bool) -> None:
    """Tied embeddings share the frequency of tokens: no column stands out, yet each is found."""
    values = model()
    frequency = rng(9).normal(0, 0.3, (256, 1)).astype(np.float32)
    values["model.embed_tokens.weight"] = values["model.embed_tokens.weight"] + frequency
    del values["lm_head.weight"]
    source = sketch(tmp_path, "source", values)
    found = align(sketch(tmp_path, "copy", hidden(values, signs=signs)), [source])
    assert max(distances(found)) == 0
    assert set(found.transforms[0].steps) == {"hidden units (order)"}


def test_encoders_are_rearranged_too(tmp_path: Path) -> None:
    """BERT's names: neurons in another order, and a layer less."""
    noise = rng(4)
    values = {"embeddings.word_embeddings.weight": noise.normal(0, 0.05, (256, 64))}
    for i in range(LAYERS):
        p = f"encoder.layer.{i}."
        values[p + "attention.self.query.weight"] = noise.normal(0, 0.05, (64, 64))
        values[p + "attention.output.dense.weight"] = noise.normal(0, 0.05, (64, 64))
        values[p + "intermediate.dense.weight"] = noise.normal(0, 0.05, (192, 64))
        values[p + "output.dense.weight"] = noise.normal(0, 0.05, (64, 192))
    values = {k: v.astype(np.float32) for k, v in values.items()}
    copy = {k: v for k, v in values.items() if "layer.3." not in k}
    for i, order in enumerate(rng(5).permuted(np.tile(np.arange(192), (3, 1)), axis=1)):
        p = f"encoder.layer.{i}."
        copy[p + "intermediate.dense.weight"] = values[p + "intermediate.dense.weight"][order]
        copy[p + "output.dense.weight"] = values[p + "output.dense.weight"][:, order]
    found = align(sketch(tmp_path, "copy", copy), [sketch(tmp_path, "source", values)])
    assert max(distances(found)) == 0
    assert len(distances(found)) == 3 * 4 + 1
    assert set(found.transforms[0].steps) == {"neurons"}


def test_vocabularies_of_other_size_share_their_rows(tmp_path: Path) -> None:
    """The common rows are compared, in either direction, and counted."""
    small, large = sketch(tmp_path, "a", model()), sketch(tmp_path, "b", extended(model()))
    for one, other in ((small, large), (large, small)):
        found = align(one, [other])
        assert found.transforms[0].vocabulary == (256, 263)
        (embedding,) = [t for t in found.tensors if t.canonical == "embedding"]
        assert embedding.x.size == 256 * 64


def test_what_has_no_counterpart_is_listed(tmp_path: Path) -> None:
    """With the reason: not there, another shape, only the parent has it."""
    mine, theirs = model(), model()
    mine["extra.weight"] = np.ones((2, 2), np.float32)
    theirs["other.weight"] = np.ones((2, 2), np.float32)
    theirs["model.norm.weight"] = np.ones(65, np.float32)
    found = align(sketch(tmp_path, "a", mine), [sketch(tmp_path, "b", theirs)])
    assert {(u.canonical, u.why) for u in found.unaligned} == {
        ("extra", "it has no such tensor"),
        ("norm.final", "its shape is [65], not [64]"),
        ("other", "only b has it"),
    }


def test_numbers_that_are_none_are_left_out(tmp_path: Path) -> None:
    """On either side, and what is too large for a weight; the rest of the tensor is compared."""
    mine, theirs = model(), model()
    mine["lm_head.weight"][0, :4] = np.nan
    mine["lm_head.weight"][0, 4] = 1e30
    theirs["lm_head.weight"][3, 7] = np.inf
    found = align(sketch(tmp_path, "a", mine), [sketch(tmp_path, "b", theirs)])
    (head,) = [t for t in found.tensors if t.canonical == "lm_head"]
    assert head.x.size == 256 * 64 - 6
    assert not head.whole
    assert head.runs.tolist() == [[5, 194], [200, 256 * 64 - 200]]


def test_a_sample_of_rearranged_columns_is_laid_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whole rows are enough for hidden units; what needs more is said."""
    monkeypatch.setattr("cardlint.weights.read.WHOLE", 0)
    monkeypatch.setattr("cardlint.weights.plan.SLOT", 64 * 8)
    source = sketch(tmp_path, "source", model())
    (tmp_path / "copy").mkdir()
    copy = read(write(tmp_path / "copy", hidden(model()), "F32"), budget=300_000)
    assert not copy.blocks["layers.0.mlp.up"].whole
    found = align(copy, [source])
    assert max(distances(found)) < 1e-6
    assert {u.canonical.rpartition("layers.")[2][2:] for u in found.unaligned} <= {
        "attention.o",
        "mlp.down",
    }


def test_a_sample_tells_layers_of_rearranged_columns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hidden units in another order and a layer less, seen in a sample."""
    monkeypatch.setattr("cardlint.weights.read.WHOLE", 0)
    monkeypatch.setattr("cardlint.weights.plan.SLOT", 64 * 8)
    source = sketch(tmp_path, "source", model())
    (tmp_path / "copy").mkdir()
    copy = read(
        write(tmp_path / "copy", dropped(hidden(model(change=0.05))), "F32"), budget=300_000
    )
    found = align(copy, [source])
    assert found.transforms[0].layers == {0: 0, 1: 2, 2: 3}
    assert max(distances(found)) < 0.2


def test_a_rotation_that_cannot_be_undone_compares_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rotated copy is not a stranger: nothing of its hidden units is held against the source."""
    monkeypatch.setattr("cardlint.weights.invariants.MAX_ROTATED", 16)
    source = sketch(tmp_path, "source", model())
    found = align(sketch(tmp_path, "copy", rotated(model())), [source])
    assert distances(found) == []
    assert "could not be undone" in found.gaps[0]
    assert relate_all(found.model, [source])[0].kind is Kind.NOT_COMPARABLE


def renamed(values: Model) -> Model:
    """Every tensor under a number, in another order."""
    names = sorted(values, key=lambda n: n[::-1])
    return {f"part.{i:03d}": values[name] for i, name in enumerate(names)}


@pytest.mark.parametrize("disguise", [dict, neurons, heads, hidden_signs])
def test_a_model_under_other_names_is_recognized(tmp_path: Path, disguise: Disguise) -> None:
    """Names that say nothing hide nothing, moved units or not, on either side."""
    source = sketch(tmp_path, "source", model())
    copy = sketch(tmp_path, "copy", renamed(disguise(model())))
    for found in (align(copy, [source]), align(source, [copy])):
        assert max(distances(found)) < 1e-5
        assert len(distances(found)) == LAYERS * 7 + 2
        assert found.unaligned == ()


def test_other_names_and_the_parents_of_a_merge(tmp_path: Path) -> None:
    """All parents are laid on a renamed model, and a stranger is not."""
    first, second, stranger = (
        sketch(tmp_path, name, model(seed, change))
        for name, seed, change in (("first", 1, 0.0), ("second", 1, 0.1), ("stranger", 2, 0.0))
    )
    merged = {k: (v + model(1, 0.1)[k]) / 2 for k, v in model().items()}
    odd = sketch(tmp_path, "odd", renamed(merged))
    found = align(odd, [first, second])
    assert max(distances(found) + distances(found, 1)) < 0.2
    assert relate_all(odd, [stranger])[0].kind is Kind.NOT_COMPARABLE


def test_rows_are_matched_one_to_one() -> None:
    """Also those that are nobody's first choice."""
    a = rng(1).standard_normal((6, 40))
    b = np.concatenate([a[[3, 1, 0, 2, 5]] + rng(2).normal(0, 0.3, (5, 40)), -a[[4]]])
    found = match_rows(a, b)
    assert found is not None
    assert found.index.tolist() == [2, 1, 3, 0, 5, 4]
    assert found.sign.tolist() == [1, 1, 1, 1, -1, 1]
    assert match_rows(a, rng(3).standard_normal((6, 40))) is None
    assert match_rows(a, np.tile(a[:1], (6, 1))) is None


@pytest.mark.skipif(not LAB.is_dir(), reason=NO_LAB)
@pytest.mark.parametrize(
    ("model_name", "parent", "layers", "steps"),
    [
        ("x-rename", "A-code", None, set()),
        ("x-permute", "A-code", None, {"neurons", "heads"}),
        ("x-permute", "A", None, {"neurons", "heads"}),
        ("x-prune", "A-code", {0: 0, 1: 1, 2: 2, 3: 4, 4: 5}, set()),
        ("x-fp16", "A-fun", None, set()),
        ("x-int8", "A-code", None, set()),
        ("m12-passthrough-upscale", "A-code", dict(enumerate([0, 1, 2, 3, 2, 3, 4, 5])), set()),
        ("m12-passthrough-upscale", "A-fun", dict(enumerate([0, 1, 2, 3, 2, 3, 4, 5])), set()),
        ("B", "A", None, set()),
        ("C", "A", None, set()),
    ],
)
def test_the_lab(
    model_name: str, parent: str, layers: dict[int, int] | None, steps: set[str]
) -> None:
    """Models really trained, renamed, permuted, pruned, stacked: the truth is known."""
    found = align(read(LAB / model_name), [read(LAB / parent)])
    assert found.transforms[0].layers == layers
    assert set(found.transforms[0].steps) == steps
