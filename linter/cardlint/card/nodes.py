"""Values of the front matter with the exact place of each in the file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from cardlint.findings import Json, Location


class Kind(StrEnum):
    """What a value is, in the words of YAML's core schema."""

    NULL = "null"
    BOOL = "boolean"
    INT = "integer"
    FLOAT = "number"
    STR = "string"
    LIST = "list"
    MAP = "map"


@dataclass(frozen=True, slots=True)
class Span:
    """From the first character to just behind the last one.

    Lines and columns count from 1; ``start`` and ``end`` are character offsets into the file.
    """

    line: int
    column: int
    end_line: int
    end_column: int
    start: int
    end: int

    def location(self, path: str = "README.md") -> Location:
        """The same as a :class:`~cardlint.findings.Location`."""
        return Location(path, self.line, self.column, self.end_line, self.end_column)


@dataclass(frozen=True, slots=True)
class Value:
    """One YAML node."""

    kind: Kind
    data: Json
    """As plain Python data, as PyYAML (YAML 1.1) reads it; bounded, aliases not expanded twice."""
    span: Span
    text: str
    """The scalar as it is written, without quotes; empty for a list or map."""
    plain: bool = False
    """True for a scalar without quotes: the only kind that two YAML versions read differently."""
    items: tuple[Value, ...] = ()
    fields: tuple[Field, ...] = ()

    def get(self, key: str) -> Value | None:
        """The value under ``key`` of a map; the last one wins, as in PyYAML."""
        return next((f.value for f in reversed(self.fields) if f.name == key), None)

    def field(self, key: str) -> Field | None:
        """Key and value under ``key`` of a map."""
        return next((f for f in reversed(self.fields) if f.name == key), None)

    def strings(self) -> Iterator[Value]:
        """This value if it is a string, or those of its items that are: the Hub's "str or list"."""
        for value in self.items if self.kind is Kind.LIST else (self,):
            if value.kind is Kind.STR:
                yield value


@dataclass(frozen=True, slots=True)
class Field:
    """A key of a map with its value."""

    key: Value
    value: Value

    @property
    def name(self) -> str:
        """The key as text."""
        return self.key.text
