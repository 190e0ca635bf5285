"""The keys of one map: which are the same to the Hub, and what ``<<`` puts in."""

from __future__ import annotations

from cardlint.card.nodes import Field, Kind, Span, Value
from cardlint.card.problems import YamlProblem, problem

_NUMBERS = frozenset((Kind.INT, Kind.FLOAT))


def settled(fields: list[Field], problems: list[YamlProblem]) -> list[Field]:
    """Report keys that js-yaml takes for the same, and put in what ``<<`` merges.

    Args:
        fields: as they are written.
        problems: where what is wrong is added.
    """
    first: dict[str, Span] = {}
    if len({f.key.text for f in fields if f.key.kind is Kind.STR} - {"<<"}) == len(fields):
        return fields  # as nearly always: no two are the same text, none is a number
    merges = False
    for field in fields:
        if field.key.plain and field.key.text == "<<":
            merges = True
            continue
        name = _javascript(field.key)
        if name in first:
            said = f"the key {name} stands here a second time"
            problems.append(problem("duplicate-key", said, field.key.span, first[name]))
        first.setdefault(name, field.key.span)
    if not merges:
        return fields
    merged: dict[str, Field] = {}
    for field in fields:
        if field.key.plain and field.key.text == "<<":
            sources = field.value.items if field.value.kind is Kind.LIST else (field.value,)
            for source in sources:
                if source.kind is not Kind.MAP:
                    said = "<< can only merge maps"
                    problems.append(problem("syntax", said, source.span))
                for theirs in source.fields:
                    merged.setdefault(theirs.name, theirs)
    own = [f for f in fields if not (f.key.plain and f.key.text == "<<")]
    return [f for name, f in merged.items() if name not in first] + own


def _javascript(key: Value) -> str:
    """The key as JavaScript writes it: all keys of its objects are text."""
    if key.kind is Kind.STR or not key.plain:
        return key.text
    if key.kind is Kind.BOOL:
        return "true" if key.data else "false"
    if key.kind is Kind.NULL:
        return "null"
    if key.kind in _NUMBERS:
        number = float(str(key.data))
        return str(int(number)) if number.is_integer() else repr(number)
    return key.text or "[object Object]"
