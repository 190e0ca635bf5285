"""How a parent has to be laid so that it lies on a model.

The order of work: layers by direct likeness; hidden units by the columns of token embeddings, when
directly nothing is alike; norm gains that were folded into matrices; then in each layer what is
still not alike is matched row by row (experts, neurons, heads), and rescaled where units were.
Hidden units need whole rows; the inner part needs whole tensors.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from cardlint.weights import invariants
from cardlint.weights.counterpart import Counterpart
from cardlint.weights.invariants import AHEAD, LayerLikeness, Match, cosine, match_rows
from cardlint.weights.runs import below, count, intersect, values
from cardlint.weights.sketch import Block, Sketch, Tensor

Floats = npt.NDArray[np.floating]

ALIKE = 0.3
"""Cosine from which two tensors need no rearranging; fine-tunes are above 0.85, shared starts at 0.5."""
IN_PLACE = 0.9
"""Cosine from which no unit of a tensor can have moved: of four heads two may stay where they are."""
TOKENS = 1024
"""Tokens by whose embeddings hidden units are found again; a few hundred would do."""
MAY_BE_ROTATED = 0.8
"""Correlation of the distances between token embeddings from which a rotation is looked for."""


def arrange(model: Sketch, parent: Sketch) -> Counterpart:
    """Find how a parent has to be laid so that it lies on the model."""
    found = Counterpart(model, parent, turned=_turned(model))
    if model.delta or parent.delta:
        return found  # a change lies where its base lies
    anchored = _map_layers(found, invariants.layer_likeness)
    known = _match_hidden(found)
    moved = found.hidden is not None or found.rotation is not None
    if moved or (known and not anchored):
        found.layers.clear()
        if not _map_layers(found, _in_order(found)):
            _map_layers(found, _outline(found))
    if anchored or known:
        _unfold(found)
        _match_experts(found)
        _match_inner(found)
        _unfold(found)  # once more: gains do not show in units that were out of order
    return found


def _turned(sketch: Sketch) -> bool:
    return any(
        name.endswith("attn.c_attn.weight") and t.shape[0] < 2 * t.shape[-1]
        for t in list(sketch.tensors.values())[:2000]
        if sketch.config.get("model_type") == "gpt2"
        for name in t.stored
    )


Likeness = Callable[[Sketch, Sketch, str], LayerLikeness | None]


def _map_layers(found: Counterpart, compare: Likeness) -> bool:
    """Which layer is which; False when none is like any."""
    alike = False
    for stack in invariants.stacks(found.model):
        likeness = compare(found.model, found.parent, stack)
        layers = invariants.layer_map(likeness) if likeness else None
        if layers is None or likeness is None:
            continue
        alike = True
        for layer, other in layers.items():
            own = layer in likeness.theirs and len(likeness.mine) == len(likeness.theirs)
            found.layers[stack, layer] = layer if other is None and own else other
    moved = {k: v for k, v in found.layers.items() if k[1] != v}
    if not moved:
        found.layers.clear()
    return alike


def _in_order(found: Counterpart) -> Likeness:
    """Layers by direct likeness, the parent's hidden units in the model's order."""

    def compare(model: Sketch, parent: Sketch, stack: str) -> LayerLikeness | None:
        moved = ((name, found.arranged(b.tensor, b)[0]) for name, b in parent.blocks.items())
        blocks = {name: block for name, block in moved if block is not None}
        return invariants.layer_likeness(model, replace(parent, blocks=blocks), stack)

    return compare


def _outline(found: Counterpart) -> Likeness:
    """Layers by what no permutation of neurons or heads changes: Zᵀ Wᵀ W Z over hidden units."""

    def compare(model: Sketch, parent: Sketch, stack: str) -> LayerLikeness | None:
        mine, theirs = _outlines(found, model, stack), _outlines(found, parent, stack)
        names = sorted(
            {n for o in mine.values() for n in o} & {n for o in theirs.values() for n in o}
        )
        if not names:
            return None
        rows = [i for i in sorted(mine) if all(n in mine[i] for n in names)]
        columns = [i for i in sorted(theirs) if all(n in theirs[i] for n in names)]
        total = np.zeros((len(rows), len(columns)))
        for n in names:
            x, y = (np.stack([o[i][n] for i in at]) for o, at in ((mine, rows), (theirs, columns)))
            middle = np.concatenate([x, y]).mean(0)  # what all layers share tells none apart
            total += invariants.unit_rows(x - middle) @ invariants.unit_rows(y - middle).T
        noise = 0.05  # a projection on 24 directions has 300 numbers
        return LayerLikeness(tuple(rows), tuple(columns), total / len(names), noise)

    return compare


def _outlines(found: Counterpart, sketch: Sketch, stack: str) -> dict[int, dict[str, Floats]]:
    """Layer → component → ``(300,)``; the parent's in the model's order of hidden units."""
    result: dict[int, dict[str, Floats]] = {}
    for block in sketch.blocks.values():
        tensor = block.tensor
        reads, writes = found.axes(tensor)
        if tensor.layer is None or tensor.expert is not None or not (reads or writes):
            continue
        if len(tensor.shape) != 2 or not block.whole or invariants.stack_of(tensor) != stack:
            continue
        matrix = block.values.reshape(tensor.shape)
        matrix = matrix.T if writes else matrix
        if sketch is found.parent and found.hidden:
            matrix = matrix[:, found.hidden.index] * found.hidden.sign
        seed = np.random.default_rng(matrix.shape[1])
        shadow = matrix @ seed.standard_normal((matrix.shape[1], 24)).astype(np.float32)
        gram = np.nan_to_num(shadow.T @ shadow)[np.triu_indices(24)]
        result.setdefault(tensor.layer, {})[tensor.component] = gram
    return result


def _match_hidden(found: Counterpart) -> bool:
    """Hidden units by token embeddings: the columns of the common rows.

    Returns:
        Whether the embeddings are alike, moved or not.
    """
    for name in ("embedding", "lm_head"):
        mine, theirs = found.model.blocks.get(name), found.parent.blocks.get(name)
        if mine is None or theirs is None or len(mine.tensor.shape) != 2:
            continue
        width = mine.tensor.shape[1]
        if theirs.tensor.shape[1:] != (width,):
            continue
        runs = intersect(below(mine.runs, theirs.tensor.shape[0] * width), theirs.runs)
        runs = runs[(runs % width == 0).all(axis=1)]
        if count(runs) < 16 * width:
            continue
        every_a, every_b = (values(at, runs).reshape(-1, width) for at in (mine, theirs))
        if not (np.isfinite(every_a).all() and np.isfinite(every_b).all()):
            continue
        a, b = every_a[:TOKENS], every_b[:TOKENS]
        # What all units of a token share, such as its frequency, tells no unit from another.
        own_a, own_b = (x - x.mean(1, keepdims=True) for x in (a, b))
        if cosine(own_a.ravel(), own_b.ravel()) >= ALIKE:
            return True
        match = match_rows(np.ascontiguousarray(a.T), np.ascontiguousarray(b.T))
        if match is None or not match.moved or match.cosine < _floor(len(a), width):
            match = None
        gram = 0.0 if match else invariants.gram_similarity(a[:256], b[:256])
        if gram > MAY_BE_ROTATED:
            found.rotation = invariants.rotation(every_a[: 4 * width], every_b[: 4 * width])
        if found.rotation is not None and (match := invariants.as_order(found.rotation)):
            found.rotation = None
        found.hidden = match
        if match or found.rotation is not None:
            what = "rotation"
            if match:
                what = "signs" if (match.index == np.arange(width)).all() else "order"
            found.steps.setdefault(f"hidden units ({what})", []).append(name)
            return True
        if gram > 0.99:  # independent models of one tokenizer reach 0.93
            found.rotated = True
            found.gaps.append(
                f"{found.parent.name}: the distances between token embeddings agree"
                f" (correlation {gram:.2f}) although the embeddings do not: the hidden units may"
                " have been rotated, which could not be undone"
            )
            return False
    return False


def _floor(rows: int, partners: int) -> float:
    """A cosine that the best of so many random partners does not reach: √(2 ln m / n) and a third."""
    return max(invariants.SURE, 1.33 * math.sqrt(2 * math.log(max(partners, 2)) / rows))


def _unfold(found: Counterpart) -> None:
    """Norm gains that one of the two carries in the matrices after the norm."""
    for block in found.model.blocks.values():
        tensor = block.tensor
        after = _AFTER_NORM.get(tensor.canonical.rpartition(".norm.")[2])
        if tensor.canonical == "norm.final":
            after = ("lm_head",)
        if not after or not block.whole:
            continue
        other, _ = found.block(tensor)
        if other is None or not other.whole:
            continue
        gain = _gain(block.values, other.values)
        if gain is None:
            continue
        place = tensor.canonical.rpartition("norm.")[0]
        for key in [place + a for a in after]:
            matrix = found.model.blocks.get(key)
            theirs = found.block(matrix.tensor)[0] if matrix else None
            if matrix is None or theirs is None or found.axes(matrix.tensor)[0] != "columns":
                continue
            if key in found.folded or key in found.folded_before:
                continue
            runs = intersect(matrix.runs, theirs.runs)
            if not count(runs) or (runs % gain.size).any():
                continue
            before = found.rotation is not None and np.ptp(block.values) == 0
            folds = found.folded_before if before else found.folded
            folds[key] = gain
            carrying = found.block(matrix.tensor)[0]
            x, y = values(matrix, runs), values(theirs, runs)
            if carrying is None or not np.linalg.norm(
                x - values(carrying, runs)
            ) < 0.7 * np.linalg.norm(x - y):
                del folds[key]
                continue
            found.steps.setdefault("norm gains folded into matrices", []).append(key)


_AFTER_NORM = {
    "input": (
        "attention.q",
        "attention.k",
        "attention.v",
        "linear_attention.in",
        "linear_attention.z",
    ),
    "post_attention": ("mlp.gate", "mlp.up", "router", "shared_expert.gate", "shared_expert.up"),
    "pre_feedforward": ("mlp.gate", "mlp.up", "router"),
}
"""Norm → the matrices of its layer that read what it gives."""


def _gain(mine: Floats, theirs: Floats) -> Floats | None:
    """What the parent's columns are multiplied by when exactly one of two norms is constant."""

    def flat(x: Floats) -> bool:
        return bool(np.ptp(x) == 0 and x[0] in (0, 1))

    if mine.shape != theirs.shape or flat(mine) == flat(theirs):
        return None
    shift = 1.0 if (mine if flat(mine) else theirs)[0] == 0 else 0.0  # Gemma's gain is 1 + weight
    gain = theirs + shift if flat(mine) else 1 / np.where(mine + shift == 0, np.nan, mine + shift)
    return gain if np.isfinite(gain).all() else None


