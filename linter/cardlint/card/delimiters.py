"""Front matter that is there and that the Hub, or Python, does not find."""

from __future__ import annotations

import re
from dataclasses import dataclass

from cardlint.card.lines import Lines
from cardlint.card.nodes import Span

_OPENING = re.compile(r"(?:[\s\ufeff]*\n)?[\ufeff \t]*(-{2,}[ \t]*)(?=\r?$)", re.MULTILINE)
_EXACT = re.compile(r"[\s\ufeff]*---(?:\r\n|\r|\n)")
_CLOSING = re.compile(r"^[ \t]*(-{2,}[ \t]*|\.\.\.[ \t]*|---+[^\s-][^\r\n]*)(?=\r?$)", re.MULTILINE)
_KEY = re.compile(
    r"^(?:license|language|tags|base_model|datasets|pipeline_tag|library_name|metrics|model-index"
    r"|license_name|widget|thumbnail|inference)[ \t]*:",
    re.MULTILINE,
)
_LATER = re.compile(r"^---[ \t]*\r?$", re.MULTILINE)
_FAR = 4_000
"""Characters in which front matter that does not stand at the top is looked for."""


@dataclass(frozen=True, slots=True)
class Malformed:
    """Why front matter is not found."""

    code: str
    """``byte-order-mark``, ``opening``, ``closing``, ``unclosed``, ``not-first``, ``bare``."""
    said: str
    span: Span
    instead: str | None = None
    """What to write over the span, where that mends it."""


def malformed(text: str, lines: Lines, *, found: bool) -> Malformed | None:
    """What keeps the front matter from being found.

    Args:
        text: the whole card.
        lines: its line table.
        found: whether the Hub finds front matter in it.
    """

    def at(start: int, end: int) -> Span:
        return Span(start, end, lines)

    exact = _EXACT.match(text)
    if found:
        mark = text.find("\ufeff", 0, exact.end() if exact else 0)
        if mark < 0:
            return None
        said = "a byte order mark (U+FEFF) stands in front of it: Python programs do not find it"
        return Malformed("byte-order-mark", said, at(mark, mark + 1), "")
    if exact:
        return _unclosed(text, exact, lines)
    opening = _OPENING.match(text)
    if opening and _KEY.search(text, opening.end(), opening.end() + _FAR):
        said = f"it opens with {opening[1]!r}; the Hub wants a line of exactly `---`"
        return Malformed("opening", said, at(*opening.span(1)), "---")
    first = _KEY.search(text, 0, _FAR)
    if not first:
        return None
    before = list(_LATER.finditer(text, 0, first.start()))
    if before and _LATER.search(text, first.end()):
        said = "something stands in front of its opening `---`; it must be the first line"
        return Malformed("not-first", said, at(*before[-1].span()))
    if not text[: first.start()].strip("\ufeff \t\r\n"):
        end = text.find("\n", first.start())
        span = at(first.start(), end if end >= 0 else len(text))
        return Malformed("bare", "the lines `---` before and behind it are missing", span)
    return None


def _unclosed(text: str, opening: re.Match[str], lines: Lines) -> Malformed | None:
    """The opening line is right; the closing one is not there, or is written otherwise."""
    if not _KEY.search(text, opening.end(), opening.end() + _FAR):
        return None
    for match in _CLOSING.finditer(text, opening.end()):
        start, end = match.span(1)
        written = match[1].rstrip()
        if written.startswith("---") and written.strip("-"):
            said = f"its closing line goes on behind the `---`: {written[:40]!r}"
            return Malformed("closing", said, Span(start, end, lines))
        said = f"it closes with {written!r}; the Hub wants a line of exactly `---`"
        return Malformed("closing", said, Span(match.start(), end, lines), "---")
    dashes = text.index("---")
    said = "it has no line `---` that closes it"
    return Malformed("unclosed", said, Span(dashes, dashes + 3, lines))
