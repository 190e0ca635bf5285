"""The same tensor is called the same, however it was named and packed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cardlint.weights.formats.interface import Plain
from cardlint.weights.names import canonical
from tests.weights.reading.kit import CONFIG, Array, array, read, rng, weights, write


def named(*names: str, shape: tuple[int, ...] = (4, 4), **config: Any) -> dict[str, str]:
    """Stored name → canonical name."""
    stored = {n: Plain("F32", shape, (n,), "f", 0, 0) for n in names}
    parts = canonical(stored, config).parts
    return {p.tensor.stored[0]: key for key, p in parts.items()}


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        # Llama, Mistral, Qwen2
        ("model.layers.3.self_attn.q_proj.weight", "layers.3.attention.q"),
        ("model.layers.3.self_attn.q_proj.bias", "layers.3.attention.q.bias"),
        ("transformer.layers.3.mlp.gate_proj.weight", "layers.3.mlp.gate"),
        ("base_model.model.model.layers.0.mlp.down_proj.weight", "layers.0.mlp.down"),
        ("model.embed_tokens.weight", "embedding"),
        ("model.norm.weight", "norm.final"),
        ("lm_head.weight", "lm_head"),
        # Meta's files
        ("layers.3.attention.wv.weight", "layers.3.attention.v"),
        ("layers.3.feed_forward.w2.weight", "layers.3.mlp.down"),
        ("tok_embeddings.weight", "embedding"),
        ("output.weight", "lm_head"),
        # Qwen3, Qwen3.5
        ("model.layers.3.self_attn.q_norm.weight", "layers.3.norm.q"),
        ("model.language_model.layers.3.linear_attn.in_proj_qkv.weight", "layers.3.linear_attention.in"),
        ("model.language_model.layers.3.linear_attn.A_log", "layers.3.linear_attention.decay"),
        ("model.language_model.layers.3.linear_attn.norm.weight", "layers.3.norm.linear_attention"),
        ("model.language_model.layers.3.mlp.gate.weight", "layers.3.router"),
        ("model.language_model.layers.3.mlp.shared_expert_gate.weight", "layers.3.shared_expert_gate"),
        ("model.language_model.layers.3.mlp.shared_expert.up_proj.weight", "layers.3.shared_expert.up"),
        ("mtp.layers.0.mlp.gate.weight", "mtp.layers.0.router"),
        ("model.visual.blocks.3.attn.proj.weight", "vision.layers.3.attention.o"),
        # experts
        ("model.layers.3.mlp.experts.17.up_proj.weight", "layers.3.experts.17.up"),
        ("model.layers.3.block_sparse_moe.experts.1.w2.weight", "layers.3.experts.1.down"),
        # DeepSeek V3
        ("model.layers.3.self_attn.kv_a_proj_with_mqa.weight", "layers.3.attention.kv_a"),
        ("model.layers.3.mlp.gate.e_score_correction_bias", "layers.3.router.bias"),
        ("model.layers.3.mlp.shared_experts.down_proj.weight", "layers.3.shared_expert.down"),
        # Gemma
        ("model.layers.3.pre_feedforward_layernorm.weight", "layers.3.norm.pre_feedforward"),
        ("language_model.model.layers.3.mlp.up_proj.weight", "layers.3.mlp.up"),
        # Phi-1.5, OPT
        ("model.layers.3.mlp.fc1.weight", "layers.3.mlp.up"),
        ("model.layers.3.self_attn.dense.weight", "layers.3.attention.o"),
        # GPT-2, GPT-NeoX
        ("transformer.h.3.mlp.c_fc.weight", "layers.3.mlp.up"),
        ("h.3.ln_1.bias", "layers.3.norm.input.bias"),
        ("wpe.weight", "position_embedding"),
        ("gpt_neox.layers.3.attention.dense.weight", "layers.3.attention.o"),
        ("gpt_neox.embed_in.weight", "embedding"),
        ("embed_out.weight", "lm_head"),
        # BERT, DistilBERT
        ("bert.encoder.layer.3.attention.self.query.weight", "encoder.layers.3.attention.q"),
        ("encoder.layer.3.output.dense.weight", "encoder.layers.3.mlp.down"),
        ("bert.embeddings.word_embeddings.weight", "embedding"),
        ("distilbert.transformer.layer.3.ffn.lin1.weight", "layers.3.mlp.up"),
        # T5, Whisper
        ("decoder.block.3.layer.1.EncDecAttention.k.weight", "decoder.layers.3.cross_attention.k"),
        ("encoder.block.3.layer.1.DenseReluDense.wi_0.weight", "encoder.layers.3.mlp.gate"),
        ("encoder.block.3.layer.1.layer_norm.weight", "encoder.layers.3.norm.1"),
        ("shared.weight", "embedding"),
        ("model.decoder.layers.3.encoder_attn.v_proj.bias", "decoder.layers.3.cross_attention.v.bias"),
        ("model.encoder.conv1.weight", "encoder.conv1"),
        # gpt-oss
        ("model.layers.3.mlp.router.bias", "layers.3.router.bias"),
        ("model.layers.3.self_attn.sinks", "layers.3.attention.sinks"),
        # DiT, UNet
        ("transformer_blocks.3.attn.to_out.0.weight", "layers.3.attention.o"),
        ("down_blocks.0.resnets.1.conv1.weight", "down_blocks.0.resnets.1.conv1"),
        # GGUF
        ("blk.3.ffn_down.weight", "layers.3.mlp.down"),
        ("blk.3.ffn_gate.5.weight", "layers.3.experts.5.gate"),
        ("token_embd.weight", "embedding"),
        # nobody's
        ("my.{odd}.#7.3.name.weight", "my.{odd}.%237.3.name"),
    ],
)  # fmt: skip
def test_names_of_known_architectures(stored: str, expected: str) -> None:
    """One table: what is stored, what it is called here."""
    (found,) = named(stored).values()
    assert found == expected


def test_two_names_for_one_thing_are_kept_apart() -> None:
    """No tensor is lost when stripping makes two names equal."""
    found = named("model.norm.weight", "language_model.model.norm.weight", "norm.weight")
    assert len(set(found.values())) == 3


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("model.layers.0.self_attn.rotary_emb.inv_freq", (32,)),
        ("transformer.h.0.attn.bias", (1, 1, 8, 8)),
        ("gpt_neox.layers.0.attention.masked_bias", ()),
        ("bert.embeddings.position_ids", (1, 512)),
        ("encoder.layer.0.attention.relative_position_index", (4, 4)),
        ("rope_freqs.weight", (64,)),
        ("stft.forward_basis", (4, 1, 4)),
        ("bn.num_batches_tracked", ()),
    ],
)
def test_functions_of_the_architecture_are_marked(name: str, shape: tuple[int, ...]) -> None:
    """Identical in unrelated models: never evidence."""
    stored = {name: Plain("F32", shape, (name,), "f", 0, 0)}
    assert [p.tensor.fixed for p in canonical(stored, {}).parts.values()] == [True]


@pytest.mark.parametrize("turns", [False, True])
@pytest.mark.parametrize("dtype", ["F32", "F16"])
def test_positions_that_are_sines_are_marked(tmp_path: Path, dtype: str, turns: bool) -> None:  # noqa: FBT001  # a parameter of the table
    """Whisper's encoder keeps a table of sines; its decoder learns positions."""
    angles = np.arange(100)[:, None] / 10_000 ** (np.arange(32) / 32)
    pair = np.stack([np.sin(angles), np.cos(angles)], -1 if turns else 1)
    learned = rng(1).normal(0, 0.5, (100, 64))
    names = ("model.encoder.embed_positions.weight", "model.decoder.embed_positions.weight")
    values = dict(zip(names, (pair.reshape(100, 64), learned), strict=True))
    found = read(write(tmp_path, {k: v.astype(np.float32) for k, v in values.items()}, dtype))
    assert found.blocks["encoder.position_embedding"].tensor.fixed
    assert found.tensors["encoder.position_embedding"].fixed
    assert not found.tensors["position_embedding"].fixed


