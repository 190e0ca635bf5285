"""The layout of Qwen3.5-397B-A17B: tensor names, shapes and shards. No weights.

Public (model pages, and the code of transformers, vLLM and Megatron): 60 layers, of which every
fourth has full attention and the others gated DeltaNet ("linear") attention; hidden size 4,096;
vocabulary 248,320; 32 attention heads of 256 with 2 key-value heads and an output gate; 512 routed
experts, fused, and one shared; 94 files; all in bfloat16, about 800 GB.

Made plausible, because it could not be found: the width of an expert (1,024: with it the sum is
397 billion), the heads of linear attention (16 for keys, 64 for values, of 128 each), and which
tensor lies in which file. The vision tower and the multi-token prediction layer are left out.
"""

from __future__ import annotations

import json
import math
import struct
from dataclasses import dataclass

LAYERS = 60
HIDDEN = 4096
VOCABULARY = 248_320
HEADS, KEY_VALUE_HEADS, HEAD = 32, 2, 256
LINEAR_KEYS, LINEAR_VALUES, LINEAR_HEAD = 16, 64, 128
EXPERTS, EXPERT = 512, 1024
KERNEL = 4
FILES = 94
PREFIX = "model.language_model."


@dataclass(frozen=True, slots=True)
class Tensor:
    """One tensor of the model."""

    name: str
    shape: tuple[int, ...]

    @property
    def nbytes(self) -> int:
        """In bfloat16."""
        return 2 * math.prod(self.shape)


@dataclass(frozen=True, slots=True)
class Shard:
    """One file: its header, and where each tensor begins behind it."""

    path: str
    header: bytes
    starts: tuple[int, ...]
    """First byte of each tensor, from the beginning of the file."""
    tensors: tuple[Tensor, ...]

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return self.starts[-1] + self.tensors[-1].nbytes


def attention(layer: int) -> list[Tensor]:
    """Everything of a layer but its routed experts."""
    here = f"{PREFIX}layers.{layer}."
    if layer % 4 == 3:
        shapes: dict[str, tuple[int, ...]] = {
            "self_attn.q_proj.weight": (2 * HEADS * HEAD, HIDDEN),  # with the output gate
            "self_attn.k_proj.weight": (KEY_VALUE_HEADS * HEAD, HIDDEN),
            "self_attn.v_proj.weight": (KEY_VALUE_HEADS * HEAD, HIDDEN),
            "self_attn.o_proj.weight": (HIDDEN, HEADS * HEAD),
            "self_attn.q_norm.weight": (HEAD,),
            "self_attn.k_norm.weight": (HEAD,),
        }
    else:
        keys, values = LINEAR_KEYS * LINEAR_HEAD, LINEAR_VALUES * LINEAR_HEAD
        shapes = {
            "linear_attn.in_proj_qkv.weight": (2 * keys + values, HIDDEN),
            "linear_attn.in_proj_z.weight": (values, HIDDEN),
            "linear_attn.in_proj_b.weight": (LINEAR_VALUES, HIDDEN),
            "linear_attn.in_proj_a.weight": (LINEAR_VALUES, HIDDEN),
            "linear_attn.conv1d.weight": (2 * keys + values, 1, KERNEL),
            "linear_attn.A_log": (LINEAR_VALUES,),
            "linear_attn.dt_bias": (LINEAR_VALUES,),
            "linear_attn.norm.weight": (LINEAR_HEAD,),
            "linear_attn.out_proj.weight": (HIDDEN, values),
        }
    shapes |= {
        "input_layernorm.weight": (HIDDEN,),
        "post_attention_layernorm.weight": (HIDDEN,),
        "mlp.gate.weight": (EXPERTS, HIDDEN),
        "mlp.shared_expert.gate_proj.weight": (EXPERT, HIDDEN),
        "mlp.shared_expert.up_proj.weight": (EXPERT, HIDDEN),
        "mlp.shared_expert.down_proj.weight": (HIDDEN, EXPERT),
        "mlp.shared_expert_gate.weight": (1, HIDDEN),
    }
    return [Tensor(here + name, shape) for name, shape in shapes.items()]


def gate_up(layer: int) -> Tensor:
    """The first half of all routed experts of a layer: 8.6 GB."""
    return Tensor(f"{PREFIX}layers.{layer}.mlp.experts.gate_up_proj", (EXPERTS, 2 * EXPERT, HIDDEN))


def down(layer: int) -> Tensor:
    """The second half: 4.3 GB."""
    return Tensor(f"{PREFIX}layers.{layer}.mlp.experts.down_proj", (EXPERTS, HIDDEN, EXPERT))


def shards() -> list[Shard]:
    """The 94 files: two layers' experts to three files, and four for the rest."""
    groups: list[list[Tensor]] = [
        [Tensor(f"{PREFIX}embed_tokens.weight", (VOCABULARY, HIDDEN))],
        [t for layer in range(LAYERS // 2) for t in attention(layer)],
    ]
    for layer in range(0, LAYERS, 2):
        groups += [[gate_up(layer)], [gate_up(layer + 1)], [down(layer), down(layer + 1)]]
    groups += [
        [t for layer in range(LAYERS // 2, LAYERS) for t in attention(layer)],
        [
            Tensor(f"{PREFIX}norm.weight", (HIDDEN,)),
            Tensor("lm_head.weight", (VOCABULARY, HIDDEN)),
        ],
    ]
    return [_shard(number, tensors) for number, tensors in enumerate(groups, 1)]


def _shard(number: int, tensors: list[Tensor]) -> Shard:
    rows: dict[str, object] = {"__metadata__": {"format": "pt"}}
    starts, at = [], 0
    for tensor in tensors:
        rows[tensor.name] = {
            "dtype": "BF16",
            "shape": list(tensor.shape),
            "data_offsets": [at, at + tensor.nbytes],
        }
        starts.append(at)
        at += tensor.nbytes
    text = json.dumps(rows, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    header = struct.pack("<Q", len(text)) + text
    path = f"model-{number:05}-of-{FILES:05}.safetensors"
    return Shard(path, header, tuple(len(header) + s for s in starts), tuple(tensors))


def index(files: list[Shard]) -> bytes:
    """``model.safetensors.index.json``."""
    tensors = [(t.name, shard.path) for shard in files for t in shard.tensors]
    total = sum(t.nbytes for shard in files for t in shard.tensors)
    text = json.dumps({"metadata": {"total_size": total}, "weight_map": dict(tensors)}, indent=1)
    return text.encode()


def config() -> bytes:
    """``config.json``."""
    text = {
        "model_type": "qwen3_5_moe_text",
        "hidden_size": HIDDEN,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS,
        "num_key_value_heads": KEY_VALUE_HEADS,
        "head_dim": HEAD,
        "num_experts": EXPERTS,
        "num_experts_per_tok": 10,
        "moe_intermediate_size": EXPERT,
        "shared_expert_intermediate_size": EXPERT,
        "full_attention_interval": 4,
        "linear_num_key_heads": LINEAR_KEYS,
        "linear_num_value_heads": LINEAR_VALUES,
        "linear_key_head_dim": LINEAR_HEAD,
        "linear_value_head_dim": LINEAR_HEAD,
        "linear_conv_kernel_dim": KERNEL,
        "vocab_size": VOCABULARY,
        "tie_word_embeddings": False,
        "dtype": "bfloat16",
    }
    whole = {
        "architectures": ["Qwen3_5MoeForConditionalGeneration"],
        "model_type": "qwen3_5_moe",
        "text_config": text,
        "tie_word_embeddings": False,
    }
    return json.dumps(whole, indent=2).encode()
