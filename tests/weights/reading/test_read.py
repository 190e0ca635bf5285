"""From files to sketches: budgets, precision, what cannot be read."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from cardlint.source.interface import Range
from cardlint.source.local import LocalFolder
from cardlint.weights import plan as plan_module
from cardlint.weights.dtypes import decode
from cardlint.weights.read import sketch
from cardlint.weights.runs import intersect
from tests.kit.weights import rounded, write_safetensors
from tests.weights.reading.kit import Counting, array, raw_header, read, weights, write


@pytest.fixture
def sampled(monkeypatch: pytest.MonkeyPatch) -> None:
    """No model is small enough to be read whole."""
    monkeypatch.setattr("cardlint.weights.read.WHOLE", 0)


@pytest.mark.parametrize("dtype", ["BF16", "F16", "F32"])
def test_a_small_model_is_read_whole_and_exactly(tmp_path: Path, dtype: str) -> None:
    """Every element, at the precision in which it is stored."""
    values = weights()
    found = read(write(tmp_path, values, dtype))
    assert found.coverage.elements == (found.coverage.elements[1],) * 2
    expected = rounded(values["model.layers.1.mlp.down_proj.weight"], dtype)
    np.testing.assert_array_equal(array(found, "layers.1.mlp.down"), expected)


@pytest.mark.usefixtures("sampled")
def test_a_budget_is_kept(tmp_path: Path) -> None:
    """Bytes and ranges, whichever ends first."""
    write(tmp_path, weights(hidden=256))
    source = Counting(tmp_path)
    found = sketch(source, budget=200_000, requests=1000)
    assert 100_000 < found.coverage.bytes[0] <= 200_000
    few = sketch(Counting(tmp_path), budget=1 << 30, requests=5)
    assert sum(len(b.runs) for b in few.blocks.values()) == 5


@pytest.mark.usefixtures("sampled")
def test_a_sample_has_the_numbers_of_the_whole(tmp_path: Path) -> None:
    """Each run is where it says it is."""
    values = weights(hidden=256)
    part = sketch(LocalFolder(write(tmp_path, values)), budget=900_000)
    truth = rounded(values["model.layers.1.mlp.gate_proj.weight"], "BF16").ravel()
    block = part.blocks["layers.1.mlp.gate"]
    assert not block.whole
    expected = np.concatenate([truth[s : s + n] for s, n in block.runs])
    np.testing.assert_array_equal(block.values, expected)
    data = LocalFolder(tmp_path).read_ranges([Range(*r) for r in block.ranges])
    np.testing.assert_array_equal(decode("BF16", b"".join(data)), expected)


@pytest.mark.usefixtures("sampled")
def test_models_of_other_precision_share_their_positions(tmp_path: Path) -> None:
    """A float32 model affords half as many runs; those are among the other's."""
    for dtype in ("BF16", "F32"):
        (tmp_path / dtype).mkdir()
        write(tmp_path / dtype, weights(hidden=256), dtype)
    half, full = (read(tmp_path / d, budget=300_000) for d in ("BF16", "F32"))
    assert full.coverage.elements[0] < half.coverage.elements[0]
    for name, block in full.blocks.items():
        np.testing.assert_array_equal(intersect(block.runs, half.blocks[name].runs), block.runs)


def test_numbers_that_are_none_are_counted(tmp_path: Path) -> None:
    """NaN and infinity are kept in the sketch and told."""
    values = weights(layers=1)
    values["model.norm.weight"][:3] = [np.nan, np.inf, -np.inf]
    found = read(write(tmp_path, values, "F32"))
    assert found.gaps == ("3 elements in 1 tensors are not finite, such as in norm.final",)


def test_empty_tensors_are_listed_and_not_read(tmp_path: Path) -> None:
    """A shape with a zero is legal."""
    found = read(write(tmp_path, {"a": np.zeros((0, 4), np.float32), "b": np.ones(2, np.float32)}))
    assert set(found.tensors) == {"a", "b"}
    assert set(found.blocks) == {"b"}


def test_scattered_elements_are_read_where_that_is_cheap(tmp_path: Path) -> None:
    """A transposed stack of experts: the runs stand apart in the file."""
    stack = np.arange(2 * 32 * 48, dtype=np.float32).reshape(2, 32, 48)
    write(tmp_path, {"model.layers.0.feed_forward.experts.down_proj": stack}, "F32")
    found = sketch(LocalFolder(tmp_path), budget=stack.nbytes * 60)
    np.testing.assert_array_equal(array(found, "layers.0.experts.1.down"), stack[1].T)


