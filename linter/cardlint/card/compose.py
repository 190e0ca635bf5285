"""Composes YAML events into values, within bounds that a hostile file cannot move.

Events, not PyYAML's node graph: libyaml's own composer recurses in C and a deeply nested file ends
the process. Here depth, nodes and what aliases multiply are counted while they come.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

from cardlint.card import scalars
from cardlint.card.keys import settled
from cardlint.card.lines import Lines
from cardlint.card.nodes import Field, Kind, Span, Value
from cardlint.card.problems import Stop, YamlProblem, problem, wording

MAX_NODES = 100_000
"""Nodes read at most. (The longest front matter on the Hub, benchmark tables, have some 10,000.)"""
MAX_DEPTH = 64
"""Nested lists and maps at most; `model-index` needs 8."""
MAX_ALIASED = 10_000
"""Nodes that all aliases together may add: a reader that writes the card as JSON copies them."""

_YAML = "tag:yaml.org,2002:"
_SCALAR_TAGS = {
    "!": Kind.STR,
    f"{_YAML}str": Kind.STR,
    f"{_YAML}binary": Kind.STR,
    f"{_YAML}null": Kind.NULL,
    f"{_YAML}bool": Kind.BOOL,
    f"{_YAML}int": Kind.INT,
    f"{_YAML}float": Kind.FLOAT,
    f"{_YAML}timestamp": Kind.DATE,
}
_LIST_TAGS = frozenset(("!", f"{_YAML}seq", f"{_YAML}omap", f"{_YAML}pairs"))
_MAP_TAGS = frozenset(("!", f"{_YAML}map", f"{_YAML}set"))
_NUMBERS = frozenset((Kind.INT, Kind.FLOAT))
_BREAKS = {"\x85": "\ue085", "\u2028": "\ue028", "\u2029": "\ue029", "\ufeff": "\ueeff"}
"""Text to the Hub, but line breaks (or nothing) to a YAML 1.1 parser: a private character stands in
for each while the parser reads, and is turned back in what it says."""
_HIDE = str.maketrans(_BREAKS)
_SHOW = str.maketrans({there: here for here, there in _BREAKS.items()})


_FIRST_COLUMN = re.compile(r"\n[^\s#]")


class Composer:
    """Reads one YAML text.

    Args:
        inner: the YAML text.
        base: its offset in the file.
        lines: the file's line table.
        loader: PyYAML's safe loader, the C one where there is one.
    """

    def __init__(self, inner: str, base: int, lines: Lines, loader: Any) -> None:
        self.hidden = not inner.isascii() and any(c in inner for c in _BREAKS)
        # One at the very beginning is a byte order mark to both.
        self.inner = inner[:1] + inner[1:].translate(_HIDE) if self.hidden else inner
        self.base = base
        self.lines = lines
        self.loader = loader
        self.problems: list[YamlProblem] = []
        self.special: list[Value] = []
        """Scalars without quotes that may be anything but text, to the Hub or to Python."""
        self.cut: list[Value] = []
        """What stands for an alias that was not followed."""
        self.nodes = 0
        self.aliased = 0
        self.anchors: dict[str, tuple[Value, int] | None] = {}

    def read(self) -> Value | None:
        """The document; ``None`` when there is none.

        Raises:
            Stop: the text is not YAML, holds a second document, or is beyond the bounds.
        """
        try:
            parser = self.loader(self.inner)
        except yaml.YAMLError as error:  # the pure parser looks at the characters at once
            raise self._syntax(error) from None
        try:
            return self._document(parser)
        except yaml.YAMLError as error:
            raise self._syntax(error) from None
        finally:
            parser.dispose()

    def span(self, start: int, end: int) -> Span:
        """The span in the file of two offsets into ``inner``."""
        return Span(self.base + start, self.base + end, self.lines)

    def _document(self, parser: Any) -> Value | None:
        self.next = parser.get_event
        self.next()
        event = self.next()
        if not isinstance(event, yaml.DocumentStartEvent):
            return None
        root, _size = self._node(self.next(), 0)
        if self.hidden:
            self._foreign_breaks()
        self.next()
        event = self.next()
        if isinstance(event, yaml.DocumentStartEvent):
            index = min(_index(event), len(self.inner))
            raise Stop(
                problem("syntax", "a second document begins here", self.span(index, index)), index
            )
        return root

    def _foreign_breaks(self) -> None:
        for match in re.finditer("[\ue085\ue028\ue029]", self.inner):
            name = f"U+{ord(match[0].translate(_SHOW)):04X}"
            said = f"{name} is text to the Hub and ends a line to Python"
            where = self.span(match.start(), match.end())
            self.problems.append(problem("line-break", said, where))
            return  # one says enough

    def _syntax(self, error: yaml.YAMLError) -> Stop:
        if not isinstance(error, yaml.MarkedYAMLError):  # a character that YAML does not allow
            at = min(int(getattr(error, "position", 0)), len(self.inner))
            said = f"the character U+{ord(self.inner[at : at + 1] or ' '):04X} is not allowed"
            return Stop(problem("syntax", said, self.span(at, at)), at)
        mark = error.problem_mark or error.context_mark
        at = opened = min(mark.index if mark else 0, len(self.inner))
        context = error.context or ""
        if error.context_mark and ("quoted" in context or "flow" in context):
            begun = min(error.context_mark.index, len(self.inner))
            if not self.inner[at:].strip() or _FIRST_COLUMN.search(self.inner, begun, at + 1):
                opened = begun  # it runs on into the next entry: say where it was opened
        said = wording(context, error.problem or "", self.inner[at : at + 1])
        return Stop(problem("syntax", said, self.span(opened, opened)), at)

    def _node(self, event: Any, depth: int) -> tuple[Value, int]:
        """A value, and how many nodes it is when every alias in it is written out."""
        start, end = event.start_mark.index, event.end_mark.index
        self.nodes += 1
        if self.nodes > MAX_NODES:
            self._beyond(start, f"it has more than {MAX_NODES:,} values")
        kind = type(event)
        if kind is yaml.ScalarEvent:
            value, size = self._scalar(event, start, end), 1
        elif kind is yaml.AliasEvent:
            return self._alias(str(event.anchor), self.span(start, end))
        else:
            if depth >= MAX_DEPTH:
                self._beyond(start, f"its lists and maps are nested more than {MAX_DEPTH} deep")
            if event.anchor:
                self.anchors[event.anchor] = None  # not finished: an alias to it would be a loop
            start = self._behind_properties(event, start, len(self.inner))
            read = self._list if kind is yaml.SequenceStartEvent else self._map
            value, size = read(event, start, depth)
        if event.anchor:
            self.anchors[event.anchor] = (value, size)
        return value, size

    def _beyond(self, start: int, why: str) -> None:
        raise Stop(problem("too-large", why, self.span(start, start)), start)

    def _alias(self, name: str, where: Span) -> tuple[Value, int]:
        if name not in self.anchors:
            raise Stop(
                problem("syntax", f"no anchor is called &{name}", where), where.start - self.base
            )
        known = self.anchors[name]
        if known is None:
            said = f"*{name} stands inside of what it names, so the value has no end"
            return self._cut(said, where)
        value, size = known
        if self.aliased + size > MAX_ALIASED:
            said = f"aliases multiply it to more than {MAX_ALIASED:,} values"
            return self._cut(said, where, value.span)
        self.aliased += size
        return value, size

    def _cut(self, said: str, where: Span, *related: Span) -> tuple[Value, int]:
        """Say it once, and put nothing in the place of the alias."""
        if not self.cut:
            self.problems.append(problem("alias-bomb", said, where, *related))
        self.cut.append(Value(Kind.NULL, None, where.start, where.end, self.lines, ""))
        return self.cut[-1], 1

    def _behind_properties(self, event: Any, start: int, limit: int) -> int:
        """To the parsers a value begins with its anchor or tag; here it begins behind them."""
        if not (event.anchor or event.tag):
            return start
        while start < limit and self.inner[start] in "&!":
            while start < limit and not self.inner[start].isspace():
                start += 1
            while start < limit and self.inner[start].isspace():
                start += 1
        return start

    def _scalar(self, event: Any, start: int, end: int) -> Value:
        style, text = event.style, event.value
        if event.tag or event.anchor:
            return self._with_properties(event, start, end)
        if self.hidden:
            text = text.translate(_SHOW)
        start += self.base
        if style:
            if style in "|>":
                end = start - self.base + len(self.inner[start - self.base : end].rstrip())
            return Value(Kind.STR, text, start, self.base + end, self.lines, text)
        kind, data = scalars.hub(text)
        value = Value(kind, data, start, self.base + end, self.lines, text, True)  # noqa: FBT003  # a quarter faster than by name, and this is the hot path
        if kind is not Kind.STR or text[0] in scalars.SPECIAL:
            self.special.append(value)
        return value

    def _with_properties(self, event: Any, start: int, end: int) -> Value:
        """A scalar with an anchor or a tag."""
        text = event.value.translate(_SHOW) if self.hidden else event.value
        begin = self._behind_properties(event, start, end)
        if event.style and event.style in "|>":
            end = begin + len(self.inner[begin:end].rstrip())
        plain = not event.style and event.tag is None
        kind, data = scalars.hub(text) if plain else (Kind.STR, text)
        if event.tag is not None:
            kind, data = self._tagged(
                event.tag, text, self.span(begin, end), self._tag_span(start, begin)
            )
        value = Value(kind, data, self.base + begin, self.base + end, self.lines, text, plain)
        if plain:
            self.special.append(value)
        return value

    def _tagged(self, tag: str, text: str, where: Span, mark: Span) -> scalars.Reading:
        """What a tag makes of a text."""
        kind = _SCALAR_TAGS.get(tag)
        if kind is None:
            self._unknown_tag(tag, where, mark)
            kind = Kind.STR
        read, data = scalars.hub(text)
        fits = kind is Kind.STR or read is kind or (kind is Kind.FLOAT and read in _NUMBERS)
        if not fits:
            said = f"{text!r} is not of the kind that its tag {_short(tag)} says"
            self.problems.append(problem("tag", said, where, mark))
        return (Kind.STR, text) if kind is Kind.STR or not fits else (kind, data)

    def _unknown_tag(self, tag: str, where: Span, mark: Span) -> None:
        said = f"the tag {_short(tag)} is not known"
        self.problems.append(problem("tag", said, where, mark))

    def _tag_span(self, start: int, end: int) -> Span:
        """Where the tag stands among the properties of a value."""
        match = re.compile(r"!\S*").search(self.inner, start, end)
        return self.span(*match.span()) if match else self.span(start, end)

    def _list(self, event: Any, start: int, depth: int) -> tuple[Value, int]:
        items: list[Value] = []
        total = 1
        while type(following := self.next()) is not yaml.SequenceEndEvent:
            item, size = self._node(following, depth + 1)
            items.append(item)
            total += size
        end = self._end(event, start, following, items[-1] if items else None)
        if event.tag is not None and event.tag not in _LIST_TAGS:
            mark = self._tag_span(event.start_mark.index, start)
            self._unknown_tag(event.tag, self.span(start, end), mark)
        value = Value(
            Kind.LIST,
            [i.data for i in items],
            self.base + start,
            self.base + end,
            self.lines,
            "",
            flow=bool(event.flow_style),
            items=tuple(items),
        )
        return value, total

    def _map(self, event: Any, start: int, depth: int) -> tuple[Value, int]:
        fields: list[Field] = []
        total = 1
        while type(following := self.next()) is not yaml.MappingEndEvent:
            key, size = self._node(following, depth + 1)
            value, more = self._node(self.next(), depth + 1)
            fields.append(Field(key, value))
            total += size + more
        end = self._end(event, start, following, fields[-1].value if fields else None)
        if event.tag is not None and event.tag not in _MAP_TAGS:
            mark = self._tag_span(event.start_mark.index, start)
            self._unknown_tag(event.tag, self.span(start, end), mark)
        fields = settled(fields, self.problems)
        value = Value(
            Kind.MAP,
            {f.key.text: f.value.data for f in fields},
            self.base + start,
            self.base + end,
            self.lines,
            "",
            flow=bool(event.flow_style),
            fields=tuple(fields),
        )
        return value, total

    def _end(self, event: Any, start: int, following: Any, last: Value | None) -> int:
        """A block ends with its last value; the parsers say it ends where the next one begins."""
        if event.flow_style or last is None:
            return max(int(following.end_mark.index), start)
        return max(last.end - self.base, start)


def _index(event: Any) -> int:
    return int(event.start_mark.index)


def _short(tag: str) -> str:
    return f"!!{tag.removeprefix(_YAML)}" if tag.startswith(_YAML) else tag
