"""A card: front matter and body of one ``README.md``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from cardlint.card import front_matter as fm
from cardlint.card.delimiters import Malformed, malformed
from cardlint.card.lines import Lines
from cardlint.findings import Location

if TYPE_CHECKING:
    from cardlint.card.body import Markdown


@dataclass(frozen=True)
class Card:
    """What one ``README.md`` says; the parts are read on first use."""

    text: str
    path: str = "README.md"

    @cached_property
    def front_matter(self) -> fm.FrontMatter | None:
        """``None`` when the file has none."""
        return fm.parse(self.text, self.lines)

    @cached_property
    def malformed(self) -> Malformed | None:
        """What keeps the front matter from being found, where it seems to be there."""
        return malformed(self.text, self.lines, found=self.front_matter is not None)

    @cached_property
    def lines(self) -> Lines:
        """The line table of the file."""
        return Lines(self.text)

    @cached_property
    def body(self) -> str:
        """The Markdown behind the front matter, as text."""
        return self.text[self.body_start :]

    @cached_property
    def markdown(self) -> Markdown:
        """The body, block by block.

        Raises:
            OverBudget: it is longer than is parsed.
        """
        from cardlint.card.body import Markdown

        return Markdown(self.lines, self.body_start)

    @property
    def body_start(self) -> int:
        """Offset of the first character of the body in the file."""
        return self.front_matter.block.end if self.front_matter else 0

    def location(self, start: int, end: int | None = None) -> Location:
        """The place of a character offset (and of the end, if given) in the file."""
        if end is None:
            return Location(self.path, *self.lines.place(start))
        return Location(self.path, *self.lines.place(start), *self.lines.place(end))

    def top(self) -> Location:
        """The first character: where a finding about the whole card stands."""
        return Location(self.path)
