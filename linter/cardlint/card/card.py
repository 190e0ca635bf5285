"""A card: front matter and body of one ``README.md``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from cardlint.card import front_matter as fm
from cardlint.findings import Location


@dataclass(frozen=True)
class Card:
    """What one ``README.md`` says; the parts are read on first use."""

    text: str
    path: str = "README.md"

    @cached_property
    def front_matter(self) -> fm.FrontMatter | None:
        """``None`` when the file has none."""
        return fm.parse(self.text)

    @cached_property
    def body(self) -> str:
        """The Markdown behind the front matter, as text."""
        return self.text[self.body_start :]

    @property
    def body_start(self) -> int:
        """Offset of the first character of the body in the file."""
        return self.front_matter.block.end if self.front_matter else 0

    @cached_property
    def _line_starts(self) -> list[int]:
        starts = [0]
        starts.extend(i + 1 for i, c in enumerate(self.text) if c == "\n")
        return starts

    def location(self, start: int, end: int | None = None) -> Location:
        """The place of a character offset (and of the end, if given) in the file."""
        from bisect import bisect_right

        def place(offset: int) -> tuple[int, int]:
            line = bisect_right(self._line_starts, offset)
            return line, offset - self._line_starts[line - 1] + 1

        if end is None:
            return Location(self.path, *place(start))
        return Location(self.path, *place(start), *place(end))

    def top(self) -> Location:
        """The first character: where a finding about the whole card stands."""
        return Location(self.path)
