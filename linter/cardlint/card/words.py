"""A cheap look at a card before a dear one: most cards hold none of the words that a rule is about."""

from __future__ import annotations

from functools import lru_cache

from cardlint.card.card import Card


@lru_cache(maxsize=4)
def _lowered(card: Card) -> str:
    return card.body.lower()


def has_any(card: Card, *words: str) -> bool:
    """Whether the body holds one of these (lower case) texts, in any case."""
    body = _lowered(card)
    return any(word in body for word in words)