@pytest.mark.usefixtures("sampled")
def test_scattered_elements_that_are_dear_are_a_gap(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Said, not silently left out."""
    monkeypatch.setattr("cardlint.weights.read.SPAN", 100)
    stack = np.ones((2, 32, 48), np.float32)
    write(tmp_path, {"model.layers.0.feed_forward.experts.down_proj": stack, "b": stack[0]}, "F32")
    found = read(tmp_path)
    assert set(found.blocks) == {"b"}
    assert "stored with their rows apart" in found.gaps[0]


def test_near_ranges_are_read_together(tmp_path: Path) -> None:
    """One request for neighbours."""
    write(tmp_path, weights())
    source = Counting(tmp_path)
    sketch(source)
    assert [len(b) for b in source.batches[-1:]] == [1]


def test_holes_in_a_file_do_not_matter(tmp_path: Path) -> None:
    """Tensors are read where the header says, whatever lies between."""
    entry = {"dtype": "F32", "shape": [1], "data_offsets": [100_000, 100_004]}
    data = bytes(100_000) + np.float32(7).tobytes()
    (tmp_path / "model.safetensors").write_bytes(raw_header({"a": entry}, data))
    assert array(read(tmp_path), "a").tolist() == [7.0]


def test_a_model_of_one_value_is_read(tmp_path: Path) -> None:
    """All-equal tensors are numbers like others."""
    values = {k: np.zeros_like(v) for k, v in weights(layers=1).items()}
    found = read(write(tmp_path, values))
    assert all((b.values == 0).all() for b in found.blocks.values())


def test_the_limits_are_those_of_the_manual() -> None:
    """64 MiB, 1,024 ranges, whole up to 32 MiB: a change changes what sketches hold."""
    from cardlint.weights import read as module

    assert (module.BUDGET, module.REQUESTS, plan_module.WHOLE) == (64 << 20, 1024, 32 << 20)


def test_a_file_without_model_is_a_model(tmp_path: Path) -> None:
    """Any name will do when it is the only one."""
    write_safetensors(tmp_path / "weights" / "foo.safetensors", {"a": np.ones(3, np.float32)})
    assert array(read(tmp_path), "a").tolist() == [1, 1, 1]


@pytest.mark.slow
def test_the_rio_case_at_full_size(tmp_path: Path) -> None:
    """397 B parameters in 61 shards (sparse files): every layer and component within the budget."""
    hidden, experts, inner = 4096, 512, 1024
    shards: list[dict[str, tuple[int, ...]]] = [
        {
            "model.language_model.embed_tokens.weight": (248_320, hidden),
            "lm_head.weight": (248_320, hidden),
        }
    ]
    for layer in range(60):
        p = f"model.language_model.layers.{layer}."
        full = {"q": 16_384, "k": 512, "v": 512}
        linear = {"in_proj_qkv": 12_288, "in_proj_z": 8192, "in_proj_b": 64, "in_proj_a": 64}
        if layer % 4 == 3:
            shapes = {f"self_attn.{k}_proj.weight": (n, hidden) for k, n in full.items()}
            shapes["self_attn.o_proj.weight"] = (hidden, 8192)
        else:
            shapes = {f"linear_attn.{k}.weight": (n, hidden) for k, n in linear.items()}
            shapes["linear_attn.out_proj.weight"] = (hidden, 8192)
        rest: dict[str, tuple[int, ...]] = {
            "input_layernorm.weight": (hidden,),
            "mlp.gate.weight": (experts, hidden),
            "mlp.experts.gate_up_proj": (experts, 2 * inner, hidden),
            "mlp.experts.down_proj": (experts, hidden, inner),
            "mlp.shared_expert.up_proj.weight": (inner, hidden),
            "mlp.shared_expert_gate.weight": (1, hidden),
        }
        shards.append({p + k: v for k, v in {**shapes, **rest}.items()})
    listed: dict[str, str] = {}
    for i, tensors in enumerate(shards):
        header, at = {}, 0
        for name, shape in tensors.items():
            end = at + 2 * int(np.prod(shape))
            header[name] = {"dtype": "BF16", "shape": list(shape), "data_offsets": [at, end]}
            at = end
        file = f"model-{i + 1:05}-of-00061.safetensors"
        with (tmp_path / file).open("wb") as out:
            start = raw_header(header)
            out.write(start)
            out.truncate(len(start) + at)
        listed |= dict.fromkeys(tensors, file)
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps({"weight_map": listed}))
    source = Counting(tmp_path)
    found = sketch(source)
    assert found.coverage.elements[1] > 390e9
    assert found.coverage.layers == (60, 60)
    assert found.coverage.components[0] == found.coverage.components[1]
    assert sum(len(b) for b in source.batches) < 1100
    assert sum(r.length for b in source.batches for r in b) < 64 << 20
