"""A parent as the model sees it: its tensors under the model's names, in the model's order of units."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from cardlint.weights import invariants
from cardlint.weights.invariants import Match
from cardlint.weights.sketch import Block, Sketch, Tensor

Floats = npt.NDArray[np.floating]

READS_HIDDEN = (
    "embedding", "position_embedding", "token_type_embedding", "lm_head", "attention.q", "attention.k", "attention.v", "mlp.gate", "mlp.up", "router",
    "experts.gate", "experts.up", "shared_expert.gate", "shared_expert.up", "shared_expert_gate",
    "linear_attention.in", "linear_attention.z", "linear_attention.a", "linear_attention.b",
    "linear_attention.ba", "attention.q_a", "attention.kv_a",
)  # fmt: skip
"""Matrices whose last axis is the hidden units."""
WRITES_HIDDEN = (
    "attention.o",
    "mlp.down",
    "experts.down",
    "shared_expert.down",
    "linear_attention.out",
)
"""Matrices whose first axis is the hidden units."""
TABLES = frozenset({"embedding", "position_embedding", "token_type_embedding", "lm_head"})
"""Matrices with one row for each token or place, in GPT-2 too."""
INNER_NORMS = ("norm.q", "norm.k", "norm.q_a", "norm.kv_a", "norm.linear_attention")


@dataclass
class Counterpart:
    """One parent, arranged for one model."""

    model: Sketch
    parent: Sketch
    layers: dict[tuple[str, int], int | None] = field(default_factory=dict)
    hidden: Match | None = None
    """Model's hidden unit → parent's."""
    rotation: Floats | None = None
    """``(d, d)``, orthogonal: a row of the parent's hidden units times it is the model's."""
    rotated: bool = False
    """Rotated by what could not be found: nothing of hidden units can be compared."""
    turned: bool = False
    """GPT-2 stores matrices as (in, out)."""
    folded: dict[str, Floats] = field(default_factory=dict)
    """Canonical name of a matrix → what norm gains its columns carry: ``(d,)``."""
    folded_before: dict[str, Floats] = field(default_factory=dict)
    """The same where it is the parent's units before they are rotated that carry them."""
    inner: dict[str, Match] = field(default_factory=dict)
    """Canonical name → how the other axis is ordered."""
    scales: dict[str, Floats] = field(default_factory=dict)
    """Canonical name → what each unit of that axis is multiplied by."""
    experts: dict[str, npt.NDArray[np.int64]] = field(default_factory=dict)
    """``layers.3.`` → model's expert → parent's."""
    steps: dict[str, list[str]] = field(default_factory=dict)
    """What was done → where."""
    gaps: list[str] = field(default_factory=list)

    def block(self, tensor: Tensor) -> tuple[Block | None, str | None]:
        """The counterpart of one of the model's tensors, or why there is none."""
        name = invariants.mapped(tensor, self.layers)
        if name is None:
            return None, "no layer of it is like this one"
        if tensor.expert is not None and self.experts:
            name = self._expert(tensor, name)
        theirs = self.parent.tensors.get(name)
        if theirs is None:
            return None, "it has no such tensor"
        if theirs.shape != tensor.shape and not self.resizable(tensor, theirs):
            return None, f"its shape is {list(theirs.shape)}, not {list(tensor.shape)}"
        block = self.parent.blocks.get(name)
        if block is None:
            return None, "it was not read"
        return self.arranged(tensor, block)

    def _expert(self, tensor: Tensor, name: str) -> str:
        order = self.experts.get(tensor.canonical.partition("experts.")[0])
        if order is None or tensor.expert is None or tensor.expert >= len(order):
            return name
        return name.replace(f"experts.{tensor.expert}.", f"experts.{order[tensor.expert]}.", 1)

    def resizable(self, mine: Tensor, theirs: Tensor) -> bool:
        """Whether rows beyond the common ones can be left out: vocabularies."""
        return mine.component in {"embedding", "lm_head"} and mine.shape[1:] == theirs.shape[1:]

    def arranged(self, tensor: Tensor, block: Block) -> tuple[Block | None, str | None]:
        """A block of the parent in the model's order of units, or why it cannot be."""
        reads, writes = self.axes(tensor)
        match = self.inner.get(tensor.canonical)
        fold = self.folded.get(tensor.canonical)
        scale = self.scales.get(tensor.canonical)
        if self.rotation is not None and tensor.component == "norm":
            writes = False  # a gain of rotated units stands in the matrices after it
        turned = (self.hidden or self.rotation is not None) and (reads or writes)
        if (reads or writes) and self.rotated:
            return None, "its hidden units may have been rotated, which could not be undone"
        if all(n is None for n in (fold, match, scale)) and not turned:
            return block, None
        only_columns = match is None and scale is None and reads == "columns"
        if not block.whole and not only_columns:  # whole rows are enough to rearrange columns
            return None, "its units are in another order, which needs the whole tensor"
        shape = block.tensor.shape
        width = shape[-1] if len(shape) > 1 else 1
        if (block.runs % width).any():
            return None, "its units are in another order, which needs whole rows"
        matrix = block.values.reshape(-1, width)
        if self.hidden and reads == "columns":
            matrix = matrix[:, self.hidden.index] * self.hidden.sign.astype(matrix.dtype)
        elif self.hidden and writes:
            sign = self.hidden.sign.astype(matrix.dtype)[:, None]
            signed = 1 if tensor.component == "norm" else sign
            matrix = matrix[self.hidden.index] * signed
        if self.rotation is not None:
            before = self.folded_before.get(tensor.canonical)
            if before is not None:
                matrix = matrix * before.astype(matrix.dtype)
            turn = self.rotation.astype(matrix.dtype)
            if reads == "columns":
                matrix = matrix @ turn
            elif writes:
                matrix = turn.T @ matrix
        if fold is not None:
            matrix = matrix * fold.astype(matrix.dtype)
        if match is not None:
            sign = match.sign.astype(matrix.dtype)
            matrix = (
                matrix[:, match.index] * sign if writes else matrix[match.index] * sign[:, None]
            )
        if scale is not None:
            matrix = matrix * (scale if writes else scale[:, None]).astype(matrix.dtype)
        return Block(block.tensor, block.runs, np.ascontiguousarray(matrix).reshape(-1)), None

    @cached_property
    def main_stack(self) -> str:
        """What stands before the components of a model that has but one stack (BERT's encoder)."""
        stacks = invariants.stacks(self.model)
        return stacks[0] if len(stacks) == 1 else ""

    def axes(self, tensor: Tensor) -> tuple[str, bool]:
        """(``columns`` when the last axis is hidden units, whether the first is)."""
        component = tensor.component.removeprefix(self.main_stack)
        if len(tensor.shape) == 1:
            plain = component.removesuffix(".bias")
            inner = tensor.canonical.removesuffix(".bias").endswith(INNER_NORMS)
            out = component.endswith(".bias") and plain in WRITES_HIDDEN
            return "", (plain == "norm" and not inner) or out
        if len(tensor.shape) != 2:
            return "", False
        reads, writes = component in READS_HIDDEN, component in WRITES_HIDDEN
        if self.turned and component not in TABLES:
            reads, writes = writes, reads
        return ("columns" if reads else ""), writes
