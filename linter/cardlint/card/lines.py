"""Where a character offset is, as line and column."""

from __future__ import annotations

import re
from bisect import bisect_right

_BREAK = re.compile(r"\r\n?|\n")


class Lines:
    r"""The line table of one text: lines and columns count from 1, in characters.

    A line ends with ``\n``, ``\r\n`` or ``\r``, as for CommonMark and js-yaml. (YAML 1.1 also
    breaks lines at U+0085, U+2028 and U+2029; editors and the Hub do not.)
    """

    __slots__ = ("starts", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.starts = [0, *(m.end() for m in _BREAK.finditer(text))]

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column of a character offset."""
        line = bisect_right(self.starts, offset)
        return line, offset - self.starts[line - 1] + 1

    def start(self, line: int) -> int:
        """Offset of the first character of a line; of the end of the text behind the last one."""
        return self.starts[line - 1] if line <= len(self.starts) else len(self.text)

    def bounds(self, offset: int) -> tuple[int, int]:
        """Offsets of the line that holds ``offset``: its first character, and just behind its break."""
        line = bisect_right(self.starts, offset)
        return self.starts[line - 1], self.start(line + 1)
