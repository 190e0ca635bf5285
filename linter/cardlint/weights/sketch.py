"""A sketch: the sampled elements of one model, decoded, under canonical names.

It is what reading ends with and judging begins with. Two sketches of one plan can be compared with
no network at all; a sketch on disk is one safetensors file (:mod:`cardlint.weights.sketch_file`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from cardlint.findings import Json

PLAN_VERSION = "1"
"""Changes whenever the same model and budget would give other positions."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """One tensor of a checkpoint under its canonical name."""

    canonical: str
    """As compared across models, such as ``layers.3.attention.q``."""
    component: str
    """``embedding``, ``lm_head``, ``attention.q``, ``linear_attention.in``, ``mlp.gate``,
    ``router``, ``experts.gate``, ``shared_expert.up``, ``norm``, ``other``, …"""
    layer: int | None
    expert: int | None
    shape: tuple[int, ...]
    dtype: str
    """As stored, in safetensors' words (``BF16``); decoded formats name themselves (``Q4_K``)."""
    stored: tuple[str, ...]
    """The names in the file(s) that it was made of."""
    fixed: bool = False
    """A function of the architecture (rotary table, sinusoids, mask): never evidence."""


@dataclass(frozen=True, slots=True)
class Block:
    """The elements of one tensor that were read."""

    tensor: Tensor
    runs: npt.NDArray[np.int64]
    """``(k, 2)``: first flat (C-order) element and number of elements of each run, ascending."""
    values: npt.NDArray[np.floating]
    """``(n,)`` float32 (float64 where stored so): exactly the stored numbers, runs joined."""
    ranges: tuple[tuple[str, int, int], ...] = ()
    """(path, first byte, bytes) of what was read for them; of a fused tensor read whole, all of it."""

    @property
    def whole(self) -> bool:
        """Whether every element was read."""
        size = int(np.prod(self.tensor.shape, dtype=np.int64))
        return self.values.size == size


@dataclass(frozen=True, slots=True)
class Coverage:
    """What was read, of how much."""

    tensors: tuple[int, int]
    elements: tuple[int, int]
    bytes: tuple[int, int]
    layers: tuple[int, int]
    components: tuple[int, int]


@dataclass(frozen=True)
class Sketch:
    """One model, as far as it was read."""

    name: str
    """As the user or a card names it."""
    repo_id: str | None
    commit: str | None
    files: Mapping[str, Mapping[str, Json]]
    """Path → size (bytes) and, where known, sha256."""
    tensors: Mapping[str, Tensor]
    """All tensors by canonical name, read or not."""
    blocks: Mapping[str, Block]
    coverage: Coverage
    config: Mapping[str, Json] = field(default_factory=dict)
    """The part of ``config.json`` that alignment uses (heads, layers, sizes)."""
    gaps: tuple[str, ...] = ()
    """What could not be read or decoded, one sentence each."""
    plan: str = PLAN_VERSION
    delta: bool = False
    """The numbers are a change to a base (a LoRA adapter), not weights."""
    format: str = "safetensors"
    """What was read: ``safetensors``, ``gguf``, ``adapter``, ``pickle`` or ``onnx``."""
