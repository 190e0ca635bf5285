"""What the tests of reading share: small models in many layouts, and a source that counts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from cardlint.source.interface import Range
from cardlint.source.local import LocalFolder
from cardlint.weights.read import sketch
from cardlint.weights.sketch import Sketch
from tests.kit.weights import llama_shapes, tensors, write_safetensors

Array = npt.NDArray[Any]
LAB = Path(__file__).parents[4] / "shared" / "lab"
NO_LAB = "the lab models are not beside the checkout"

CONFIG = {
    "model_type": "llama",
    "hidden_size": 64,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "num_hidden_layers": 2,
}


class Counting(LocalFolder):
    """A folder that remembers what was asked of it."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.batches: list[list[Range]] = []

    def read_ranges(self, ranges: Sequence[Range]) -> list[bytes]:
        """Note the batch, then read it."""
        self.batches.append(list(ranges))
        return super().read_ranges(ranges)


def weights(seed: int = 1, *, change: float = 0.0, **sizes: int) -> dict[str, Array]:
    """A Llama-type model, (out, in) matrices in bfloat16's precision."""
    spec = {"sum": [[1, seed, 0.05], [change, seed + 1000, 0.05]]}
    return tensors(spec, llama_shapes(**sizes))


def write(
    folder: Path,
    values: Mapping[str, Array],
    dtype: str = "BF16",
    config: Mapping[str, Any] | None = None,
    name: str = "model.safetensors",
) -> Path:
    """A model repository."""
    write_safetensors(folder / name, values, dtype)
    (folder / "config.json").write_text(json.dumps(CONFIG if config is None else config))
    return folder


def read(folder: Path, **options: Any) -> Sketch:
    """Its sketch."""
    return sketch(LocalFolder(folder), **options)


def array(model: Sketch, name: str) -> Array:
    """One tensor that was read whole, in its shape."""
    block = model.blocks[name]
    assert block.whole
    return block.values.reshape(block.tensor.shape)


def raw_header(header: Any, data: bytes = b"") -> bytes:
    """A safetensors file with any header."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data


def rng(seed: int) -> np.random.Generator:
    """Seeded numbers."""
    return np.random.default_rng(seed)
