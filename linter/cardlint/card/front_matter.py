"""The front matter: found as the Hub finds it, read so that every key and value keeps its place."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from cardlint.card.lines import Lines
from cardlint.card.nodes import Field, Kind, Span, Value
from cardlint.card.problems import YamlProblem, problem
from cardlint.card.reading import default_loader, read

# The Hub server's own expression, as huggingface_hub quotes it (repocard.py). To JavaScript a byte
# order mark is white space and to Python it is not: see metadata/front-matter-malformed.
BLOCK = re.compile(r"^([\s\ufeff]*---(?:\r\n|\r|\n))([\S\s]*?)((?:\r\n|\r|\n)---[ \t]*(\r\n|\n|$))")


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """The YAML block between the two ``---`` lines."""

    block: Span
    """The whole block, delimiters included."""
    inner: Span
    """The YAML text between the delimiters."""
    root: Value | None
    """The map, whole; ``None`` when it cannot be read whole, and then ``problems`` says why."""
    problems: tuple[YamlProblem, ...] = ()
    partial: Value | None = None
    """The map without the entries that cannot be read: what stands in it is what was written, but
    that a key is not in it means nothing. The same as ``root`` where that is there."""
    special: tuple[Value, ...] = ()
    """Scalars without quotes that may be anything but text, to the Hub or to Python."""

    def get(self, key: str) -> Value | None:
        """The value of a top-level key."""
        return self.root.get(key) if self.root else None

    def field(self, key: str) -> Field | None:
        """Key and value of a top-level key."""
        return self.root.field(key) if self.root else None

    def strings(self, key: str) -> list[Value]:
        """The strings under ``key``, be it one or a list."""
        value = self.get(key)
        return list(value.strings()) if value else []


def parse(text: str, lines: Lines | None = None, *, loader: Any = None) -> FrontMatter | None:
    """Read the front matter of a card.

    Args:
        text: the whole file.
        lines: its line table, if there is one already.
        loader: another PyYAML loader than the default one; the answer is the same.

    Returns:
        ``None`` when there is no front matter as the Hub finds it.
    """
    lines = lines or Lines(text)
    match = BLOCK.match(text)
    if not match:
        return None
    block = Span(match.start(), match.end(), lines)
    where = Span(*match.span(2), lines)
    reading = read(text, match.span(2), lines, loader or default_loader())
    root, problems = reading.root, list(reading.problems)
    if root is None and not problems:
        problems.append(problem("empty", "holds nothing", where))
        root = Value(Kind.MAP, {}, where.start, where.end, lines, "")
    if root is not None and root.kind is not Kind.MAP:
        if reading.whole:
            said = f"is a {root.kind}, not a map of keys and values"
            problems.append(problem("not-a-map", said, root.span))
        root = None
    whole = root if reading.whole else None
    return FrontMatter(block, where, whole, tuple(problems), root, reading.special)