def _match_experts(found: Counterpart) -> None:
    """Experts in another order, by the rows of their routers."""
    for name, block in found.model.blocks.items():
        tensor = block.tensor
        if tensor.component != "router" or tensor.layer is None or not block.whole:
            continue
        other = _laid(found, tensor)
        if other is None or not other.whole or len(tensor.shape) != 2:
            continue
        a, b = (x.values.reshape(-1, tensor.shape[1]) for x in (block, other))
        pruned = len(a) < len(b)
        match = match_rows(a, b) if pruned else _order(a, b, writes=False)
        if match and match.cosine >= _floor(tensor.shape[1], len(b)):
            if not pruned:
                found.inner[name] = match
            found.experts[tensor.canonical.removesuffix("router")] = match.index
            what = "experts left out" if pruned else "experts"
            found.steps.setdefault(what, []).append(name)


def _laid(found: Counterpart, tensor: Tensor) -> Block | None:
    """The parent's counterpart of a matrix with as many columns, however many rows it has."""
    other, _ = found.block(tensor)
    name = invariants.mapped(tensor, found.layers)
    raw = found.parent.blocks.get(name or "")
    if other is not None or raw is None or raw.tensor.shape[1:] != tensor.shape[1:]:
        return other
    return found.arranged(tensor, raw)[0]


