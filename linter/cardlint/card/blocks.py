"""What the body of a card is made of: blocks, links, tables, comments, each with its place in the file."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property


class BlockKind(StrEnum):
    """What a block is."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    CELL = "cell"
    CODE = "code"
    HTML = "html"
    RULE = "rule"


@dataclass(frozen=True)
class Block:
    """A leaf block: text, not the list or quotation around it."""

    kind: BlockKind
    text: str
    """As it is written, without the markers of headings, lists and quotations; lines end in LF."""
    starts: tuple[int, ...]
    """For each line of ``text``, the offset of its first character in the file."""
    end: int
    """Offset just behind the last character in the file."""
    level: int = 0
    """1 to 6 for a heading."""
    items: tuple[int, ...] = ()
    """The list items around it, outermost first, each by a number of its own."""
    quoted: bool = False
    """Inside a block quotation."""
    info: str = ""
    """The word behind the fence of a code block."""

    @property
    def start(self) -> int:
        """Offset of the first character in the file."""
        return self.starts[0]

    def at(self, index: int) -> int:
        """The offset in the file of character ``index`` of ``text``."""
        line = bisect_right(self._breaks, index - 1)
        return self.starts[line] + index - (self._breaks[line - 1] + 1 if line else 0)

    @cached_property
    def _breaks(self) -> list[int]:
        return [m.start() for m in re.finditer(r"\n", self.text)] if len(self.starts) > 1 else []


@dataclass(frozen=True, slots=True)
class Link:
    """A link or an image."""

    target: str
    """As it is written."""
    text: str
    start: int
    end: int
    """Offsets of the target in the file; of the block that holds it where it cannot be told."""
    image: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table: header cells and rows of cells; a row of an HTML table may be shorter or longer."""

    header: tuple[Block, ...]
    rows: tuple[tuple[Block, ...], ...]


@dataclass(frozen=True, slots=True)
class Comment:
    """An HTML comment outside of code."""

    text: str
    """Between ``<!--`` and ``-->``, stripped."""
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Directive:
    """``<!-- cardlint: ignore[id, family] why -->``."""

    verb: str
    """The word behind the colon, such as ``ignore``."""
    selectors: tuple[str, ...]
    """What stands between the brackets."""
    reason: str | None
    start: int
    end: int
