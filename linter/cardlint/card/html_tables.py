"""Tables written in HTML, as many cards have them, in the shape of pipe tables."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cardlint.card.blocks import Block, BlockKind, Table

_TAG = re.compile(r"<(?P<end>/?)(?P<name>table|tr|td|th)\b(?P<rest>[^<>]{0,500})>", re.IGNORECASE)
_SPAN = re.compile(r"\b(?:col|row)span\s*=\s*[\"']?\s*(?!1\b)\d", re.IGNORECASE)


def tables(text: str, start: int) -> Iterator[Table]:
    """The tables of a body, those left out that cannot be aligned: cells that span several, or nest.

    Args:
        text: the whole file.
        start: offset of the first character of the body.
    """
    rows: list[list[Block]] = []
    depth = 0
    cell: int | None = None  # offset of the first character of the open cell
    plain = True

    def close(end: int) -> None:
        nonlocal cell
        if cell is not None and depth == 1:
            if not rows:
                rows.append([])
            rows[-1].append(_cell(text, cell, end))
        cell = None

    for tag in _TAG.finditer(text, start):
        name, ends = tag["name"].lower(), bool(tag["end"])
        if name == "table" and not ends:
            depth += 1
            if depth == 1:
                rows, plain, cell = [], True, None
            else:
                plain = False
        elif depth == 0:
            continue
        elif name == "table":
            close(tag.start())
            depth -= 1
            if depth == 0 and plain:
                yield from _table(rows)
        else:
            # The end tags of cells and rows may be left out.
            close(tag.start())
            if name == "tr" and not ends:
                rows.append([])
            elif not ends:
                plain = plain and not _SPAN.search(tag["rest"])
                cell = tag.end()


def _cell(text: str, start: int, end: int) -> Block:
    inner = text[start:end]
    kept = inner.strip()
    start += len(inner) - len(inner.lstrip())
    lines = kept.split("\n")
    starts = [start]
    for line in lines[:-1]:
        starts.append(starts[-1] + len(line) + 1)
    return Block(BlockKind.CELL, kept, tuple(starts), start + len(kept))


def _table(rows: list[list[Block]]) -> Iterator[Table]:
    filled = [tuple(r) for r in rows if r]
    if len(filled) > 1 and len(filled[0]) > 1:
        yield Table(filled[0], tuple(filled[1:]))
