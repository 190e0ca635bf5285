"""What the files say about the model's size and make: config.json and safetensors headers."""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

from cardlint.repository import Repository
from cardlint.source.interface import Range

_COPY = re.compile(
    r"gguf|gptq|awq|ggml|exl2|mlx|onnx|quanti[sz]|[48]-?bit|fp8|int8|openvino|lora\b", re.IGNORECASE
)
MAX_SHARDS = 8
"""Headers read of one model; of more shards the index says how many bytes they hold."""


@dataclass(frozen=True, slots=True)
class Weights:
    """The tensors of a repository, as its headers say."""

    parameters: int
    """Elements of all tensors."""
    dtypes: dict[str, int]
    """Safetensors name → elements."""
    source: str
    """The file that says so."""

    @property
    def dtype(self) -> str:
        """The type that most elements have."""
        return max(self.dtypes, key=lambda d: self.dtypes[d])

    @property
    def packed(self) -> bool:
        """Whether integers hold several weights each, so that elements are no parameters."""
        return any(d in self.dtypes for d in ("U8", "I8", "I32", "U32", "I16", "F4"))


def config(repo: Repository) -> dict[str, Any]:
    """``config.json``, its text part on top; empty where there is none.

    Raises:
        Unavailable: it is there and cannot be read.
    """
    if not repo.has("config.json"):
        return {}
    data = repo.json("config.json")
    for key in ("text_config", "llm_config", "language_config"):
        inner = data.get(key)
        if isinstance(inner, dict):
            return {**data, **inner}
    return data


def weights(repo: Repository) -> Weights | None:
    """The safetensors files of the top folder; ``None`` where there are none to count.

    Raises:
        Unavailable: a header cannot be had.
    """
    paths = [
        p
        for p, entry in repo.files.items()
        if "/" not in p and p.endswith(".safetensors") and entry.present and p.startswith("model")
    ]
    if not paths:
        return None
    return _read(repo, tuple(paths)) if len(paths) <= MAX_SHARDS else _index(repo)


INDEX = "model.safetensors.index.json"
_BYTES = {"bfloat16": ("BF16", 2), "float16": ("F16", 2), "float32": ("F32", 4)}


def _index(repo: Repository) -> Weights | None:
    """What the index of a model in many shards says; ``None`` where it says no size."""
    if not repo.has(INDEX):
        return None
    metadata = repo.json(INDEX).get("metadata")
    if not isinstance(metadata, dict):
        return None
    made = config(repo)
    dtype, size = _BYTES.get(str(made.get("torch_dtype") or made.get("dtype")), ("", 0))
    count = integer(metadata.get("total_parameters"))
    if count is None and size and "quantization_config" not in made:
        count = (integer(metadata.get("total_size")) or 0) // size
    return Weights(count, {dtype or "unknown": count}, INDEX) if count else None


def _read(repo: Repository, paths: tuple[str, ...]) -> Weights:
    from cardlint.weights.safetensors_header import header_length, parse

    count: Counter[str] = Counter()
    for path in paths:
        size = repo.files[path].size
        start = repo.source.read_ranges([Range(path, 0, min(8, size))])[0]
        text = repo.source.read_ranges([Range(path, 8, header_length(start, path, size))])[0]
        for entry in parse(text, path, size).entries:
            count[entry.dtype] += math.prod(entry.shape)
    return Weights(count.total(), dict(count), paths[0])


def integer(value: object) -> int | None:
    """A JSON number that is a count."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def show(number: float) -> str:
    """A count as cards write it: 7.24 B, 350 M."""
    for unit, size in (("T", 1e12), ("B", 1e9), ("M", 1e6), ("K", 1e3)):
        if number >= size:
            return f"{number / size:.3g} {unit}"
    return f"{number:.0f}"


def is_copy(repo: Repository) -> bool:
    """Whether this is a re-encoded or adapted copy, whose card may describe the original."""
    files = repo.files
    if "adapter_config.json" in files or any(f.endswith(".gguf") for f in files):
        return True
    matter = repo.card.front_matter
    relation = matter.get("base_model_relation") if matter else None
    if relation is not None and relation.text in {"quantized", "adapter"}:
        return True
    title = " ".join(h.text for h in repo.card.markdown.headings[:1]) + " " + (repo.id or "")
    return bool(_COPY.search(title))
