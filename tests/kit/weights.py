"""Small checkpoints from a few numbers: every tensor is drawn from a seed, so all can be rebuilt.

A *spec* says what a tensor holds:

``{"sum": [[1, 7, 0.02], [1, 8, 0.001]]}``
    1 × N(0, 0.02) of seed 7 plus 1 × N(0, 0.001) of seed 8, rounded once to the dtype.
``{"mix": [[0.6, SPEC], [0.4, SPEC]]}``
    the *rounded* tensors of other specs, weighted and summed in float32, rounded once: what a
    linear merge does.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def bf16_bits(x: Array) -> npt.NDArray[np.uint16]:
    """float32 → bfloat16 bits, round to nearest even."""
    bits = np.ascontiguousarray(x, np.float32).view(np.uint32)
    rounded: npt.NDArray[np.uint16] = (
        (bits + 0x7FFF + ((bits >> np.uint32(16)) & np.uint32(1))) >> np.uint32(16)
    ).astype(np.uint16)
    return rounded


def bf16_values(bits: npt.NDArray[np.uint16]) -> npt.NDArray[np.float32]:
    """bfloat16 bits → float32."""
    return (bits.astype(np.uint32) << np.uint32(16)).view(np.float32)


def rounded(x: Array, dtype: str) -> npt.NDArray[np.float32]:
    """``x`` as it comes back after being stored as ``dtype`` (a safetensors name)."""
    if dtype == "BF16":
        return bf16_values(bf16_bits(x))
    if dtype == "F16":
        return x.astype(np.float16).astype(np.float32)
    return x.astype(np.float32)


def draw(spec: Mapping[str, Any], name: str, shape: tuple[int, ...], dtype: str) -> Array:
    """The values of one tensor, float32, already rounded to ``dtype``."""
    total = np.zeros(shape, np.float32)
    if "mix" in spec:
        for weight, part in spec["mix"]:
            total += np.float32(weight) * draw(part, name, shape, dtype)
    else:
        for weight, seed, sigma in spec["sum"]:
            digest = hashlib.sha256(f"{seed}:{name}".encode()).digest()
            noise = np.random.default_rng(int.from_bytes(digest[:8], "little")).standard_normal(
                shape
            )
            total += (weight * sigma * noise).astype(np.float32)
        if len(shape) == 1:  # a norm: around one
            total += 1
    return rounded(total, dtype)


def llama_shapes(
    hidden: int = 64, layers: int = 2, vocab: int = 256, heads: int = 4, kv_heads: int = 2
) -> dict[str, tuple[int, ...]]:
    """Tensor names and shapes of a small Llama-type model."""
    inner, kv = hidden * 3, hidden // heads * kv_heads
    shapes: dict[str, tuple[int, ...]] = {"model.embed_tokens.weight": (vocab, hidden)}
    for i in range(layers):
        p = f"model.layers.{i}."
        shapes |= {
            p + "self_attn.q_proj.weight": (hidden, hidden),
            p + "self_attn.k_proj.weight": (kv, hidden),
            p + "self_attn.v_proj.weight": (kv, hidden),
            p + "self_attn.o_proj.weight": (hidden, hidden),
            p + "mlp.gate_proj.weight": (inner, hidden),
            p + "mlp.up_proj.weight": (inner, hidden),
            p + "mlp.down_proj.weight": (hidden, inner),
            p + "input_layernorm.weight": (hidden,),
            p + "post_attention_layernorm.weight": (hidden,),
        }
    return {**shapes, "model.norm.weight": (hidden,), "lm_head.weight": (vocab, hidden)}


def tensors(
    spec: Mapping[str, Any], shapes: Mapping[str, tuple[int, ...]], dtype: str = "BF16"
) -> dict[str, Array]:
    """All tensors of a checkpoint, float32 values."""
    return {name: draw(spec, name, shape, dtype) for name, shape in shapes.items()}


def write_safetensors(path: Path, values: Mapping[str, Array], dtype: str = "BF16") -> None:
    """Write a safetensors file by hand, so that also what the library refuses can be made."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    blobs, offset = [], 0
    for name, array in values.items():
        if dtype == "BF16":
            blob = bf16_bits(array).tobytes()
        else:
            blob = array.astype({"F16": "<f2", "F32": "<f4", "F64": "<f8"}[dtype]).tobytes()
        header[name] = {
            "dtype": dtype,
            "shape": list(array.shape),
            "data_offsets": [offset, offset + len(blob)],
        }
        blobs.append(blob)
        offset += len(blob)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(blobs))
