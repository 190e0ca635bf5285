"""What is said of a text: which licenses are in it, how much of each, and what else."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Form(StrEnum):
    """How much of a license is in a text."""

    FULL = "full"
    PARTIAL = "partial"
    HEADER = "header"
    """The short notice that says which license applies."""
    MENTION = "mention"
    """Only its name."""


@dataclass(frozen=True, slots=True)
class Passage:
    """Words of a text that belong to no known license."""

    start: int
    end: int
    text: str
    """At most 400 characters of it."""
    normative: int
    """How many of its words are those of terms ("shall", "only", "prohibited", …)."""


@dataclass(frozen=True, slots=True)
class Match:
    """One license in a text."""

    license: str | None
    """Id in the catalog; ``None`` for an SPDX license that is not in it."""
    spdx: str
    text: str | None
    """Which of the license's known texts; ``None`` where its date or number is another."""
    form: Form
    start: int
    """Character offsets of the passage."""
    end: int
    coverage: float
    """Share of the license's text that is there, 0 to 1."""
    altered: tuple[Passage, ...] = ()
    """Words put into the license's own text, or changed in it."""
    method: str = "shingles"
    doubtful: bool = False
    """The text is not word for word the known one, and where it differs cannot be shown."""

    @property
    def whole(self) -> bool:
        """Whether the license is there in full, with nothing changed."""
        return self.form is Form.FULL and not self.altered and not self.doubtful


@dataclass(frozen=True, slots=True)
class Detection:
    """All that was found in one text."""

    matches: tuple[Match, ...]
    """In order of place; mentions only where nothing better was found."""
    added: tuple[Passage, ...]
    """Passages outside every license that are worded as terms."""
    withheld: tuple[str, ...] = ()
    """Why something that looks like a license was not named."""
    near: tuple[str, ...] = ()
    """Ids of the licenses that it looks like."""

    def ids(self) -> tuple[str, ...]:
        """Catalog ids of the licenses whose text (not header or mention) is there."""
        texts = (Form.FULL, Form.PARTIAL)
        return tuple(
            dict.fromkeys(m.license for m in self.matches if m.license and m.form in texts)
        )
