"""Reads YAML text, entry by entry where it cannot be read at once."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from cardlint.card.compose import Composer
from cardlint.card.lines import Lines
from cardlint.card.nodes import Kind, Span, Value
from cardlint.card.problems import Stop, YamlProblem

_ENTRY = re.compile(r"^(?=[^\s#\-\]}])", re.MULTILINE)
_TAB = re.compile(r"(?:^|(?<=[\s:?,\-]))(\t+)", re.MULTILINE)
_NESTED = re.compile(r"\s*-(?:\s|$)|[^\n]*:(?:\s|$)", re.MULTILINE)
MAX_REPAIRS = 8
"""Faults mended or left out, one after the other, until the rest is given up."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a YAML text holds."""

    root: Value | None
    """What could be read; entries of a map that cannot be are not in it."""
    whole: bool
    """Whether that is all of it, as the Hub reads it."""
    problems: tuple[YamlProblem, ...]
    special: tuple[Value, ...] = ()
    """Scalars without quotes that may be anything but text, to the Hub or to Python."""


@cache
def default_loader() -> Any:
    """PyYAML's safe loader: libyaml's where it was built in, 20 times as fast."""
    import yaml

    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def document(text: str, loader: Any = None) -> Reading:
    """Read a YAML file that is a document as a whole, with the same bounds and positions."""
    return read(text, (0, len(text)), Lines(text), loader or default_loader())


def read(text: str, bounds: tuple[int, int], lines: Lines, loader: Any) -> Reading:
    """Read the YAML of a file between two offsets.

    A tab where YAML wants spaces is read as spaces; a top-level entry that cannot be read is left
    out, and the rest is read without it.
    """
    base, end = bounds
    inner = text[base:end]
    problems: list[YamlProblem] = []
    whole = True
    mended = (0, 0)
    for _attempt in range(MAX_REPAIRS):
        composer = Composer(inner, base, lines, loader)
        try:
            root = composer.read()
        except Stop as stop:
            tabs = _structural_tabs(inner, stop.at)
            if tabs:
                problems.append(_tab_problem(text, [(base + a, base + b) for a, b in tabs], lines))
                whole = whole and not problems[-1].hub
                inner = _spaces(inner, tabs)
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
                problems += composer.problems
                break
            inner = repaired
        else:
            problems += composer.problems
            if composer.cut:
                kept = _uncut(root, composer.cut)
                return Reading(kept, False, tuple(problems), tuple(composer.special))  # noqa: FBT003  # the field's place
            return Reading(root, whole, tuple(problems), tuple(composer.special))
    return Reading(None, whole=False, problems=tuple(problems))


def _structural_tabs(inner: str, at: int) -> list[tuple[int, int]]:
    """Runs of tabs that YAML wants to be spaces, from the line of ``at`` to the end of its entry."""
    begin = inner.rfind("\n", 0, at) + 1
    line_end = inner.find("\n", at)
    first = _TAB.search(inner, begin, line_end if line_end >= 0 else len(inner))
    if not first:
        return []
    following = _ENTRY.search(inner, first.end())
    end = following.start() if following else len(inner)
    return [m.span(1) for m in _TAB.finditer(inner, first.start(), end)]


def _spaces(inner: str, tabs: list[tuple[int, int]]) -> str:
    begin, end = tabs[0][0], tabs[-1][1]
    mended = _TAB.sub(lambda m: " " * len(m[1]), inner[begin:end])
    return inner[:begin] + mended + inner[end:]


def _tab_problem(text: str, tabs: list[tuple[int, int]], lines: Lines) -> YamlProblem:
    """js-yaml takes a tab for space behind an indicator, but never in front of a list or map."""

    def refused(tab: tuple[int, int]) -> bool:
        begin, end = lines.bounds(tab[0])
        before, behind = text[begin : tab[0]], text[tab[1] : end]
        if before.strip():
            return not before.strip(" \t-?") and _NESTED.match(behind) is not None
        return bool(behind.strip())

    first = next((t for t in tabs if refused(t)), None)
    shown = first or tabs[0]
    return YamlProblem(
        code="tab",
        message="a tab stands where YAML allows only spaces",
        span=Span(*shown, lines),
        hub=first is not None,
        related=tuple(Span(*t, lines) for t in tabs if t is not shown),
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
    return root._replace(data=data, fields=fields)
