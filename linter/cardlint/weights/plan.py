"""Which elements are read: the same canonical positions in every model of one architecture.

Version 1 of the plan, whole (evidence.md, section 1):

- A tensor is a matrix of rows (its first axis) and is cut into *slots* of whole rows, about 8,192
  elements each. Slots are put in order by a hash of the tensor's role (its canonical name without
  layer and expert numbers), its row length and the slot's number. The hash does not know how many
  rows there are: vocabularies of different sizes, and the same tensor in different layers, keep
  their common slots at the same place in the order.
- Tensors form groups by (component, layer). In each round every group reads its next slot: of its
  next expert, where there are experts, in an order by hash (in round 0 the same in all layers).
  Embeddings read 16 slots of four times the size in round 0, for alignment by invariants.
- Rounds go on until the budget is spent. A larger budget only adds: two sketches always share the
  positions of the smaller.
- A model that is small (:data:`WHOLE` bytes) is read whole.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from hashlib import sha256

import numpy as np
import numpy.typing as npt

from cardlint.weights.sketch import Tensor

SLOT = 8192
"""Elements of a slot, about: 16 KiB in bfloat16."""
LONG_ROW = 1 << 16
"""Longer rows are cut; a slot is then a part of a row, on a multiple of 256 (GGUF's blocks)."""
WHOLE = 32 << 20
"""Bytes of a model that is read whole, counted with at least two for each element."""
FIRST_ROUND = {"embedding": 16, "lm_head": 4}
"""Slots in round 0; embeddings carry the token rows that alignment needs."""
TOKENS = 4 * SLOT
"""Elements of a slot of those."""


@dataclass(frozen=True, slots=True)
class Run:
    """Elements ``start`` to ``start + length`` of a canonical tensor, in C order."""

    canonical: str
    start: int
    length: int


@dataclass(frozen=True, slots=True)
class Slots:
    """How a tensor is cut."""

    length: int
    size: int
    order: npt.NDArray[np.int64]

    def runs(self, name: str, indexes: Iterable[int]) -> Iterator[Run]:
        """The slots at these places of the order, as far as there are any."""
        for index in indexes:
            if index < len(self.order):
                start = int(self.order[index]) * self.length
                yield Run(name, start, min(self.length, self.size - start))


MAX_SLOTS = 1 << 20
"""Slots of one tensor that are drawn from: 8 billion elements; what lies behind is not sampled."""
MAX_ORDER = 1024
"""Slots of one tensor that can be drawn; no budget reaches them all in a large tensor."""


def role(tensor: Tensor) -> str:
    """The canonical name without layer and expert numbers."""
    return re.sub(r"(?<=\.)\d+(?=\.|$)", "*", tensor.canonical)


def plan(tensors: Iterable[Tensor]) -> Iterator[Run]:
    """All runs in order of importance; the reader stops when its budget is spent.

    Fixed tensors are left out. Empty ones as well.
    """
    groups: dict[tuple[str, int], dict[int, list[Tensor]]] = {}
    for tensor in tensors:
        if tensor.fixed or not math.prod(tensor.shape):
            continue
        key = (tensor.component, -1 if tensor.layer is None else tensor.layer)
        groups.setdefault(key, {}).setdefault(
            -1 if tensor.expert is None else tensor.expert, []
        ).append(tensor)
    ordered = sorted(groups.items(), key=lambda item: _priority(*item[0]))
    cuts = _Cuts()
    number, alive = 0, True
    while alive:
        alive = False
        for (component, layer), experts in ordered:
            names = sorted(experts)
            index, turn = divmod(number, len(names))
            expert = names[_shuffled(len(names), layer if number else -1)[turn]]
            first = FIRST_ROUND.get(component, 1)
            wanted = range(first) if number == 0 else [index + first - 1]
            for tensor in experts[expert]:
                for run in cuts.of(tensor).runs(tensor.canonical, wanted):
                    alive = True
                    yield run
        number += 1


def _priority(component: str, layer: int) -> tuple[int, str]:
    """Layers in an order that spreads evenly; of norms and biases only every eighth so early."""
    spread = int(f"{layer & 0xFFFF:016b}"[::-1], 2) if layer >= 0 else -1
    return (spread << 3 if is_vector(component) and spread > 0 else spread, component)


def is_vector(component: str) -> bool:
    """Whether it names norms or biases: one number a neuron, alike in unrelated models."""
    return "norm" in component.rpartition("/")[2] or component.endswith("bias")


class _Cuts:
    """Slots of tensors, computed once for each role and shape."""

    def __init__(self) -> None:
        self.known: dict[tuple[str, tuple[int, ...]], Slots] = {}

    def of(self, tensor: Tensor) -> Slots:
        key = (role(tensor), tensor.shape)
        if key not in self.known:
            self.known[key] = _cut(*key)
        return self.known[key]


def _cut(role_: str, shape: tuple[int, ...]) -> Slots:
    size = math.prod(shape)
    row = size // shape[0] if shape else 1
    if row > LONG_ROW:
        length = SLOT
    elif len(shape) < 2:
        length = 2 * SLOT
    else:
        size_of_slot = TOKENS if role_ in FIRST_ROUND else SLOT
        length = max(1, size_of_slot // row) * row
    count = min(-(-size // length), MAX_SLOTS)
    seed = int.from_bytes(sha256(f"{role_}|{row}".encode()).digest()[:8], "little")
    ranks = _mix(np.arange(count, dtype=np.uint64) + np.uint64(seed))
    if count > MAX_ORDER:
        first = np.argpartition(ranks, MAX_ORDER)[:MAX_ORDER]
        order = first[np.argsort(ranks[first], kind="stable")]
    else:
        order = np.argsort(ranks, kind="stable")
    return Slots(length, size, order.astype(np.int64))


@cache
def _shuffled(count: int, layer: int) -> list[int]:
    """The order of ``count`` experts in a layer; the first of layer -1 is first in all."""
    if count == 1:
        return [0]
    ranks = _mix(np.arange(count, dtype=np.uint64) + np.uint64((layer + 1) << 32))
    order: list[int] = np.argsort(ranks, kind="stable").tolist()
    if layer >= 0:
        first = _shuffled(count, -1)[0]
        order.remove(first)
        order.insert(0, first)
    return order


def _mix(x: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """splitmix64 (Steele, Lea and Flood 2014): a fixed hash of integers, on purpose wrapping."""
    x = x + np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))
