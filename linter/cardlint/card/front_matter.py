"""The front matter: found as the Hub finds it, read so that every key and value keeps its place."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from cardlint.card.compose import Composer, Stop, YamlProblem, problem
from cardlint.card.lines import Lines
from cardlint.card.nodes import Field, Kind, Span, Value

# The Hub server's own expression, as huggingface_hub quotes it (repocard.py). To JavaScript a byte
# order mark is white space and to Python it is not: see metadata/front-matter-malformed.
BLOCK = re.compile(r"^([\s\ufeff]*---(?:\r\n|\r|\n))([\S\s]*?)((?:\r\n|\r|\n)---[ \t]*(\r\n|\n|$))")
_ENTRY = re.compile(r"^(?=[^\s#\-\]}])", re.MULTILINE)
_TAB = re.compile(r"(?:^|(?<=[\s:?,\-]))(\t+)", re.MULTILINE)
_NESTED = re.compile(r"^\s*-(?:\s|$)|:(?:\s|$)")
MAX_REPAIRS = 8
"""Faults mended or left out, one after the other, until the rest is given up."""


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


@cache
def default_loader() -> Any:
    """PyYAML's safe loader: libyaml's where it was built in, 20 times as fast."""
    import yaml

    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def parse(text: str, lines: Lines | None = None, *, loader: Any = None) -> FrontMatter | None:
    """Read the front matter of a card.

    Args:
        text: the whole file.
        lines: its line table, if there is one already.
        loader: another PyYAML loader than :func:`default_loader`; the answer is the same.

    Returns:
        ``None`` when there is no front matter as the Hub finds it.
    """
    lines = lines or Lines(text)
    match = BLOCK.match(text)
    if not match:
        return None
    block = Span(match.start(), match.end(), lines)
    return read(text, block, match.span(2), lines, loader or default_loader())


def read(text: str, block: Span, bounds: tuple[int, int], lines: Lines, loader: Any) -> FrontMatter:
    """Read the YAML at ``bounds``, entry by entry where it cannot be read at once."""
    base, end = bounds
    inner = text[base:end]
    where = Span(base, end, lines)
    problems: list[YamlProblem] = []
    whole = True
    root: Value | None = None
    mended = (0, 0)
    for _attempt in range(MAX_REPAIRS):
        composer = Composer(inner, base, lines, loader)
        try:
            root = composer.read()
        except Stop as stop:
            tabs = _structural_tabs(inner, stop.at)
            if tabs:
                places = [Span(base + begin, base + end, lines) for begin, end in tabs]
                problems.append(_tab_problem(places, end_of_text=base + len(inner)))
                for begin, end in tabs:
                    inner = inner[:begin] + " " * (end - begin) + inner[end:]
                whole = whole and not problems[-1].hub
                mended = _entry(inner, tabs[0][0])
                continue
            entry = _entry(inner, stop.problem.span.start - base)
            if entry == mended:  # the tabs were its indentation: that is said already
                problems[-1] = replace(problems[-1], hub=True)
            else:
                problems.append(stop.problem)
            whole = False
            repaired = _without(inner, entry)
            if stop.problem.code == "too-large" or repaired is None:
                break
            inner = repaired
            continue
        problems += composer.problems
        if composer.cut:
            root, whole = _uncut(root, composer.cut), False
        break
    if root is None:
        problems.append(problem("empty", "holds nothing", where))
        root = Value(Kind.MAP, {}, where, "")
    if root.kind is not Kind.MAP:
        if whole:
            said = f"is a {root.kind}, not a map of keys and values"
            problems.append(problem("not-a-map", said, root.span))
        return FrontMatter(block, where, None, tuple(problems))
    return FrontMatter(block, where, root if whole else None, tuple(problems), root)


def _structural_tabs(inner: str, at: int) -> list[tuple[int, int]]:
    """Runs of tabs that YAML wants to be spaces, to the end of the entry; none if none is on the line."""
    begin = inner.rfind("\n", 0, at) + 1
    line_end = inner.find("\n", at)
    first = _TAB.search(inner, begin, line_end if line_end >= 0 else len(inner))
    if not first:
        return []
    following = _ENTRY.search(inner, first.end())
    end = following.start() if following else len(inner)
    return [m.span(1) for m in _TAB.finditer(inner, first.start(), end)]


def _tab_problem(tabs: list[Span], end_of_text: int) -> YamlProblem:
    """js-yaml takes a tab for space behind an indicator, but never in front of a list or map."""

    def refused(tab: Span) -> bool:
        text = tab.lines.text
        before = text[text.rfind("\n", 0, tab.start) + 1 : tab.start]
        behind = text[tab.end : end_of_text].partition("\n")[0]
        if before.strip():
            return not before.strip(" \t-?") and bool(_NESTED.search(behind))
        return bool(behind.strip())

    first = next((t for t in tabs if refused(t)), None)
    return YamlProblem(
        code="tab",
        message="a tab stands where YAML allows only spaces",
        span=first or tabs[0],
        hub=first is not None,
        related=tuple(t for t in tabs if t is not (first or tabs[0])),
    )


def _entry(inner: str, offset: int) -> tuple[int, int]:
    """From where to where the top-level entry that holds ``offset`` stands."""
    starts = [m.start() for m in _ENTRY.finditer(inner)]
    begin = max((s for s in starts if s <= offset), default=0)
    return begin, min((s for s in starts if s > offset), default=len(inner))


def _without(inner: str, entry: tuple[int, int]) -> str | None:
    """The text with spaces in place of an entry; ``None`` when there is nothing to leave out."""
    begin, end = entry
    if not inner[begin:end].strip():
        return None
    return inner[:begin] + re.sub(r"[^\r\n]", " ", inner[begin:end]) + inner[end:]


def _uncut(root: Value | None, cut: list[Value]) -> Value | None:
    """The map without the entries in which an alias was not followed."""
    if root is None or root.kind is not Kind.MAP:
        return root
    lost = {id(value) for value in cut}
    fields = tuple(
        f for f in root.fields if not any(id(v) in lost for v in (*f.key.walk(), *f.value.walk()))
    )
    data = {f.name: f.value.data for f in fields}
    return Value(Kind.MAP, data, root.span, "", flow=root.flow, fields=fields)
