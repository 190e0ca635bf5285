"""The front matter, read from PyYAML's nodes so that every key and value keeps its place."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import yaml

from cardlint.card.nodes import Field, Kind, Span, Value

# The Hub server's own expression, as huggingface_hub quotes it (repocard.py).
BLOCK = re.compile(r"^(\s*---(?:\r\n|\r|\n))([\S\s]*?)((?:\r\n|\r|\n)---[ \t]*(\r\n|\n|$))")
MAX_NODES = 200_000
_TAGS = {
    "tag:yaml.org,2002:null": Kind.NULL,
    "tag:yaml.org,2002:bool": Kind.BOOL,
    "tag:yaml.org,2002:int": Kind.INT,
    "tag:yaml.org,2002:float": Kind.FLOAT,
}
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class YamlProblem:
    """Why the front matter cannot be read, or what in it will surprise."""

    code: str
    """``syntax``, ``not-a-map``, ``duplicate-key``, ``alias-bomb``, …"""
    message: str
    span: Span


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """The YAML block between the two ``---`` lines."""

    block: Span
    """The whole block, delimiters included."""
    inner: Span
    """The YAML text between the delimiters."""
    root: Value | None
    """``None`` when it cannot be read; then ``problems`` says why."""
    problems: tuple[YamlProblem, ...] = ()

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


def parse(text: str) -> FrontMatter | None:
    """Read the front matter of a card.

    Args:
        text: the whole file.

    Returns:
        ``None`` when there is no front matter as the Hub finds it.
    """
    match = BLOCK.match(text)
    if not match:
        return None
    inner = match[2]
    base = match.start(2)
    line = text.count("\n", 0, base)

    def span(start: Any, end: Any) -> Span:
        return Span(
            line + start.line + 1,
            start.column + 1,
            line + end.line + 1,
            end.column + 1,
            base + start.index,
            base + end.index,
        )

    whole = _text_span(text, match.start(2), match.end(2))
    block = _text_span(text, match.start(), match.end())
    try:
        node = yaml.compose(inner, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = span(mark, mark) if mark else whole
        message = error.problem or error.context or "cannot be read"
        return FrontMatter(block, whole, None, (YamlProblem("syntax", message, where),))
    except yaml.YAMLError as error:
        return FrontMatter(block, whole, None, (YamlProblem("syntax", str(error), whole),))
    if node is None:
        return FrontMatter(block, whole, None, (YamlProblem("empty", "is empty", whole),))
    problems: list[YamlProblem] = []
    root = _value(node, span, problems)
    if root.kind is not Kind.MAP:
        problems.append(YamlProblem("not-a-map", f"is a {root.kind}, not a map", root.span))
        return FrontMatter(block, whole, None, tuple(problems))
    return FrontMatter(block, whole, root, tuple(problems))


def _text_span(text: str, start: int, end: int) -> Span:
    def place(offset: int) -> tuple[int, int]:
        return text.count("\n", 0, offset) + 1, offset - (text.rfind("\n", 0, offset) + 1) + 1

    return Span(*place(start), *place(end), start, end)


def _value(node: Any, span: Any, problems: list[YamlProblem]) -> Value:
    where = span(node.start_mark, node.end_mark)
    if isinstance(node, yaml.ScalarNode):
        kind = _TAGS.get(node.tag, Kind.STR)
        try:
            data = yaml.constructor.SafeConstructor().construct_object(node)
        except (yaml.YAMLError, ValueError):
            kind, data = Kind.STR, node.value
        if not isinstance(data, bool | int | float | str | None):
            kind, data = Kind.STR, node.value
        return Value(kind, data, where, node.value, plain=node.style is None)
    if isinstance(node, yaml.SequenceNode):
        items = tuple(_value(n, span, problems) for n in node.value)
        return Value(Kind.LIST, [i.data for i in items], where, "", items=items)
    fields = tuple(
        Field(_value(k, span, problems), _value(v, span, problems)) for k, v in node.value
    )
    data = {f.name: f.value.data for f in fields}
    return Value(Kind.MAP, data, where, "", fields=fields)