def test_a_bias_of_attention_is_not_a_mask() -> None:
    """GPT-NeoX has both under one ending."""
    stored = {"h.0.attn.bias": Plain("F32", (64,), ("b",), "f", 0, 0)}
    assert [p.tensor.fixed for p in canonical(stored, {}).parts.values()] == [False]


# --- fused and split ---------------------------------------------------------------------------


def fused_rows(values: dict[str, Array]) -> dict[str, Array]:
    """As Phi-3 stores it."""
    out = dict(values)
    for i in range(2):
        p = f"model.layers.{i}."
        qkv = [out.pop(f"{p}self_attn.{n}_proj.weight") for n in "qkv"]
        out[p + "self_attn.qkv_proj.weight"] = np.concatenate(qkv)
        both = [out.pop(f"{p}mlp.{n}_proj.weight") for n in ("gate", "up")]
        out[p + "mlp.gate_up_proj.weight"] = np.concatenate(both)
    return out


def fused_groups(values: dict[str, Array]) -> dict[str, Array]:
    """As InternLM2 and Falcon store it: by key-value head."""
    out = dict(values)
    for i in range(2):
        p = f"model.layers.{i}."
        q, k, v = (out.pop(f"{p}self_attn.{n}_proj.weight").reshape(2, -1, 16, 64) for n in "qkv")
        out[p + "self_attn.query_key_value.weight"] = np.concatenate([q, k, v], 1).reshape(-1, 64)
    return out


