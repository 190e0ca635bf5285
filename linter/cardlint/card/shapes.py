"""Shapes of values: what the specification is written in, and what a value is held against."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from cardlint.card.nodes import Field, Kind, Span, Value

_TEXT_OF = {
    Kind.NULL: "empty",
    Kind.BOOL: "true or false",
    Kind.INT: "a number",
    Kind.FLOAT: "a number",
    Kind.DATE: "a date",
    Kind.STR: "text",
    Kind.LIST: "a list",
    Kind.MAP: "a map",
}


def describe(value: Value) -> str:
    """What a value is, in words: ``a list``."""
    return _TEXT_OF[value.kind]


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A value that is not what it should be."""

    code: str
    """``type``, ``value``, ``missing``, ``unknown``, ``empty``."""
    path: str
    """As the Hub writes it: ``model-index[0].results[0].dataset.config``."""
    said: str
    """What is wrong, as the end of a sentence that begins with the path."""
    span: Span
    value: Value | None = None
    wanted: Shape | None = None
    key: Value | None = None
    known: tuple[str, ...] = ()
    """Of an unknown key: the keys that are known there."""


class Shape:
    """What a value may be."""

    __slots__ = ()
    kinds: frozenset[Kind] = frozenset(Kind)

    def words(self) -> str:
        """In words: ``a list``."""
        raise NotImplementedError

    def check(self, value: Value, path: str) -> Iterator[Mismatch]:
        """Yield where ``value`` is something else."""
        if value.kind not in self.kinds:
            said = f"must be {self.words()}, not {describe(value)}"
            code = "empty" if value.kind is Kind.NULL else "type"
            yield Mismatch(code, path, said, value.span, value, self)
        else:
            yield from self.inside(value, path)

    def inside(self, value: Value, path: str) -> Iterator[Mismatch]:  # noqa: ARG002  # those with parts need both
        """Yield where a part of a value of the right kind is something else."""
        return iter(())


@dataclass(frozen=True, slots=True)
class Anything(Shape):
    """No condition."""

    def words(self) -> str:
        """In words."""
        return "anything"


@dataclass(frozen=True, slots=True)
class Text(Shape):
    """Text; with ``pattern``, text that matches it whole, which ``meaning`` says in words."""

    pattern: str = ""
    meaning: str = "text"
    kinds: frozenset[Kind] = frozenset({Kind.STR})

    def words(self) -> str:
        """In words."""
        return self.meaning

    def inside(self, value: Value, path: str) -> Iterator[Mismatch]:
        """The pattern."""
        if self.pattern and not re.fullmatch(self.pattern, value.text, re.ASCII):
            yield Mismatch("value", path, f"must be {self.meaning}", value.span, value, self)


@dataclass(frozen=True, slots=True)
class Number(Shape):
    """A number."""

    kinds: frozenset[Kind] = frozenset({Kind.INT, Kind.FLOAT})

    def words(self) -> str:
        """In words."""
        return "a number"


@dataclass(frozen=True, slots=True)
class Boolean(Shape):
    """True or false."""

    kinds: frozenset[Kind] = frozenset({Kind.BOOL})

    def words(self) -> str:
        """In words."""
        return "true or false"


@dataclass(frozen=True, slots=True)
class OneOf(Shape):
    """One word of a vocabulary; ``strict`` if the schema should refuse others as well."""

    values: Callable[[], Iterable[str]]
    strict: bool = True
    judged: bool = True
    """False when a rule of its own judges the word (it knows near misses), and only text is asked
    for here."""
    kinds: frozenset[Kind] = frozenset({Kind.STR})

    def words(self) -> str:
        """In words."""
        if not self.judged:
            return "text"
        return "one of " + ", ".join(sorted(self.values()))

    def inside(self, value: Value, path: str) -> Iterator[Mismatch]:
        """The word."""
        if self.judged and value.text not in self.values():
            yield Mismatch("value", path, f"must be {self.words()}", value.span, value, self)


@dataclass(frozen=True, slots=True)
class Many(Shape):
    """A list."""

    item: Shape
    kinds: frozenset[Kind] = frozenset({Kind.LIST})

    def words(self) -> str:
        """In words."""
        return "a list"

    def inside(self, value: Value, path: str) -> Iterator[Mismatch]:
        """The items."""
        for number, item in enumerate(value.items):
            yield from self.item.check(item, f"{path}[{number}]")


@dataclass(frozen=True, slots=True)
class Table(Shape):
    """A map from names that the author chooses."""

    item: Shape
    kinds: frozenset[Kind] = frozenset({Kind.MAP})

    def words(self) -> str:
        """In words."""
        return "a map of names and values"

    def inside(self, value: Value, path: str) -> Iterator[Mismatch]:
        """The values."""
        for entry in value.fields:
            yield from self.item.check(entry.value, f"{path}.{entry.name}")


@dataclass(frozen=True, slots=True)
class Record(Shape):
    """A map with known keys."""

    members: Mapping[str, Shape]
    required: tuple[str, ...] = ()
    kinds: frozenset[Kind] = frozenset({Kind.MAP})

    def words(self) -> str:
        """In words."""
        return f"a map with {', '.join(self.required)}" if self.required else "a map"

    def inside(self, value: Value, path: str) -> Iterator[Mismatch]:
        """The members: each of its shape, none unknown, none missing."""
        for entry in value.fields:
            yield from self._member(entry, path)
        names = {entry.name for entry in value.fields}
        for name in self.required:
            if name not in names:
                where = value.fields[0].key.span if value.fields and not value.flow else value.span
                yield Mismatch("missing", f"{path}.{name}", "is missing", where, value)

    def _member(self, entry: Field, path: str) -> Iterator[Mismatch]:
        where = f"{path}.{entry.name}"
        shape = self.members.get(entry.name)
        if shape is None:
            known = tuple(self.members)
            said = "is no key that is known there"
            yield Mismatch(
                "unknown", where, said, entry.key.span, entry.value, None, entry.key, known
            )
            return
        for found in shape.check(entry.value, where):
            # nothing behind the key: the key is what can be seen
            seen = found if found.span.start < found.span.end else None
            yield seen or replace(found, span=entry.key.span)


@dataclass(frozen=True, slots=True)
class AnyOf(Shape):
    """One of several shapes that no kind of value has in common."""

    shapes: tuple[Shape, ...]
    kinds: frozenset[Kind] = field(default=frozenset())

    def __post_init__(self) -> None:
        object.__setattr__(self, "kinds", frozenset().union(*(s.kinds for s in self.shapes)))

    def words(self) -> str:
        """In words."""
        return " or ".join(s.words() for s in self.shapes)

    def inside(self, value: Value, path: str) -> Iterator[Mismatch]:
        """The shape that is meant."""
        for shape in self.shapes:
            if value.kind in shape.kinds:
                yield from shape.inside(value, path)
                return


def one_or_many(item: Shape) -> Shape:
    """The Hub's "string or list of strings"."""
    return AnyOf((item, Many(item)))
