"""Values of the front matter with the exact place of each in the file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from cardlint.card.lines import Lines
from cardlint.findings import Json, Location


class Kind(StrEnum):
    """What a value is to the Hub, which reads YAML with js-yaml (YAML 1.2 core and dates)."""

    NULL = "null"
    BOOL = "boolean"
    INT = "integer"
    FLOAT = "number"
    DATE = "date"
    STR = "string"
    LIST = "list"
    MAP = "map"


@dataclass(frozen=True, slots=True)
class Span:
    """From the character offset ``start`` in the file to just behind the last one."""

    start: int
    end: int
    lines: Lines = field(compare=False, repr=False)

    @property
    def line(self) -> int:
        """Line of the first character, from 1."""
        return self.lines.place(self.start)[0]

    @property
    def column(self) -> int:
        """Column of the first character, from 1, in characters."""
        return self.lines.place(self.start)[1]

    @property
    def text(self) -> str:
        """What is written there."""
        return self.lines.text[self.start : self.end]

    def location(self, path: str = "README.md") -> Location:
        """The same as a :class:`~cardlint.findings.Location`."""
        return Location(path, *self.lines.place(self.start), *self.lines.place(self.end))


class Value(NamedTuple):
    """One YAML node. An alias is the very node that it names.

    (A named tuple, where the house has frozen dataclasses: a card is some hundred of these, and a
    dataclass of ten fields takes five times as long to make.)
    """

    kind: Kind
    data: Json
    """As plain Python data, as the Hub reads it; a date as it is written."""
    start: int
    """Offset of the first character in the file; anchor and tag are not part of it."""
    end: int
    lines: Lines
    text: str
    """The scalar without quotes and escapes; empty for a list or map."""
    plain: bool = False
    """True for a scalar without quotes: the only kind that two YAML versions read differently."""
    flow: bool = False
    """True for a list or map in brackets."""
    items: tuple[Value, ...] = ()
    fields: tuple[Field, ...] = ()

    @property
    def span(self) -> Span:
        """Where it stands."""
        return Span(self.start, self.end, self.lines)

    def get(self, key: str) -> Value | None:
        """The value under ``key`` of a map; the last one wins, as in PyYAML."""
        found = self.field(key)
        return found.value if found else None

    def field(self, key: str) -> Field | None:
        """Key and value under ``key`` of a map."""
        return next((f for f in reversed(self.fields) if f.name == key), None)

    def strings(self) -> Iterator[Value]:
        """This value if it is a string, or those of its items that are: the Hub's "str or list"."""
        for value in self.items if self.kind is Kind.LIST else (self,):
            if value.kind is Kind.STR:
                yield value

    def walk(self) -> Iterator[Value]:
        """This value and all below it, keys included, each once."""
        seen: set[int] = set()
        stack = [self]
        while stack:
            value = stack.pop()
            if id(value) in seen:
                continue
            seen.add(id(value))
            yield value
            stack.extend(reversed(value.items))
            for field_ in reversed(value.fields):
                stack += (field_.value, field_.key)


class Field(NamedTuple):
    """A key of a map with its value."""

    key: Value
    value: Value

    @property
    def name(self) -> str:
        """The key as text."""
        return self.key.text
