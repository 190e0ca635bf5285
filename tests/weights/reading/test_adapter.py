"""An adapter is read as the change that it makes to its base."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cardlint.weights.align import align
from tests.kit.weights import write_safetensors
from tests.weights.reading.kit import LAB, NO_LAB, Array, array, read, rng

MODULE = "base_model.model.model.layers.0.mlp.up_proj"


def adapter(folder: Path, tensors: dict[str, Array], **settings: Any) -> Path:
    """What peft writes."""
    write_safetensors(folder / "adapter_model.safetensors", tensors, "F32")
    usual = {"peft_type": "LORA", "r": 4, "lora_alpha": 8}
    (folder / "adapter_config.json").write_text(json.dumps(usual | settings))
    return folder


def factors(rank: int = 4) -> tuple[Array, Array]:
    """A (r, in) and B (out, r)."""
    down = rng(1).standard_normal((rank, 16)).astype(np.float32)
    return down, rng(2).standard_normal((24, rank)).astype(np.float32)


@pytest.mark.parametrize(
    ("settings", "scale"),
    [
        ({}, 2.0),
        ({"lora_alpha": 1}, 0.25),
        ({"use_rslora": True}, 4.0),
        ({"alpha_pattern": {"up_proj": 40}}, 10.0),
        ({"alpha_pattern": {"down_proj": 40}}, 2.0),
    ],
)
def test_the_product_has_the_scale_that_peft_gives_it(
    tmp_path: Path, settings: dict[str, Any], scale: float
) -> None:
    """α / r, α / √r, or the module's own α."""
    down, up = factors()
    tensors = {f"{MODULE}.lora_A.weight": down, f"{MODULE}.lora_B.weight": up}
    found = read(adapter(tmp_path, tensors, **settings))
    assert (found.delta, found.format) == (True, "adapter")
    np.testing.assert_allclose(
        array(found, "layers.0.mlp.up"), up @ down * np.float32(scale), rtol=1e-6
    )


def test_weights_stored_the_other_way_round(tmp_path: Path) -> None:
    """Conv1D and embeddings are (in, out)."""
    down, up = factors()
    tensors = {
        f"{MODULE}.lora_A.default.weight": down,
        f"{MODULE}.lora_B.default.weight": up,
        "base_model.model.model.embed_tokens.lora_embedding_A": down,
        "base_model.model.model.embed_tokens.lora_embedding_B": up,
    }
    found = read(adapter(tmp_path, tensors, fan_in_fan_out=True))
    for name in ("layers.0.mlp.up", "embedding"):
        np.testing.assert_allclose(array(found, name), (up @ down).T * 2, rtol=1e-6)


def test_parts_of_a_product_are_read_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sample of the change has the numbers of the whole change."""
    monkeypatch.setattr("cardlint.weights.read.WHOLE", 0)
    down = rng(1).standard_normal((4, 1000)).astype(np.float32)
    up = rng(2).standard_normal((100, 4)).astype(np.float32)
    tensors = {f"{MODULE}.lora_A.weight": down, f"{MODULE}.lora_B.weight": up}
    block = read(adapter(tmp_path, tensors), requests=6).blocks["layers.0.mlp.up"]
    whole = (up @ down * np.float32(2)).ravel()
    assert not block.whole
    expected = np.concatenate([whole[s : s + n] for s, n in block.runs])
    np.testing.assert_allclose(block.values, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("tensors", "settings", "words"),
    [
        ({f"{MODULE}.lora_A.weight": np.ones((4, 16))}, {}, "lack a fitting factor"),
        (
            {f"{MODULE}.lora_A.weight": np.ones((4, 16)), f"{MODULE}.lora_B.weight": np.ones((24, 3))},
            {},
            "lack a fitting factor",
        ),
        ({f"{MODULE}.lora_A.weight": np.ones((4, 16))}, {"use_dora": True}, "DoRA"),
        ({f"{MODULE}.lora_A.weight": np.ones((4, 16))}, {"peft_type": "LOHA"}, "LOHA"),
    ],
)  # fmt: skip
def test_what_is_not_computed_is_said(
    tmp_path: Path, tensors: dict[str, Array], settings: dict[str, Any], words: str
) -> None:
    """Half a pair, factors that do not fit, other kinds of adapters."""
    found = read(adapter(tmp_path, tensors, **settings))
    assert found.blocks == {}
    assert any(words in gap for gap in found.gaps)


@pytest.mark.skipif(not LAB.is_dir(), reason=NO_LAB)
def test_the_lab_adapter_leads_from_its_base_to_the_merged_model() -> None:
    """Base + ΔW, rounded once to bfloat16, is the merged model: 42 matrices to the bit."""
    found = align(read(LAB / "A-de-lora"), [read(LAB / "A"), read(LAB / "A-de-lora-adapter")])
    pairs = [t for t in found.tensors if t.parents[1] is not None]
    assert len(pairs) == 42
    same = total = 0
    for tensor in pairs:
        base, delta = tensor.parents
        assert base is not None
        assert delta is not None
        from tests.kit.weights import rounded

        same += int((rounded(base + delta, "BF16") == tensor.x).sum())
        total += tensor.x.size
    assert same / total > 0.999
