"""An adapter laid on a base, so that the sum can be compared like any other model."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cardlint.findings import Confidence
from cardlint.weights.adapter import LOW_RANK
from cardlint.weights.evidence import Kind, Relation, Verdict
from cardlint.weights.rounding import EXACT, to_dtype
from cardlint.weights.runs import intersect, values
from cardlint.weights.sketch import Block, Sketch, Tensor

SAME = 0.98
"""Share of bit-identical elements from which a model is a base with an adapter merged in."""
ALONG = 0.98
"""Cosine of the model's change with the adapter's: merged, but in another arithmetic."""


def fits(adapter: Sketch, base: Sketch) -> tuple[list[str], list[str]]:
    """The adapter's tensors that the base has in the same shape, and those that it has not."""
    good: list[str] = []
    bad: list[str] = []
    for name, tensor in adapter.tensors.items():
        other = base.tensors.get(name)
        (good if other and other.shape == tensor.shape else bad).append(name)
    return good, bad


def against(adapter: Sketch, base: Sketch) -> Relation:
    """An adapter held against a model: whether it can be laid on it at all.

    The product of two small factors keeps no trace of the weights it was trained on; shapes are all
    that can be compared. Tensors that were saved whole (a new head, a resized vocabulary) need no
    place, and what the model keeps fused under another name may have one.
    """
    changed = [name for name, t in adapter.tensors.items() if t.dtype == LOW_RANK]
    placed = set(fits(adapter, base)[0])
    good = [name for name in changed if name in placed]
    bad = [name for name in changed if _misfits(adapter.tensors[name], base)]
    kind, confidence = Kind.ADAPTER, Confidence.LOW
    every = "all" if len(good) == len(changed) else f"{len(good)} of"
    note = (
        f"{every} {len(changed)} changed tensors have their place in it; on which model of this "
        "shape it was trained, the weights do not tell"
    )
    if bad:
        kind, confidence = Kind.NOT_COMPARABLE, Confidence.HIGH
        note = f"{len(bad)} of {len(changed)} changed tensors have no place in it, such as {bad[0]}"
    elif not good:
        kind = Kind.NOT_COMPARABLE
        note = "; ".join(adapter.gaps) or "where its changes belong in it could not be told"
    return Relation(
        parent=base.name,
        kind=kind,
        similarity=0.0,
        p_value=1.0,
        confidence=confidence,
        identical=0.0,
        distance=0.0,
        note=note,
    )


def _misfits(change: Tensor, base: Sketch) -> bool:
    """Whether it is sure that a change has no place in a model."""
    name = "embedding" if change.component == "lm_head" else change.canonical  # they may be tied
    other = base.tensors.get(change.canonical) or base.tensors.get(name)
    if other is None:
        path = change.canonical.removesuffix(".base_layer")
        return not any(path in stored for t in base.tensors.values() for stored in t.stored)
    if change.component in {"embedding", "lm_head"}:
        return change.shape[1:] != other.shape[1:]
    return change.shape != other.shape


def laid_on(adapter: Sketch, base: Sketch) -> Sketch | None:
    """Base plus change, rounded once to the base's dtype; ``None`` if it does not fit."""
    good, bad = fits(adapter, base)
    if bad or not good:
        return None
    blocks = dict(base.blocks)
    for name in good:
        mine, theirs = adapter.blocks.get(name), base.blocks.get(name)
        if mine is None or theirs is None:
            blocks.pop(name, None)
            continue
        runs = intersect(mine.runs, theirs.runs)
        total = values(theirs, runs).astype(np.float32) + values(mine, runs)
        dtype = theirs.tensor.dtype
        blocks[name] = Block(
            theirs.tensor, runs, to_dtype(total, dtype if dtype in EXACT else "F32")
        )
    return replace(base, name=adapter.name, blocks=blocks)


def merged(model: Sketch, base: Sketch, adapter: Sketch) -> Verdict | None:
    """Whether ``model`` is ``base`` with ``adapter`` merged in."""
    same = total = 0
    xx = yy = xy = 0.0
    for name, change in adapter.blocks.items():
        r, q = model.blocks.get(name), base.blocks.get(name)
        if r is None or q is None or r.tensor.shape != change.tensor.shape:
            continue
        if q.tensor.shape != change.tensor.shape:
            continue
        runs = intersect(intersect(change.runs, r.runs), q.runs)
        x, y, d = values(r, runs), values(q, runs), values(change, runs)
        dtype = r.tensor.dtype if r.tensor.dtype in EXACT else "F32"
        same += int(np.count_nonzero(to_dtype(y.astype(np.float32) + d, dtype) == x))
        total += x.size
        moved = (x - y).astype(np.float64)
        xx, yy, xy = xx + float(moved @ moved), yy + float(d @ d), xy + float(moved @ d)
    if not total or xx <= 0 or yy <= 0:
        return None
    share, cosine = same / total, float(xy / np.sqrt(xx * yy))
    if share < SAME and cosine < ALONG:
        return None
    sure = Confidence.CERTAIN if share >= SAME else Confidence.HIGH
    how = f"{100 * share:.2f} % of the changed tensors' {total:,} elements bit-identical"
    return Verdict(
        kind=Kind.ADAPTER,
        method="adapter merged",
        confidence=sure,
        statement=(
            f"{model.name} is {base.name} with the adapter {adapter.name} merged in "
            f"({how}; cosine of the changes {cosine:.4f})."
        ),
        parameters={"base": base.name, "adapter": adapter.name},
        replay=share,
    )
