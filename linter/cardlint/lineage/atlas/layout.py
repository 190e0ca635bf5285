"""Where a sketch stands in an atlas, and the few numbers by which it is found.

::

    arch/<key>/index.json                         what is here: name, commit, file, sha256
    arch/<key>/positions.json                     which elements the fingerprints are made of
    arch/<key>/fingerprints.npy                   (n, d) float32, one row for each sketch
    arch/<key>/<org>--<name>@<commit>.safetensors the sketches

The layout is the same on a disk, in a Hub dataset repository and behind any fsspec address.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from cardlint.weights.sketch import Block, Sketch, Tensor

FINGERPRINT = 2048
"""Elements of a fingerprint: an unrelated model has a cosine of 0 ± 0.022 to it."""
Positions = Sequence[tuple[str, int]]
"""Canonical tensor name and flat (C-order) element."""
Floats = npt.NDArray[np.float32]

_VOCABULARY = {"embedding", "lm_head"}


def key(sketch: Sketch) -> str:
    """The architecture: model type, width, depth, and a hash of all matrices' names and shapes.

    The vocabulary is left out, because derived models extend it.
    """
    shapes = sorted((t.canonical, t.shape) for t in sketch.tensors.values() if _counts(t))
    digest = hashlib.sha256(json.dumps(shapes).encode()).hexdigest()[:12]
    kind = re.sub(r"[^a-z0-9_]", "", str(sketch.config.get("model_type", "model")).casefold())
    depth = len({t.layer for t in sketch.tensors.values()} - {None})
    width = sketch.config.get("hidden_size")
    return f"{kind or 'model'}-{width if isinstance(width, int) else 0}x{depth}-{digest}"


def _counts(tensor: Tensor) -> bool:
    return len(tensor.shape) > 1 and not tensor.fixed and tensor.component not in _VOCABULARY


def file_name(sketch: Sketch) -> str:
    """``org--name@commit.safetensors``; what a path cannot hold is replaced."""
    id_ = sketch.repo_id or sketch.name
    safe = re.sub(r"[^\w.-]", "_", id_.replace("/", "--"), flags=re.ASCII).strip(".") or "model"
    commit = sketch.commit or "0" * 40
    return f"{safe[:120]}@{re.sub(r'[^0-9a-f]', '', commit)[:40]}.safetensors"


def positions(sketch: Sketch) -> list[tuple[str, int]]:
    """Elements spread evenly over what was read of the matrices."""
    blocks = [b for n, b in sorted(sketch.blocks.items()) if _counts(b.tensor) and b.values.size]
    total = sum(b.values.size for b in blocks)
    if not total:
        return []
    wanted = np.unique(np.linspace(0, total - 1, min(FINGERPRINT, total)).astype(np.int64))
    chosen: list[tuple[str, int]] = []
    start = 0
    for block in blocks:
        mine = wanted[(wanted >= start) & (wanted < start + block.values.size)] - start
        start += block.values.size
        flat = _flat(block)
        chosen += [(block.tensor.canonical, int(e)) for e in flat[mine]]
    return chosen


def _flat(block: Block) -> npt.NDArray[np.int64]:
    """The flat element of each value of a block."""
    return np.concatenate([np.arange(first, first + n) for first, n in block.runs])


def fingerprint(sketch: Sketch, at: Positions) -> Floats:
    """``(d,)`` float32: the elements at these positions; NaN where one was not read."""
    row = np.full(len(at), np.nan, np.float32)
    wanted: dict[str, list[tuple[int, int]]] = {}
    for column, (name, element) in enumerate(at):
        wanted.setdefault(name, []).append((column, element))
    for name, pairs in wanted.items():
        block = sketch.blocks.get(name)
        if block is None:
            continue
        columns, elements = (np.array(side, np.int64) for side in zip(*pairs, strict=True))
        flat = _flat(block)
        found = np.searchsorted(flat, elements)
        here = (found < flat.size) & (flat[np.minimum(found, flat.size - 1)] == elements)
        row[columns[here]] = block.values[found[here]]
    return row


def scan(rows: npt.NDArray[np.float32], query: Floats, *, block: int = 1024) -> Floats:
    """``(n,)``: the cosine of each row with the query, each tensor's scale as it is.

    Every row is looked at; ``rows`` may be memory-mapped. Elements that either lacks do not count.

    Args:
        rows: ``(n, d)`` float32.
        query: ``(d,)`` float32.
        block: rows looked at in one step.
    """
    known = np.isfinite(query)
    wanted = np.where(known, query, 0).astype(np.float32)
    result = np.zeros(len(rows), np.float32)
    for start in range(0, len(rows), block):
        part = np.asarray(rows[start : start + block])
        if np.isnan(part).any():
            there = np.isfinite(part) & known
            part = np.where(there, part, 0)
            norm = np.sqrt(there.astype(np.float32) @ wanted**2)
        else:
            part = part if known.all() else part * known
            norm = np.full(len(part), np.linalg.norm(wanted), np.float32)
        length = np.sqrt(np.einsum("ij,ij->i", part, part)) * norm
        result[start : start + block] = (part @ wanted) / np.maximum(length, 1e-30)
    return result


def entry(sketch: Sketch, file: str, sha256: str) -> Mapping[str, str | None]:
    """A row of ``index.json``."""
    return {
        "name": sketch.name,
        "repo_id": sketch.repo_id,
        "commit": sketch.commit,
        "file": file,
        "sha256": sha256,
        "plan": sketch.plan,
    }
