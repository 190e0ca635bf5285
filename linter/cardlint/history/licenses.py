"""The declared license from commit to commit, as one value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cardlint.history.timeline import State, Timeline
from cardlint.source.interface import Commit


@dataclass(frozen=True, slots=True)
class LicenseChange:
    """A published model's license became another one."""

    before: str
    after: str | None
    """``None`` when the card declares none any more."""
    commit: Commit


def declared(state: State) -> str | None:
    """``license``, or ``license_name`` where that is ``other``; several joined by a comma."""
    value = state.fields.get("license")
    if isinstance(value, list):
        value = ", ".join(sorted(str(v) for v in value)) or None
    if str(value).casefold() == "other":
        name = state.fields.get("license_name")
        return str(name) if name else "other"
    return str(value) if value else None


def changes(timeline: Timeline) -> Iterator[LicenseChange]:
    """The changes since the first weights, oldest first; none whose commit is not known."""
    published = False
    before: str | None = None
    for state in timeline.states:
        if state.card_unread:
            continue
        after = declared(state)
        named = before == "other" and after is not None
        other = before and not named and before.casefold() != (after or "").casefold()
        if published and before and other and not state.after_gap:
            yield LicenseChange(before, after, state.commit)
        before = after
        published = published or bool(state.weights)
