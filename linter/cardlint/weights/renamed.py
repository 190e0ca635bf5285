"""Tensors under names that no table knows, found again by what stands in them.

A model that was renamed throughout has no name in common with its source. Tensors of one shape that
were read whole are then paired by their numbers or, where units were moved as well, by what moving
leaves: the singular values of a matrix, the sorted numbers of a vector. A pairing is kept only when
what it pairs is alike; else nothing is compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from cardlint.weights.arrange import ALIKE, arrange
from cardlint.weights.invariants import cosine, unit_rows
from cardlint.weights.sketch import Block, Sketch

Floats = npt.NDArray[np.floating]

FOREIGN = 0.1
"""Share of common names below which names are looked past."""
FOUND = 0.5
"""Share of the matrices that must be found again."""
SAMPLE = 4096
"""Elements of a tensor by which it is recognized."""
MAX_SIDE = 1024
"""Singular values are computed of matrices up to this size."""
MAX_TENSORS = 2048
"""More are not paired: the work grows with the square."""


def under_common_names(
    model: Sketch, parents: Sequence[Sketch]
) -> tuple[Sketch, tuple[Sketch, ...]]:
    """Model and parents, one with foreign names under those of another where it can be recognized."""
    if all(_foreign(model, p) for p in parents):
        better = [p for p in parents if _nameless(p) < _nameless(model)]
        found = next((r for p in better if (r := _recognized(model, p))), None)
        model = found or model
    return model, tuple((_foreign(model, p) and _recognized(p, model)) or p for p in parents)


def _nameless(sketch: Sketch) -> float:
    """Share of the matrices of which no table knows what they are."""
    components = [b.tensor.component for b in _matrices(sketch).values()]
    return components.count("other") / max(len(components), 1)


def _matrices(sketch: Sketch) -> dict[str, Block]:
    return {
        name: block
        for name, block in sketch.blocks.items()
        if len(block.tensor.shape) >= 2 and not block.tensor.fixed
    }


def _foreign(a: Sketch, b: Sketch) -> bool:
    if a.delta or b.delta:
        return False
    mine, theirs = _matrices(a), _matrices(b)
    fewer = min(len(mine), len(theirs))
    return fewer > 1 and len(mine.keys() & theirs.keys()) <= FOREIGN * fewer


def _recognized(odd: Sketch, known: Sketch) -> Sketch | None:
    """``odd`` under the names of ``known``, or ``None`` when it is not like it."""
    names: dict[str, str] = {}
    for invariant in (False, True):
        names |= _pairs(odd, known, names, invariant=invariant)
    found = sum(1 for name in names if len(odd.tensors[name].shape) >= 2)
    if found < FOUND * min(len(_matrices(odd)), len(_matrices(known))):
        return None
    renamed = _renamed(odd, known, names)
    return renamed if _alike(renamed, known) else None


def _pairs(
    odd: Sketch, known: Sketch, done: Mapping[str, str], *, invariant: bool
) -> dict[str, str]:
    """Name in ``odd`` → name in ``known``, of tensors that are each other's best partner."""
    mine, theirs = _by_shape(odd, done.keys()), _by_shape(known, done.values())
    pairs: dict[str, str] = {}
    for shape in mine.keys() & theirs.keys():
        a, b = mine[shape], theirs[shape]
        both = _features([*a, *b], invariant=invariant)
        if both is None:
            continue
        x, y = both[: len(a)], both[len(a) :]
        if invariant:  # spectra are all alike: what counts is how far they are apart
            likeness = -np.stack([np.linalg.norm(y - row, axis=1) for row in x])
        else:
            likeness = unit_rows(x) @ unit_rows(y).T
        best, back = likeness.argmax(1), likeness.argmax(0)
        for i, j in enumerate(best):
            if back[j] == i and (invariant or likeness[i, j] >= ALIKE):
                pairs[a[i].tensor.canonical] = b[j].tensor.canonical
    return pairs


def _by_shape(sketch: Sketch, done: Iterable[str]) -> dict[tuple[int, ...], list[Block]]:
    groups: dict[tuple[int, ...], list[Block]] = {}
    left = sketch.blocks.keys() - done
    for block in [b for name, b in sketch.blocks.items() if name in left][:MAX_TENSORS]:
        if block.whole and block.values.size > 1 and np.isfinite(block.values).all():
            groups.setdefault(block.tensor.shape, []).append(block)
    return groups


def _features(blocks: Sequence[Block], *, invariant: bool) -> Floats | None:
    """``(n, s)``: what blocks of one shape are recognized by."""
    shape = blocks[0].tensor.shape
    if not invariant:
        size = blocks[0].values.size
        taken = np.stack([b.values[:: size // SAMPLE | 1] for b in blocks]).astype(np.float64)
        return np.asarray(taken - taken.mean(1, keepdims=True))
    if len(shape) == 1:
        return np.stack([np.sort(b.values) for b in blocks]).astype(np.float64)
    if len(shape) != 2 or max(shape) > MAX_SIDE:
        return None
    spectra = [np.linalg.svd(b.values.reshape(shape), compute_uv=False) for b in blocks]
    return unit_rows(np.stack(spectra).astype(np.float64))


def _renamed(odd: Sketch, known: Sketch, names: Mapping[str, str]) -> Sketch:
    tensors = {}
    for name, tensor in odd.tensors.items():
        other = known.tensors[names[name]] if name in names else tensor
        tensors[name] = replace(
            tensor,
            canonical=other.canonical,
            component=other.component,
            layer=other.layer,
            expert=other.expert,
        )
    return replace(
        odd,
        tensors={t.canonical: t for t in tensors.values()},
        blocks={
            tensors[name].canonical: replace(block, tensor=tensors[name])
            for name, block in odd.blocks.items()
        },
    )


def _alike(renamed: Sketch, known: Sketch) -> bool:
    """Whether what was paired is alike once its units are in order."""
    laid = arrange(renamed, known)
    cosines = []
    for block in _matrices(renamed).values():
        other, _ = laid.block(block.tensor)
        if other is not None and other.values.size == block.values.size:
            cosines.append(cosine(block.values, other.values))
    return bool(cosines) and float(np.median(cosines)) >= ALIKE
