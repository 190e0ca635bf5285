"""The Markdown parser, and what it does not tell."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it import MarkdownIt


@cache
def parser() -> MarkdownIt:
    """CommonMark with pipe tables, links as they are written."""
    from markdown_it import MarkdownIt

    made = MarkdownIt("commonmark", {"maxNesting": 30}).enable("table")
    # Targets are wanted as they are written, and dangerous ones are wanted too.
    made.normalizeLink = lambda url: url  # type: ignore[method-assign]  # the documented way
    made.validateLink = lambda url: True  # type: ignore[method-assign]  # noqa: ARG005  # same
    return made


def code_spans(text: str) -> Iterator[tuple[int, int]]:
    """Where the code spans of a block are (CommonMark 0.31, 6.1): equal runs of backticks."""
    runs = [m.span() for m in re.finditer(r"`+", text)]
    after: dict[int, list[int]] = {}
    for index, (a, b) in enumerate(runs):
        after.setdefault(b - a, []).append(index)
    index = 0
    while index < len(runs):
        a, b = runs[index]
        same = after[b - a]
        follower = bisect_right(same, index)
        if follower == len(same):
            index += 1
            continue
        yield a, runs[same[follower]][1]
        index = same[follower] + 1
