"""LoRA adapters: the change that an adapter makes, as tensors under the names of its base.

Hu et al. 2021 (arXiv 2106.09685): ΔW = s · B A with s = α / r; rank-stabilized (Kalajdzievski 2023,
arXiv 2312.03732): s = α / √r. Names and settings: peft, ``adapter_config.json`` (``rank_pattern``,
``alpha_pattern``, ``use_rslora``, ``fan_in_fan_out``).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from cardlint.source.interface import Range
from cardlint.weights.formats.interface import Data, Storage

# peft: `….lora_A.weight`, with an adapter's name `….lora_A.default.weight`; embeddings have no
# `.weight`. diffusers and kohya: `….lora.down.weight`, `….lora_down.weight`.
HALF = re.compile(
    r"(?P<module>.+?)\.(?:lora_embedding_(?P<e>[AB])|lora_(?P<a>[AB])|lora[._](?P<d>down|up))"
    r"(?:\.(?!weight$)[^.]+)?(?:\.weight)?"
)
BOUNDED_RANK = 4096
LOW_RANK = "LORA"
"""What stands for the dtype of a product of two factors."""


@dataclass(frozen=True, slots=True)
class LowRank(Storage):
    """ΔW of one module, computed from its two factors when it is read."""

    dtype: str
    shape: tuple[int, ...]
    names: tuple[str, ...]
    down: Storage
    """A, (r, in)."""
    up: Storage
    """B, (out, r)."""
    scale: float
    turned: bool = False
    """The base stores this weight as (in, out): embeddings, GPT-2's Conv1D (``fan_in_fan_out``)."""

    @property
    def rank(self) -> int:
        """R."""
        return self.down.shape[0]

    @property
    def nbytes(self) -> int:
        """Both factors."""
        return self.down.nbytes + self.up.nbytes

    def ranges(self, start: int, length: int) -> list[Range]:
        """All of A, and the rows of B (turned: all of B)."""
        first, rows = self._rows(start, length)
        return [
            *self.down.ranges(0, math.prod(self.down.shape)),
            *self.up.ranges(first * self.rank, rows * self.rank),
        ]

    def decode(self, start: int, length: int, data: Sequence[Data]) -> npt.NDArray[np.floating]:
        """``(length,)`` float32, the product taken in float32 as peft does when it merges."""
        first, rows = self._rows(start, length)
        size = math.prod(self.down.shape)
        cut = len(self.down.ranges(0, size))
        down = self.down.decode(0, size, data[:cut]).reshape(self.down.shape)
        up = self.up.decode(first * self.rank, rows * self.rank, data[cut:]).reshape(rows, -1)
        product = up.astype(np.float32) @ down.astype(np.float32) * np.float32(self.scale)
        if self.turned:
            product = np.ascontiguousarray(product.T)
        at = start - (0 if self.turned else first * self.shape[1])
        flat: npt.NDArray[np.floating] = product.reshape(-1)[at : at + length]
        return flat

    def _rows(self, start: int, length: int) -> tuple[int, int]:
        if self.turned:
            return 0, self.up.shape[0]
        width = self.shape[1]
        first = start // width
        return first, -(-(start + length) // width) - first


@dataclass(frozen=True, slots=True)
class Adapter:
    """An adapter's tensors: products in place of factors, under the base's stored names."""

    stored: dict[str, Storage]
    gaps: tuple[str, ...]


def is_adapter(stored: Mapping[str, Storage]) -> bool:
    """Whether tensors are low-rank factors."""
    return any(HALF.fullmatch(name) for name in list(stored)[:64])


def assemble(stored: Mapping[str, Storage], settings: Mapping[str, Any]) -> Adapter:
    """Pair the factors of an adapter.

    Args:
        stored: its tensors by name.
        settings: ``adapter_config.json``, or {}.
    """
    downs: dict[str, Storage] = {}
    ups: dict[str, Storage] = {}
    result: dict[str, Storage] = {}
    gaps: list[str] = []
    alphas: dict[str, Storage] = {}
    embeddings: set[str] = set()
    for name, storage in stored.items():
        match = HALF.fullmatch(name)
        if match and len(storage.shape) == 2:
            side = match["e"] or match["a"] or match["d"]
            (downs if side in {"A", "down"} else ups)[match["module"]] = storage
            if match["e"]:
                embeddings.add(match["module"])
        elif name.endswith(".alpha"):
            alphas[name] = storage
        else:
            result[name.replace(".modules_to_save", "").replace(".base_layer", "")] = storage
    if settings.get("use_dora") is True or any("lora_magnitude_vector" in n for n in stored):
        gaps.append("the adapter uses DoRA: its change depends on the base and is not computed")
        return Adapter({}, tuple(gaps))
    odd = []
    for module, down in downs.items():
        up = ups.get(module)
        rank = down.shape[0]
        if up is None or up.shape[1] != rank or not 0 < rank <= BOUNDED_RANK:
            odd.append(module)
            continue
        scale = _scale(module, rank, settings)
        turned = module in embeddings or settings.get("fan_in_fan_out") is True
        shape = (down.shape[1], up.shape[0]) if turned else (up.shape[0], down.shape[1])
        names = (*down.names, *up.names)
        result[f"{module}.weight"] = LowRank(LOW_RANK, shape, names, down, up, scale, turned)
    odd += [module for module in ups if module not in downs]
    if odd:
        gaps.append(f"{len(odd):,} modules of the adapter lack a fitting factor, such as {odd[0]}")
    if alphas:
        gaps.append(
            "the adapter keeps its scale in tensors named alpha; the change is known up to it"
        )
    if settings.get("peft_type", "LORA") != "LORA":
        gaps.append(f"adapters of type {settings.get('peft_type')} are not computed")
        return Adapter({}, tuple(gaps))
    return Adapter(result, tuple(gaps))


def _scale(module: str, rank: int, settings: Mapping[str, Any]) -> float:
    """s, with the patterns that single modules may have (peft: the key is a regular expression's end)."""
    alpha = _pattern(settings.get("alpha_pattern"), module, settings.get("lora_alpha"))
    if alpha is None:
        return 1.0
    return alpha / math.sqrt(rank) if settings.get("use_rslora") is True else alpha / rank


def _pattern(table: object, module: str, usual: object) -> float | None:
    if isinstance(table, dict):
        for key, value in table.items():
            named = isinstance(key, str) and (module == key or module.endswith(f".{key}"))
            if named and isinstance(value, int | float):
                return float(value)
    return float(usual) if isinstance(usual, int | float) else None
