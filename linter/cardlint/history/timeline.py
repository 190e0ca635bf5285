"""What the card and the weight files were at each commit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from cardlint.errors import OverBudget
from cardlint.findings import Json, NotChecked
from cardlint.source.interface import Commit, Source

if TYPE_CHECKING:
    from cardlint.card.card import Card
    from cardlint.history.changes import Change, Kind


CARD = "README.md"


@lru_cache(maxsize=4)
def parsed(text: str) -> Card:
    """A card; only the last ones are kept, for a history may have thousands."""
    from cardlint.card.card import Card

    return Card(text)


@dataclass(frozen=True, slots=True)
class WeightFile:
    """One weight file at one commit."""

    size: int
    """Bytes of the content, not of a git-LFS pointer."""
    blob_id: str | None
    """Git's object id."""
    sha256: str | None
    """Of the content, where the place says so."""

    def same(self, other: WeightFile) -> bool:
        """Whether the content is the same, as far as size and hashes tell."""
        if self.sha256 and other.sha256:
            return self.sha256 == other.sha256
        if self.blob_id and other.blob_id:
            return self.blob_id == other.blob_id
        return self.size == other.size


@dataclass(frozen=True)
class State:
    """The repository at one commit."""

    commit: Commit
    card_text: str | None
    """``None`` when there is no README.md, or it cannot be read."""
    weights: Mapping[str, WeightFile]
    changed: tuple[str, ...] = ()
    """Paths added, replaced or removed since the state before; all of them in the first."""
    removed: tuple[str, ...] = ()
    """Those of them that are no longer there."""
    card_unread: str | None = None
    """Why there is a README.md that could not be read."""
    after_gap: bool = False
    """Whether commits before this one exist that could not be read: what is new here may be older."""

    @property
    def card(self) -> Card | None:
        """The card, parsed."""
        return None if self.card_text is None else parsed(self.card_text)

    @cached_property
    def too_long(self) -> str | None:
        """Why the card's body is not parsed: what its prose and tables say is then not known."""
        try:
            if self.card:
                self.card.markdown  # noqa: B018  # that it can be had is what is asked
        except OverBudget as reason:
            return reason.message
        return None

    @cached_property
    def fields(self) -> Mapping[str, Json]:
        """The front matter as plain data; empty when there is none or it cannot be read."""
        matter = self.card.front_matter if self.card else None
        if matter is None or matter.root is None:
            return {}
        return {f.name: f.value.data for f in matter.root.fields}

    @cached_property
    def bases(self) -> tuple[str, ...]:
        """The strings under ``base_model``, each once."""
        matter = self.card.front_matter if self.card else None
        return tuple(dict.fromkeys(v.text for v in matter.strings("base_model"))) if matter else ()


@dataclass(frozen=True)
class Timeline:
    """States, oldest first."""

    states: tuple[State, ...]
    complete: bool = True
    """False when older commits exist that were not read."""
    why_incomplete: str | None = None
    gaps: tuple[NotChecked, ...] = field(default=())
    """States that could not be read."""

    @property
    def open_ends(self) -> tuple[NotChecked, ...]:
        """What was not looked at; a rule on the past hands it on beside what it found."""
        if self.complete:
            return self.gaps
        why = f"the history is not complete: {self.why_incomplete or 'older commits are not here'}"
        return (NotChecked("history", why, "Check a full clone of the repository."), *self.gaps)

    @cached_property
    def uploads(self) -> tuple[Change, ...]:
        """The changes that brought weights, new or in place of others."""
        from cardlint.history.changes import Kind

        return self.of(Kind.WEIGHTS_ADDED, Kind.WEIGHTS_REPLACED)

    def of(self, *kinds: Kind) -> tuple[Change, ...]:
        """The changes of these kinds, oldest first."""
        return tuple(c for c in self.changes if c.kind in kinds)

    def dated(self, *kinds: Kind) -> tuple[Change, ...]:
        """Those of them that are known to have come with their commit, not in one that was not read."""
        unsure = {s.commit.id for s in self.states if s.after_gap}
        return tuple(c for c in self.of(*kinds) if c.commit.id not in unsure)

    @cached_property
    def changes(self) -> tuple[Change, ...]:
        """What changed from state to state, oldest first."""
        from cardlint.history.changes import between

        return between(self.states)


def read(source: Source) -> Timeline:
    """Read the history that led to the state of ``source``.

    Raises:
        Unavailable: there is none (a plain folder), or it cannot be had.
    """
    from cardlint.history.reading import timeline

    return timeline(source)
