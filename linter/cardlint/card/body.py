"""The Markdown body of a card, block by block, each with its exact place in the file.

markdown-it-py finds the blocks (it knows lines, not columns); the text of a block is then found
again in its source lines, so that every character of every block has its offset in the file.
Inline markup is parsed only where a rule asks for links.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from functools import cached_property
from itertools import groupby
from typing import TYPE_CHECKING, Any

from cardlint.card import commonmark, links
from cardlint.card.blocks import Block, BlockKind, Comment, Directive, Link, Table
from cardlint.card.lines import Lines
from cardlint.errors import OverBudget

if TYPE_CHECKING:
    from markdown_it.token import Token

__all__ = ["COMMENT", "Block", "BlockKind", "Comment", "Directive", "Link", "Markdown", "Table"]

MAX_CHARACTERS = 250_000
MAX_LINES = 20_000
"""A body beyond these is not parsed; the longest of 1,644 real cards has 175 kB and 6,122 lines."""
COMMENT = re.compile(r"<!--(?!-?>)(.*?)-->", re.DOTALL)
_DIRECTIVE = re.compile(r"cardlint:\s*([a-z][a-z-]*)\s*(?:\[([^\]]*)\])?\s*(.*)", re.DOTALL)


class Markdown:
    """The parsed body of one card.

    Args:
        lines: the line table of the whole file.
        start: offset of the first character of the body, at the start of a line.

    Raises:
        OverBudget: the body is longer than is parsed.
    """

    def __init__(self, lines: Lines, start: int) -> None:
        self.text = lines.text
        self._body = lines.text[start:]
        self._starts = lines.starts[bisect_right(lines.starts, start) - 1 :]
        self._latest = (-1, "")  # a line of a table is asked for once for each cell
        self._ends = [*self._starts[1:], len(lines.text)]
        if len(self._body) > MAX_CHARACTERS or len(self._starts) > MAX_LINES:
            raise OverBudget(
                f"the body of the card has {len(self._starts):,} lines and {len(self._body):,} "
                f"characters; at most {MAX_LINES:,} and {MAX_CHARACTERS:,} are parsed",
                remedy="Move long tables and logs to files of their own.",
            )

    @cached_property
    def _tokens(self) -> tuple[list[Token], dict[str, Any]]:
        """Block tokens; inline content is left unparsed."""
        environment: dict[str, Any] = {}
        parser = commonmark.parser()
        source = self._body.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")
        tokens: list[Token] = []
        parser.block.parse(source, parser, environment, tokens)
        return tokens, environment

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """Every leaf block in order."""
        return tuple(block for block, _ in self._walk)

    @cached_property
    def _walk(self) -> list[tuple[Block, int]]:
        """Each leaf block with the number of its table (0: in none)."""
        found: list[tuple[Block, int]] = []
        items: list[int] = []
        quotes = table = count = tables = level = 0
        cursor = (-1, 0)  # line and column behind the last table cell
        kind = BlockKind.PARAGRAPH
        for token in self._tokens[0]:
            match token.type:
                case "list_item_open":
                    count += 1
                    items.append(count)
                case "list_item_close":
                    items.pop()
                case "blockquote_open":
                    quotes += 1
                case "blockquote_close":
                    quotes -= 1
                case "table_open":
                    tables += 1
                    table = tables
                case "table_close":
                    table = 0
                case "tr_open":
                    cursor = ((token.map or [0])[0], 0)
                case "heading_open":
                    kind, level = BlockKind.HEADING, int(token.tag[1])
                case "paragraph_open":
                    kind, level = BlockKind.PARAGRAPH, 0
                case "th_open" | "td_open":
                    kind, level = BlockKind.CELL, 0
                case "inline":
                    if kind is BlockKind.CELL:
                        text, starts, end = self._cell(token.content, cursor)
                        cursor = (cursor[0], end - self._starts[cursor[0]])
                    else:
                        text, starts, end = self._locate(token.content, token.map or [0, 1])
                    block = Block(kind, text, starts, end, level, tuple(items), quotes > 0)
                    found.append((block, table))
                case "fence" | "code_block" | "html_block" | "hr":
                    block = self._leaf(token, tuple(items), quoted=quotes > 0)
                    found.append((block, table))
        return found

    def _leaf(self, token: Token, items: tuple[int, ...], *, quoted: bool) -> Block:
        first, last = token.map or [0, 1]
        content = token.content.removesuffix("\n")
        if token.type == "hr":
            start = self._starts[first]
            return Block(BlockKind.RULE, "", (start,), self._ends[first], 0, items, quoted)
        if token.type == "fence":
            # The place of a code block is that of its fence.
            text, starts, end = self._locate(content, [first + 1, max(last, first + 2)])
            start = self._line_start(first)
            kind, info = BlockKind.CODE, token.info.strip().split(" ")[0]
            return Block(kind, text, starts or (start,), max(end, start), 0, items, quoted, info)
        kind = BlockKind.HTML if token.type == "html_block" else BlockKind.CODE
        text, starts, end = self._locate(content, [first, last])
        return Block(kind, text, starts, end, 0, items, quoted)

    def _line_start(self, line: int) -> int:
        """Offset of the first visible character of a line of the body."""
        line = min(line, len(self._starts) - 1)
        text = self._line(line)
        return self._starts[line] + len(text) - len(text.lstrip())

    def _line(self, line: int) -> str:
        if line != self._latest[0]:
            source = self.text[self._starts[line] : self._ends[line]].rstrip("\r\n")
            self._latest = (line, source.replace("\0", "\ufffd"))
        return self._latest[1]

    def _locate(self, content: str, lines: list[int]) -> tuple[str, tuple[int, ...], int]:
        """Find the lines of a block's content in the source lines that it came from."""
        parts: list[str] = []
        starts: list[int] = []
        for number, part in enumerate(content.split("\n"), lines[0]):
            if number >= len(self._starts):
                number = len(self._starts) - 1  # noqa: PLW2901  # an unclosed block at the end
            source = self._line(number)
            # Behind the marks of lists and quotations.
            column = source.rfind(part) if part else len(source)
            if column < 0:
                part = part.strip()  # noqa: PLW2901  # a tab in front has become spaces
                column = source.rfind(part)
            if column < 0:
                part, column = "", len(source)  # noqa: PLW2901  # not as it was written: no place
            parts.append(part)
            starts.append(self._starts[number] + column)
        return "\n".join(parts), tuple(starts), starts[-1] + len(parts[-1])

    def _cell(self, content: str, cursor: tuple[int, int]) -> tuple[str, tuple[int, ...], int]:
        """Find a cell of a table in its row, behind the cell before."""
        line = min(cursor[0], len(self._starts) - 1)
        source = self._line(line)
        written = content.replace("|", "\\|")  # markdown-it takes the backslash away
        column = source.find(written, cursor[1])
        if column < 0 or not content:
            column = min(cursor[1], len(source))
            written = ""
        start = self._starts[line] + column
        return content, (start,), start + len(written)

    @cached_property
    def headings(self) -> tuple[Block, ...]:
        """The headings, in order."""
        return tuple(b for b in self.blocks if b.kind is BlockKind.HEADING)

    @cached_property
    def tables(self) -> tuple[Table, ...]:
        """The pipe tables and the HTML tables, in order."""
        from cardlint.card import html_tables

        found: list[Table] = []
        cells = [(b, t) for b, t in self._walk if t]
        for _, group in groupby(cells, key=lambda pair: pair[1]):
            rows = [tuple(r) for _, r in groupby((b for b, _ in group), key=self._row_of)]
            if rows:
                found.append(Table(rows[0], tuple(rows[1:])))
        if "<t" in self._body or "<T" in self._body:
            written = html_tables.tables(self.text, self._starts[0])
            found += [t for t in written if not self.in_code(t.header[0].start)]
        return tuple(sorted(found, key=lambda t: t.header[0].start))

    def _row_of(self, block: Block) -> int:
        return bisect_right(self._starts, block.start)

    @cached_property
    def links(self) -> tuple[Link, ...]:
        """Links and images of Markdown and HTML, in order of their blocks."""
        return tuple(link for block in self.blocks for link in links.of(block, self._tokens[1]))

    def links_where(self, worth: re.Pattern[str]) -> Iterator[Link]:
        """The links of the blocks in which ``worth`` is found; all of them where one is defined apart.

        Args:
            worth: finds the opening of every link that is wanted.
        """
        apart = links.DEFINITION.search(self._body) is not None
        for block in self.blocks:
            if apart or worth.search(block.text):
                yield from links.of(block, self._tokens[1])

    @cached_property
    def comments(self) -> tuple[Comment, ...]:
        """HTML comments outside of code blocks and code spans."""
        if "<!--" not in self._body:
            return ()
        return tuple(
            Comment(m[1].strip(), m.start(), m.end())
            for m in COMMENT.finditer(self.text, self._starts[0])
            if not self.in_code(m.start())
        )

    @cached_property
    def directives(self) -> tuple[Directive, ...]:
        """Comments addressed to cardlint."""
        if "cardlint:" not in self._body:
            return ()
        found = []
        for comment in self.comments:
            match = _DIRECTIVE.fullmatch(comment.text)
            if match:
                names = tuple(s.strip() for s in (match[2] or "").split(",") if s.strip())
                reason = match[3].strip() or None
                found.append(Directive(match[1], names, reason, comment.start, comment.end))
        return tuple(found)

    @cached_property
    def _code(self) -> tuple[list[int], list[int]]:
        """Starts and ends of code blocks and of code spans, in order."""
        spans: list[tuple[int, int]] = []
        for block in self.blocks:
            if block.kind is BlockKind.CODE:
                spans.append((block.start, block.end))
            elif block.kind is not BlockKind.HTML and "`" in block.text:
                spans += [(block.at(a), block.at(b)) for a, b in commonmark.code_spans(block.text)]
        return [a for a, _ in spans], [b for _, b in spans]

    def in_code(self, offset: int) -> bool:
        """Whether a character of the file is inside a code block or a code span."""
        starts, ends = self._code
        index = bisect_right(starts, offset) - 1
        return index >= 0 and offset < ends[index]
