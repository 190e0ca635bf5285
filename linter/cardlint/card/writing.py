"""Writes values as YAML that both the Hub and Python read as they are meant."""

from __future__ import annotations

import json
from collections.abc import Sequence

from cardlint.card.nodes import Kind
from cardlint.card.scalars import differ, hub

_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._/+-")


def scalar(text: str) -> str:
    """A text as YAML, in double quotes only where YAML needs quotes."""
    bare = text and set(text) <= _PLAIN and text[0] not in "-." and not text.endswith("-")
    if bare and hub(text)[0] is Kind.STR and differ(text) is None:
        return text
    return json.dumps(text, ensure_ascii=False)


def field(name: str, values: str | Sequence[str], comment: str = "") -> str:
    """One field with a text or a list of texts, and where it was found as a comment."""
    note = f"  # {comment}" if comment else ""
    if isinstance(values, str):
        return f"{name}: {scalar(values)}{note}\n"
    return f"{name}:{note}\n" + "".join(f"- {scalar(v)}\n" for v in values)
