"""How fused, stacked and permuted tensors are cut into canonical ones.

Each layout turns a stored shape into one view for each target. Sources: the loaders and converters
of transformers (``conversion_mapping.py``), llama.cpp (``convert_hf_to_gguf.py``, ``permute``) and
Megatron (grouped query-key-value).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cardlint.weights.view import View

Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Heads:
    """Attention sizes, 0 where not known."""

    heads: int = 0
    kv_heads: int = 0
    rows: int = 0
    """Of all query heads together: what the output projection takes in."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One canonical tensor within a stored one."""

    target: int
    """Which of the layout's targets."""
    expert: int | None
    shape: Shape
    view: View


MAX_EXPERTS = 4096
"""Experts of one stack; the largest known models have 512."""

Layout = Callable[[Shape, int, Heads], Sequence[Piece] | None]
"""(stored shape, number of targets, heads) → pieces, or ``None`` when the sizes do not fit."""


def _rows(shape: Shape, sizes: Sequence[int]) -> list[Piece] | None:
    """Targets one below the other."""
    if sum(sizes) != shape[0] or min(sizes) <= 0:
        return None
    row, at, pieces = math.prod(shape[1:]), 0, []
    for i, size in enumerate(sizes):
        view = View.of(at * row, (size * row, 1))
        pieces.append(Piece(i, None, (size, *shape[1:]), view))
        at += size
    return pieces


def one(shape: Shape, _targets: int, _heads: Heads) -> list[Piece]:
    """The tensor itself."""
    return [Piece(0, None, shape, View.whole(shape))]


def concat(shape: Shape, targets: int, heads: Heads) -> list[Piece] | None:
    """Query rows, then key rows, then value rows."""
    query = heads.rows or shape[0] // targets
    rest, odd = divmod(shape[0] - query, targets - 1)
    return None if odd else _rows(shape, [query] + [rest] * (targets - 1))


