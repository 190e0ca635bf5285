"""Files that are made to hurt: an answer within bounds, always."""

from __future__ import annotations

import pickle
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardlint.errors import Malformed
from cardlint.source.local import LocalFolder
from cardlint.weights.architectures import LAYER, TOP
from cardlint.weights.checkpoint import open_checkpoint
from cardlint.weights.formats.interface import Plain
from cardlint.weights.formats.torch_zip import walk
from cardlint.weights.names import canonical, elements
from cardlint.weights.plan import plan
from cardlint.weights.sketch import Tensor
from tests.kit.weights import write_safetensors
from tests.weights.reading.kit import raw_header, read

KNOWN = [f"model.layers.0.{n.replace('#', '1')}.weight" for n in LAYER] + [
    f"{n}.weight" for n in TOP
]


@given(
    st.dictionaries(
        st.sampled_from(KNOWN), st.lists(st.integers(0, 9), max_size=4).map(tuple), max_size=8
    ),
    st.dictionaries(
        st.sampled_from(
            ["num_attention_heads", "num_key_value_heads", "model_type", "multi_query"]
        ),
        st.integers(-1, 8) | st.booleans() | st.text(max_size=3) | st.none(),
    ),
)
@settings(max_examples=500, deadline=None)
def test_known_names_with_any_shape(
    shapes: dict[str, tuple[int, ...]], config: dict[str, object]
) -> None:
    """Whatever is fused, stacked or empty: every part lies inside what is stored."""
    stored = {n: Plain("F32", s, (n,), "f", 0, 4 * int(np.prod(s))) for n, s in shapes.items()}
    for part in canonical(stored, config).parts.values():  # type: ignore[arg-type]  # hostile on purpose
        count = elements(part.tensor)
        if count:
            flat = np.arange(np.prod(part.storage.shape), dtype=np.float64)
            assert part.view.take(flat).size == count
            assert part.view.offset + sum((n - 1) * s for n, s in part.view.dims) < flat.size


def test_experts_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stacks of empty experts: 8,000 of them in each of a thousand layers, or 2^40 in one."""
    monkeypatch.setattr("cardlint.weights.names.MAX_PARTS", 20_000)
    shapes = {f"layers.{i}.mlp.experts.gate_up_proj": (4000, 2, 0) for i in range(1000)}
    shapes["layers.9999.mlp.experts.gate_up_proj"] = (1 << 40, 2, 0)
    stored = {n: Plain("F32", s, (n,), "f", 0, 0) for n, s in shapes.items()}
    start = time.perf_counter()
    found = canonical(stored, {})
    assert len(found.parts) <= 20_000 + 8000
    assert any("were left out" in gap for gap in found.gaps)
    assert time.perf_counter() - start < 60


def test_names_without_end(tmp_path: Path) -> None:
    """Two megabytes of prefixes, dots, digits or what looks like a fixed tensor."""
    names = [
        "model." * 350_000,
        "a." * 1_000_000,
        "1." * 1_000_000,
        "stft" * 500_000 + ".",
        "{" * 9999,
    ]
    header = {n: {"dtype": "U8", "shape": [0], "data_offsets": [0, 0]} for n in names}
    (tmp_path / "model.safetensors").write_bytes(raw_header(header))
    start = time.perf_counter()
    assert len(read(tmp_path).tensors) == len(names)
    assert time.perf_counter() - start < 10


def test_a_tensor_of_a_trillion_elements() -> None:
    """The plan draws from the front of it."""
    huge = Tensor("x", "x", None, None, (1 << 30, 1 << 12), "BF16", ("x",))
    tracemalloc.start()
    assert next(iter(plan([huge]))).length == 8192
    assert tracemalloc.get_traced_memory()[1] < 100 << 20
    tracemalloc.stop()


def test_a_small_adapter_of_a_large_model(tmp_path: Path) -> None:
    """Rank one: two thin factors, a change of 4 billion elements, of which a sample is computed."""
    thin = np.ones((1, 1 << 16), np.float32)
    module = "base_model.model.model.layers.0.mlp.up_proj"
    values = {f"{module}.lora_A.weight": thin, f"{module}.lora_B.weight": thin.T}
    write_safetensors(tmp_path / "adapter_model.safetensors", values, "F32")
    tracemalloc.start()
    found = read(tmp_path, budget=16 << 20)
    assert tracemalloc.get_traced_memory()[1] < 100 << 20
    tracemalloc.stop()
    assert found.coverage.elements[1] == 1 << 32
    assert 0 < found.coverage.elements[0] < 1 << 26


def test_values_that_grow_by_doubling() -> None:
    """A tuple of a tuple of …, each twice: its text would have 2^60 letters."""
    doubling = b"\x80\x02)" + b"2\x86" * 60 + b"."
    assert isinstance(walk(doubling, "m")[0], tuple)
    named = b"\x80\x02)" + b"2\x86" * 60 + b"\x8c\x01x\x93."
    with pytest.raises(Malformed):
        walk(named, "m")


def test_a_pickle_of_many_instructions_is_cut_short() -> None:
    """Many small lists are walked in seconds; what has no end is refused."""
    start = time.perf_counter()
    with pytest.raises(Malformed, match="more than"):
        walk(b"\x80\x02" + b"N0" * 1_100_000 + b".", "m")
    walk(pickle.dumps([[] for _ in range(200_000)]), "m")
    assert time.perf_counter() - start < 60


def test_an_index_of_many_files_is_refused(tmp_path: Path) -> None:
    """10,001 shards."""
    import json

    write_safetensors(tmp_path / "model.safetensors", {"a": np.ones(1, np.float32)})
    listed = {f"t{i}": f"model-{i:05}.safetensors" for i in range(10_001)}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps({"weight_map": listed}))
    codes = [p.code for p in open_checkpoint(LocalFolder(tmp_path)).problems]
    assert codes == ["too-many-shards"]
