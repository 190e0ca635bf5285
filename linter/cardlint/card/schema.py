"""The JSON Schema of the front matter: ``python -m cardlint.card.schema`` writes it.

Generated from :mod:`cardlint.card.specification`, so that the schema and the rules cannot differ.
What the Hub only warns of, or does not know yet, the schema lets pass: an author's own fields, a
library or a language that is not in the lists.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cardlint.card import vocabulary
from cardlint.card.shapes import (
    AnyOf,
    Anything,
    Boolean,
    Many,
    Number,
    OneOf,
    Record,
    Shape,
    Table,
    Text,
)
from cardlint.card.specification import FIELDS

FILE = Path(__file__).parents[1] / "schemas" / "card.json"
_LANGUAGE = r"^([a-z]{2,3}|code|multilingual)$"
_LISTED = 300
"""A longer vocabulary is not written into the schema."""


def card_schema() -> dict[str, Any]:
    """The schema of a model card's front matter (JSON Schema 2020-12)."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "cardlint/card/1",
        "title": "Front matter of a model card on the Hugging Face Hub",
        "$comment": f"Generated from cardlint's specification; lists as of {vocabulary.date()}.",
        "type": "object",
        "properties": {name: _field(name) for name in FIELDS},
        "additionalProperties": True,
    }


def _field(name: str) -> dict[str, Any]:
    spec = FIELDS[name]
    schema = _of(spec.shape)
    if spec.empty:
        schema = {"anyOf": [*schema.get("anyOf", [schema]), {"type": "null"}]}
    return {"description": spec.about, **schema}


def _of(shape: Shape) -> dict[str, Any]:
    if isinstance(shape, Text):
        return {"type": "string", **({"pattern": f"^{shape.pattern}$"} if shape.pattern else {})}
    if isinstance(shape, OneOf):
        return _vocabulary(shape)
    if isinstance(shape, Number):
        return {"type": "number"}
    if isinstance(shape, Boolean):
        return {"type": "boolean"}
    if isinstance(shape, Many):
        return {"type": "array", "items": _of(shape.item)}
    if isinstance(shape, Table):
        return {"type": "object", "additionalProperties": _of(shape.item)}
    if isinstance(shape, Record):
        members = {name: _of(member) for name, member in shape.members.items()}
        required = {"required": [*shape.required]} if shape.required else {}
        return {"type": "object", "properties": members, **required}
    if isinstance(shape, AnyOf):
        return {"anyOf": [_of(one) for one in shape.shapes]}
    if isinstance(shape, Anything):
        return {}
    raise TypeError(f"no schema for {type(shape).__name__}")


def _vocabulary(shape: OneOf) -> dict[str, Any]:
    words = sorted(shape.values())
    if len(words) > _LISTED:
        return {"type": "string", "pattern": _LANGUAGE}
    if not shape.strict:
        return {"type": "string", "examples": words}
    return {"type": "string", "enum": words}


def text() -> str:
    """The schema as it is written to the file."""
    return json.dumps(card_schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), "utf-8")