def halves(shape: Shape, targets: int, _heads: Heads) -> list[Piece] | None:
    """Gate rows, then up rows."""
    return None if shape[0] % targets else _rows(shape, [shape[0] // targets] * targets)


def columns(shape: Shape, targets: int, _heads: Heads) -> list[Piece] | None:
    """Side by side along the last axis (GPT-2's Conv1D, stored as (in, out))."""
    if shape[-1] % targets:
        return None
    width, outer = shape[-1] // targets, math.prod(shape[:-1])
    return [
        Piece(
            i,
            None,
            (*shape[:-1], width),
            View.of(i * width, (outer, shape[-1]), (width, 1)),
        )
        for i in range(targets)
    ]


def grouped(shape: Shape, _targets: int, heads: Heads) -> list[Piece] | None:
    """For each key-value head: its query heads, its key, its value (Falcon, BLOOM, InternLM2)."""
    kv = heads.kv_heads or heads.heads
    if not kv or not heads.heads or heads.heads % kv:
        return None
    group = heads.heads // kv
    size, odd = divmod(shape[0], kv * (group + 2))
    if odd:
        return None
    width = math.prod(shape[1:])
    step = (group + 2) * size * width
    return [
        Piece(
            i,
            None,
            (kv * n * size, *shape[1:]),
            View.of(first * size * width, (kv, step), (n * size * width, 1)),
        )
        for i, (first, n) in enumerate(((0, group), (group, 1), (group + 1, 1)))
    ]


def per_head(shape: Shape, targets: int, heads: Heads) -> list[Piece] | None:
    """For each head: query, key, value (GPT-NeoX)."""
    return grouped(shape, targets, Heads(heads.heads, heads.heads, heads.rows))


def rope(shape: Shape, _targets: int, heads: Heads) -> list[Piece] | None:
    """Rows of each head go (pair, half) in the file and (half, pair) in Hugging Face models."""
    return _rope(shape, heads.heads)


def rope_kv(shape: Shape, _targets: int, heads: Heads) -> list[Piece] | None:
    """The same for keys."""
    return _rope(shape, heads.kv_heads or heads.heads)


def _rope(shape: Shape, count: int) -> list[Piece] | None:
    if not count or shape[0] % (2 * count):
        return None
    width, half = math.prod(shape[1:]), shape[0] // count // 2
    view = View.of(0, (count, 2 * half * width), (2, width), (half, 2 * width), (width, 1))
    return [Piece(0, None, shape, view)]


def experts(shape: Shape, _targets: int, _heads: Heads) -> list[Piece] | None:
    """One expert after the other."""
    size = math.prod(shape[1:])
    return [Piece(0, e, shape[1:], View.of(e * size, (size, 1))) for e in range(shape[0])]


def experts_halves(shape: Shape, targets: int, heads: Heads) -> list[Piece] | None:
    """For each expert gate rows, then up rows: (experts, 2 · inner, hidden)."""
    return _each_expert(shape, targets, heads, halves)


def experts_column_halves(shape: Shape, targets: int, _heads: Heads) -> list[Piece] | None:
    """(experts, hidden, 2 · inner), gate columns then up columns (Llama 4) → (inner, hidden)."""
    if len(shape) != 3 or shape[2] % targets or shape[0] > MAX_EXPERTS:
        return None
    count, hidden, width = shape
    inner = width // targets
    return [
        Piece(
            i,
            e,
            (inner, hidden),
            View.of(e * hidden * width + i * inner, (inner, 1), (hidden, width)),
        )
        for e in range(count)
        for i in range(targets)
    ]


def experts_transposed(shape: Shape, _targets: int, _heads: Heads) -> list[Piece] | None:
    """(experts, in, out) → (out, in)."""
    if len(shape) != 3 or shape[0] > MAX_EXPERTS:
        return None
    count, rows, width = shape
    return [
        Piece(0, e, (width, rows), View.of(e * rows * width, (width, 1), (rows, width)))
        for e in range(count)
    ]


def experts_interleaved(shape: Shape, targets: int, _heads: Heads) -> list[Piece] | None:
    """Gate and up take turns along the last axis (gpt-oss): (experts, …, 2 · inner)."""
    if len(shape) < 2 or shape[-1] % targets or shape[0] > MAX_EXPERTS:
        return None
    size, inner = math.prod(shape[1:]), shape[-1] // targets
    outer = math.prod(shape[1:-1])
    turned = (inner, *shape[1:-1])
    return [
        Piece(i, e, turned, View.of(e * size + i, (inner, targets), (outer, shape[-1])))
        for e in range(shape[0])
        for i in range(targets)
    ]


def experts_interleaved_rows(shape: Shape, targets: int, _heads: Heads) -> list[Piece] | None:
    """Gate and up take turns along the rows: (experts, 2 · inner, hidden)."""
    if len(shape) != 3 or shape[1] % targets or shape[0] > MAX_EXPERTS:
        return None
    count, rows, width = shape
    return [
        Piece(
            i,
            e,
            (rows // targets, width),
            View.of((e * rows + i) * width, (rows // targets, targets * width), (width, 1)),
        )
        for e in range(count)
        for i in range(targets)
    ]


def _each_expert(shape: Shape, targets: int, heads: Heads, inner: Layout) -> list[Piece] | None:
    pieces = inner(shape[1:], targets, heads) if len(shape) > 1 else None
    if pieces is None or shape[0] > MAX_EXPERTS:
        return None
    size = math.prod(shape[1:])
    return [
        Piece(p.target, e, p.shape, View(p.view.offset + e * size, p.view.dims))
        for e in range(shape[0])
        for p in pieces
    ]


LAYOUTS: dict[str, Layout] = {
    f.__name__: f
    for f in (
        one, concat, halves, columns, grouped, per_head, rope, rope_kv, experts, experts_halves,
        experts_column_halves, experts_transposed, experts_interleaved, experts_interleaved_rows,
    )
}  # fmt: skip
