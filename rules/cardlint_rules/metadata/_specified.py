"""Rules that hold fields against the table of the specification."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from cardlint.card.nodes import Field, Kind, Value
from cardlint.card.shapes import AnyOf, Anything, Many, Mismatch, Shape
from cardlint.card.specification import FIELDS, Specified
from cardlint.card.vocabulary import nearest
from cardlint.card.writing import scalar
from cardlint.findings import Edit, Finding, Fix, NotChecked, Severity
from cardlint_rules.metadata._front_matter import (
    MAX_FINDINGS,
    FrontMatterRule,
    bounded,
    clip,
    replace,
    written,
)

_SCALARS = frozenset((Kind.BOOL, Kind.INT, Kind.FLOAT, Kind.DATE))


class SpecifiedRule(FrontMatterRule):
    """A rule that holds the fields that the specification gives to it against their shapes."""

    def judge(self, root: Value) -> Iterator[Finding | NotChecked]:
        for field in root.fields:
            spec = FIELDS.get(field.name)
            if spec is not None and spec.rule == self.id:
                yield from bounded(self.hold(field, spec), self.id, field.name)

    def hold(self, field: Field, spec: Specified) -> Iterator[Finding]:
        """Yield what is wrong with one field."""
        if field.value.kind is Kind.NULL:
            if not spec.empty:
                yield self.nothing(field, spec)
            return
        unknown: dict[str, list[Mismatch]] = {}
        for found in islice(spec.shape.check(field.value, field.name), 10 * MAX_FINDINGS):
            if found.code == "unknown":
                unknown.setdefault(re.sub(r"\[\d+\]", "[]", found.path), []).append(found)
            else:
                yield self.mismatch(found, spec, field)
        for same in unknown.values():
            yield self.unknown(same)

    def nothing(self, field: Field, spec: Specified) -> Finding:
        """There is nothing behind the key."""
        refuses = "; the Hub refuses the card" if spec.refused else ""
        return self.finding(
            f"{field.name} has no value{refuses}.",
            field.key.span.location(),
            next_step=f"Write {spec.shape.words()} behind it, or take the line out.",
            severity=Severity.ERROR if spec.refused else Severity.INFO,
            evidence={"field": field.name},
        )

    def mismatch(self, found: Mismatch, spec: Specified, field: Field) -> Finding:
        """A value is not what the specification says."""
        said, step, fix = f"{clip(found.path)} {found.said}", f"Write {_wanted(found)}.", None
        if found.code == "missing":
            step = f"Add {found.path.rpartition('.')[2]}."
        else:
            said += f": {written(found.value)}" if found.value and found.code != "empty" else ""
            fix = _fix(found, field)
        return self.finding(
            said + ("; the Hub refuses the card." if spec.refused else "."),
            found.span.location(),
            next_step=step,
            severity=Severity.ERROR if spec.refused else Severity.WARNING,
            evidence={"field": clip(found.path, 200), "problem": found.code},
            fix=fix,
        )

    def unknown(self, same: list[Mismatch]) -> Finding:
        """A key that is not known, perhaps in many items of a list."""
        found, more = same[0], len(same) - 1
        name = found.key.text if found.key else ""
        close = nearest(name, found.known)
        fix = None
        if close:
            edits = [
                Edit("README.md", m.key.span.start, m.key.span.end, close) for m in same if m.key
            ]
            fix = Fix(f"Write {close}", tuple(edits), safe=False)
        step = "Take it out if nothing reads it."
        return self.finding(
            f"{clip(found.path)} {found.said}" + (f", and {more} more like it." if more else "."),
            found.span.location(),
            next_step=f"Did you mean {close}?" if close else step,
            severity=Severity.WARNING if close else Severity.INFO,
            evidence={"field": clip(found.path, 200), "problem": found.code, "times": more + 1},
            fix=fix,
        )


def _wanted(found: Mismatch) -> str:
    return found.wanted.words() if found.wanted else "a value that is known"


def _fix(found: Mismatch, field: Field) -> Fix | None:
    """Text for a number, a list for a text, a text for a list of one: the same said otherwise."""
    value, wanted = found.value, found.wanted
    if value is None or wanted is None or found.code != "type":
        return None
    if value.kind in _SCALARS and Kind.STR in wanted.kinds and value.plain:
        return replace(value.span, f'"{value.text}"', "Put it in quotes", safe=True)
    items = _items(wanted)
    if value.kind is Kind.STR and Kind.LIST in wanted.kinds and items and Kind.STR in items.kinds:
        parts = [p.strip() for p in value.text.split(",") if p.strip()]
        text = f"[{', '.join(scalar(p) for p in parts)}]"
        return replace(value.span, text, "Write it as a list", safe=len(parts) == 1)
    alone = value.items[0] if value.kind is Kind.LIST and len(value.items) == 1 else None
    if alone and Kind.STR in wanted.kinds and alone.kind is Kind.STR and value is field.value:
        written_as = alone.span.text
        edit = Edit("README.md", field.key.span.end, value.span.end, f": {written_as}")
        return Fix("Write it without the list", (edit,), safe=True)
    return None


def _items(shape: Shape) -> Shape | None:
    for one in shape.shapes if isinstance(shape, AnyOf) else (shape,):
        if isinstance(one, Many) and not isinstance(one.item, Anything):
            return one.item
    return None
