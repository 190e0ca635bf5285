"""What the rules about bases share: what the metadata say, and the edit that adds to it."""

from __future__ import annotations

from cardlint.card.card import Card
from cardlint.card.nodes import Kind, Value
from cardlint.errors import Malformed
from cardlint.findings import Edit, Fix


def declared(card: Card) -> tuple[str, ...]:
    """What stands under ``base_model``, as it is written; ``()`` where nothing does.

    Raises:
        Malformed: there is a front matter and it cannot be read.
    """
    matter = card.front_matter
    if matter is None:
        return ()
    if matter.root is None:
        raise Malformed(
            "the front matter cannot be read, so what it declares is not known",
            remedy="Mend the YAML first.",
        )
    return tuple(v.text for v in matter.strings("base_model"))


def values(card: Card) -> list[Value]:
    """The entries of ``base_model`` with their places; none where the front matter is unreadable."""
    return card.front_matter.strings("base_model") if card.front_matter else []


def list_them(ids: tuple[str, ...]) -> str:
    """Ids as a message names them."""
    return ", ".join(ids) if ids else "nothing"


def add(card: Card, id_: str) -> Fix | None:
    """The edit that adds ``id_`` to ``base_model``; ``None`` where the place for it is not plain.

    It changes what the card says, so it is not a safe one.
    """
    matter = card.front_matter
    if matter is None or matter.root is None:
        return None
    field = matter.field("base_model")
    if field is None:
        at = matter.inner.end
        line = f"{_newline(card)}base_model: {id_}"
        return Fix(f"declare {id_}", (Edit(card.path, at, at, line),), safe=False)
    value = field.value
    if value.kind is Kind.STR and value.text:
        both = f"[{card.text[value.span.start : value.span.end]}, {id_}]"
        edit = Edit(card.path, value.span.start, value.span.end, both)
        return Fix(f"add {id_} to base_model", (edit,), safe=False)
    if value.kind is not Kind.LIST or not value.items:
        return None
    last = value.items[-1].span
    if card.text[value.span.start] == "[":
        text = f", {id_}"
    else:
        # The dash of the last item says how the list is indented.
        line_start = card.text.rfind("\n", 0, last.start) + 1
        prefix = card.text[line_start : last.start]
        if prefix.strip() != "-":
            return None
        text = f"{_newline(card)}{prefix}{id_}"
    return Fix(f"add {id_} to base_model", (Edit(card.path, last.end, last.end, text),), safe=False)


def _newline(card: Card) -> str:
    return "\r\n" if "\r\n" in card.text else "\n"
