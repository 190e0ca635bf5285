"""Dates, commits and spans of time in words, and the places that a finding on the past stands at."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from cardlint.errors import Unavailable
from cardlint.findings import Location
from cardlint.source.interface import Commit

if TYPE_CHECKING:
    from cardlint.card.card import Card
    from cardlint.repository import Repository


def at(commit: Commit) -> str:
    """``2026-06-14 (9b5259e)``."""
    return f"{commit.date:%Y-%m-%d} ({commit.id[:7]})"


def when(commit: Commit) -> str:
    """Date and time for evidence, ISO 8601 in UTC."""
    return commit.date.isoformat()


def span(time: timedelta) -> str:
    """``2 years 3 months``, ``5 days``, ``6 h 30 min``: at most two units, the rest cut."""
    minutes = int(abs(time).total_seconds() // 60)
    days = minutes // (60 * 24)
    if days >= 365:
        parts = [(days // 365, "year"), (days % 365 // 30, "month")]
    elif days >= 60:
        parts = [(days // 30, "month"), (days % 30, "day")]
    elif days:
        parts = [(days, "day"), (minutes // 60 % 24, "h")]
    else:
        parts = [(minutes // 60, "h"), (minutes % 60, "min")]
    words = [
        f"{n} {unit}{'s' if n > 1 and unit not in {'h', 'min'} else ''}" for n, unit in parts if n
    ]
    return " ".join(words) or "less than a minute"


def size(count: int) -> str:
    """``398 kB``, ``7.2 GB``: decimal units, as the Hub shows them."""
    value, unit = float(count), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if value < 1000:
            break
        value, unit = value / 1000, larger
    return f"{value:.3g} {unit}"


def present(repo: Repository) -> Card | None:
    """The card as it is now, where there is one that can be read."""
    try:
        return repo.card
    except Unavailable:
        return None


def place(repo: Repository, text: str) -> Location:
    """Where the present card says ``text`` first; the top of the card if it does not."""
    card = present(repo)
    start = card.text.find(text) if card and text else -1
    return card.location(start, start + len(text)) if card and start >= 0 else Location()


def field(repo: Repository, key: str) -> Location:
    """The value of a front-matter field in the present card, or the top of the card."""
    card = present(repo)
    value = card.front_matter.get(key) if card and card.front_matter else None
    return value.span.location(card.path) if card and value else Location()