def _match_inner(found: Counterpart) -> None:
    """In each layer, what is not alike although the rest is: neurons, heads."""
    unseen: list[str] = []
    for name, block in found.model.blocks.items():
        tensor = block.tensor
        reads, writes = found.axes(tensor)
        if tensor.layer is None or not (reads or writes) or len(tensor.shape) != 2:
            continue
        other, _ = found.block(tensor)
        if other is None:
            continue
        runs = intersect(block.runs, other.runs)
        x, y = values(block, runs), values(other, runs)
        if not count(runs) or not (np.isfinite(x).all() and np.isfinite(y).all()):
            continue
        whole = block.whole and other.whole and x.size == y.size == block.values.size
        alike = cosine(x, y)
        if alike < ALIKE and not whole:
            unseen.append(name)
            continue
        if alike < IN_PLACE and whole:
            match = _order(*(v.reshape(tensor.shape) for v in (x, y)), writes=writes)
            if match:
                found.inner[name] = match
                kind = "heads" if tensor.component.startswith("attention") else "neurons"
                found.steps.setdefault(kind, []).append(name)
                other, _ = found.block(tensor)
            elif alike < ALIKE:
                continue
        if whole and other is not None:
            scale = _scale(
                x.reshape(tensor.shape), other.values.reshape(tensor.shape), writes=writes
            )
            if scale is not None:
                found.scales[name] = scale
                found.steps.setdefault("scale of units", []).append(name)
    if unseen:
        found.gaps.append(
            f"{found.parent.name}: {len(unseen):,} tensors are not alike, such as {unseen[0]},"
            " although others are; if their units were permuted, only whole tensors can tell"
        )


def _order(a: Floats, b: Floats, *, writes: bool) -> Match | None:
    """The order in which the units of ``b`` are those of ``a``, if it is another one."""
    if writes:
        a, b = a.T, b.T
    match = match_rows(a, b)
    if not match or not match.moved or match.cosine < _floor(a.shape[1], len(a)):
        return None
    # Where some stay in their places, the others must be worth it.
    moved = cosine(a.ravel(), (b[match.index] * match.sign[:, None]).ravel())
    return match if moved >= cosine(a.ravel(), b.ravel()) + AHEAD else None


def _scale(x: Floats, y: Floats, *, writes: bool) -> Floats | None:
    """The factor of each unit, when units were rescaled one by one: ``(rows,)`` or ``(columns,)``.

    Believed only when it halves the difference; one factor for all is left alone, as
    merging makes those.
    """
    axis = 0 if writes else 1
    weight = (y * y).sum(axis)
    scale = (x * y).sum(axis) / np.where(weight == 0, 1, weight)
    if np.std(scale) < 0.05 * abs(np.mean(scale)):
        return None
    fitted = y * (scale if writes else scale[:, None])
    left = np.linalg.norm(x - fitted)
    if left > 0.5 * np.linalg.norm(x - y) or left > 0.5 * np.linalg.norm(x):
        return None
    return np.asarray(scale)