def halves_interleaved(values: dict[str, Array]) -> dict[str, Array]:
    """As Meta's files store it: rotary pairs side by side, other names."""
    names = {
        "self_attn.v_proj": "attention.wv",
        "self_attn.o_proj": "attention.wo",
        "mlp.gate_proj": "feed_forward.w1",
        "mlp.down_proj": "feed_forward.w2",
        "mlp.up_proj": "feed_forward.w3",
    }
    out = {}
    for name, value in values.items():
        new, moved = name, value
        for old, other in names.items():
            new = new.replace(old, other)
        for letter, heads in (("q", 4), ("k", 2)):
            if f"self_attn.{letter}_proj" in name:
                new = name.replace(f"self_attn.{letter}_proj", f"attention.w{letter}")
                half = value.shape[0] // heads // 2
                moved = value.reshape(heads, 2, half, 64).swapaxes(1, 2).reshape(value.shape)
        out[new.removeprefix("model.")] = moved
    return out


@pytest.mark.parametrize("pack", [fused_rows, fused_groups, halves_interleaved])
def test_packed_models_read_as_the_plain_one(
    tmp_path: Path, pack: Callable[[dict[str, Array]], dict[str, Array]]
) -> None:
    """Every canonical tensor has the same numbers, to the bit."""
    for name, values in (("plain", weights()), ("packed", pack(weights()))):
        (tmp_path / name).mkdir()
        write(tmp_path / name, values)
    plain, packed = read(tmp_path / "plain"), read(tmp_path / "packed")
    assert packed.gaps == ()
    assert set(packed.blocks) == set(plain.blocks)
    for name in plain.blocks:
        np.testing.assert_array_equal(array(packed, name), array(plain, name))


def test_fused_attention_that_cannot_be_cut_is_said(tmp_path: Path) -> None:
    """Without the number of heads there is no telling the groups."""
    write(tmp_path, fused_groups(weights()), config={})
    found = read(tmp_path)
    assert "2 fused tensors could not be cut" in found.gaps[0]
    assert "layers.0.self_attn.query_key_value" in found.blocks


def moe(fused: str) -> dict[str, Array]:
    """One layer of a mixture of 4 experts, hidden 16, inner 8."""
    gate, up = rng(1).standard_normal((2, 4, 8, 16)).astype(np.float32)
    down = rng(2).standard_normal((4, 16, 8)).astype(np.float32)
    p = "model.layers.0.mlp.experts."
    if fused == "qwen":  # (experts, 2 · inner, hidden)
        return {p + "gate_up_proj": np.concatenate([gate, up], 1), p + "down_proj": down}
    if fused == "gpt-oss":  # (experts, hidden, 2 · inner), taking turns
        both = np.stack([gate, up], 2).reshape(4, 16, 16).swapaxes(1, 2)
        bias = np.zeros((4, 16), np.float32)
        return {
            p + "gate_up_proj": both,
            p + "gate_up_proj_bias": bias,
            p + "down_proj": down.swapaxes(1, 2),
        }
    if fused == "llama4":  # (experts, hidden, 2 · inner), side by side
        p = "language_model.model.layers.0.feed_forward.experts."
        both = np.concatenate([gate, up], 1).swapaxes(1, 2)
        return {p + "gate_up_proj": both, p + "down_proj": down.swapaxes(1, 2)}
    return {
        f"{p}{e}.{n}_proj.weight": w[e]
        for n, w in (("gate", gate), ("up", up), ("down", down))
        for e in range(4)
    }


@pytest.mark.parametrize("fused", ["qwen", "gpt-oss", "llama4"])
def test_stacked_experts_read_as_single_ones(tmp_path: Path, fused: str) -> None:
    """Stacked, interleaved or transposed: expert for expert the same numbers."""
    for name in ("single", fused):
        (tmp_path / name).mkdir()
        values = {k: np.ascontiguousarray(v) for k, v in moe(name).items()}
        write(tmp_path / name, values, "F32", CONFIG | {"model_type": "x"})
    single, stacked = read(tmp_path / "single"), read(tmp_path / fused)
    assert len(single.blocks) == 12
    for name in single.blocks:
        np.testing.assert_array_equal(array(stacked, name), array(single, name))


def test_gpt2_is_cut_by_columns_and_kept_as_stored(tmp_path: Path) -> None:
    """Conv1D is (in, out)."""
    fused = rng(3).standard_normal((8, 24)).astype(np.float32)
    write(tmp_path, {"h.0.attn.c_attn.weight": fused}, "F32", {"model_type": "gpt2"})
    found = read(tmp_path)
    np.testing.assert_array_equal(array(found, "layers.0.attention.k"), fused[:, 8:16])


def test_gpt_neox_takes_turns_head_by_head(tmp_path: Path) -> None:
    """[heads, (q, k, v), size]."""
    q, k, v = rng(3).standard_normal((3, 4, 2, 8)).astype(np.float32)
    fused = np.stack([q, k, v], 1).reshape(24, 8)
    name = "gpt_neox.layers.0.attention.query_key_value.weight"
    write(tmp_path, {name: fused}, "F32", {"num_attention_heads": 4})
    np.testing.assert_array_equal(array(read(tmp_path), "layers.0.attention.k"), k.reshape(8, 8))
