"""The same elements of a model and its possible parents, side by side.

What :func:`align` hands on can be subtracted: names, layouts, vocabularies, layers and permutations
have been brought together. What could not be is in :attr:`Alignment.unaligned`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from cardlint.weights.arrange import arrange
from cardlint.weights.counterpart import Counterpart
from cardlint.weights.renamed import under_common_names
from cardlint.weights.runs import Runs, count, intersect, values
from cardlint.weights.sketch import Block, Sketch

Floats = npt.NDArray[np.floating]

LARGEST = 1e15
"""No weight is as large; squares of what is larger overflow single precision."""


@dataclass(frozen=True, slots=True)
class Aligned:
    """One tensor of the model and the same elements of its parents."""

    canonical: str
    """In the model."""
    component: str
    layer: int | None
    """In the model."""
    expert: int | None
    shape: tuple[int, ...]
    """Of the model's whole tensor."""
    runs: Runs
    """``(k, 2)``: which of its flat elements these are."""
    x: Floats
    """``(n,)`` the model's numbers, float32 (float64 where stored so), finite."""
    parents: tuple[Floats | None, ...]
    """``(n,)`` each parent's numbers at the same elements, or ``None`` where it has none."""
    dtypes: tuple[str | None, ...]
    """As stored: the model's first, then each parent's."""
    names: tuple[str | None, ...]
    """Canonical name in each parent; another layer's where layers were moved."""
    fixed: bool

    @property
    def whole(self) -> bool:
        """Whether these are all elements of the tensor, in C order."""
        return self.x.size == math.prod(self.shape)


@dataclass(frozen=True, slots=True)
class Unaligned:
    """A tensor that has no counterpart."""

    canonical: str
    parent: int | None
    """Which parent lacks it; ``None``: the model does (then the name is the parent's)."""
    why: str


@dataclass(frozen=True, slots=True)
class Transform:
    """What was done to a parent so that it lies on the model."""

    layers: Mapping[int, int | None] | None = None
    """Model layer → parent layer (``None``: no counterpart); ``None``: each its own."""
    vocabulary: tuple[int, int] | None = None
    """Common rows, rows of the larger; ``None``: the same vocabulary."""
    steps: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What else was undone (``hidden units (order)``, ``neurons``, ``heads``, ``experts``, ``scale of
    units``, ``norm gains folded into matrices``) → the canonical tensors where."""

    @property
    def trivial(self) -> bool:
        """Whether the parent could be taken as it is."""
        return self.layers is None and self.vocabulary is None and not self.steps


@dataclass(frozen=True)
class Alignment:
    """A model and its possible parents."""

    model: Sketch
    parents: tuple[Sketch, ...]
    tensors: tuple[Aligned, ...]
    """Those that at least one parent has too."""
    unaligned: tuple[Unaligned, ...] = ()
    transforms: tuple[Transform, ...] = ()
    """One for each parent."""
    gaps: tuple[str, ...] = field(default=())
    """What alignment could not do or see, one sentence each."""


def align(model: Sketch, parents: Sequence[Sketch]) -> Alignment:
    """Bring parents onto the model.

    Args:
        model: the model under test.
        parents: the candidates, in the order in which results are to come.
    """
    tensors: list[Aligned] = []
    unaligned: list[Unaligned] = []
    model, parents = under_common_names(model, parents)
    arranged = [arrange(model, parent) for parent in parents]
    for name, block in model.blocks.items():
        found: list[Block | None] = []
        for i, counterpart in enumerate(arranged):
            other, why = counterpart.block(block.tensor)
            if why:
                unaligned.append(Unaligned(name, i, why))
            found.append(other)
        aligned = _side_by_side(block, found)
        if aligned:
            tensors.append(aligned)
        elif any(other is not None for other in found):
            unaligned.append(Unaligned(name, None, "no position of it was read in all models"))
    for parent in parents:
        unaligned += [
            Unaligned(name, None, f"only {parent.name} has it")
            for name in parent.tensors
            if name not in model.tensors
        ]
    return Alignment(
        model,
        tuple(parents),
        tuple(tensors),
        tuple(unaligned),
        tuple(_transform(c) for c in arranged),
        tuple(gap for c in arranged for gap in c.gaps),
    )


def _transform(found: Counterpart) -> Transform:
    main = ("", found.main_stack)
    layers = {layer: other for (stack, layer), other in found.layers.items() if stack in main}
    return Transform(
        layers=layers or None,
        vocabulary=_vocabulary(found.model, found.parent),
        steps={what: tuple(where) for what, where in found.steps.items()},
    )


def _side_by_side(block: Block, found: Sequence[Block | None]) -> Aligned | None:
    """The common elements; those that are no weights in one of them are left out."""
    tensor = block.tensor
    runs = block.runs
    for other in found:
        if other is not None:  # a longer vocabulary has the same numbers for its common rows
            runs = intersect(runs, other.runs)
    if not count(runs) or not any(o is not None for o in found):
        return None
    x = values(block, runs)
    theirs = [None if o is None else values(o, runs) for o in found]
    finite = np.abs(x) < LARGEST  # false for what is no number, too
    for y in theirs:
        if y is not None:
            finite &= np.abs(y) < LARGEST
    if not finite.all():
        runs = _runs_of(runs, finite)
        x, theirs = x[finite], [None if y is None else y[finite] for y in theirs]
        if not x.size:
            return None
    return Aligned(
        canonical=tensor.canonical,
        component=tensor.component,
        layer=tensor.layer,
        expert=tensor.expert,
        shape=tensor.shape,
        runs=runs,
        x=x,
        parents=tuple(theirs),
        dtypes=(tensor.dtype, *(None if o is None else o.tensor.dtype for o in found)),
        names=tuple(None if o is None else o.tensor.canonical for o in found),
        fixed=tensor.fixed,
    )


def _runs_of(runs: Runs, keep: npt.NDArray[np.bool_]) -> Runs:
    """The runs that remain of ``runs`` when only the marked elements stay."""
    at = np.concatenate([np.arange(s, s + n) for s, n in runs])[keep]
    if not at.size:
        return runs[:0]
    breaks = np.flatnonzero(np.diff(at) != 1) + 1
    first = np.concatenate([[0], breaks])
    last = np.concatenate([breaks, [at.size]])
    return np.stack([at[first], last - first], axis=1)


def _vocabulary(model: Sketch, parent: Sketch) -> tuple[int, int] | None:
    mine, theirs = model.tensors.get("embedding"), parent.tensors.get("embedding")
    if not mine or not theirs or mine.shape[1:] != theirs.shape[1:] or mine.shape == theirs.shape:
        return None
    return min(mine.shape[0], theirs.shape[0]), max(mine.shape[0], theirs.shape[0])
