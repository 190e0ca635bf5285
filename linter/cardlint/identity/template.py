"""Who the chat template says the model is.

The template is scanned as text. It is a program from outside: it is never rendered.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cardlint.findings import Location, NotChecked

if TYPE_CHECKING:
    from cardlint.repository import Repository


@dataclass(frozen=True, slots=True)
class Statement:
    """One sentence that tells the model who it is."""

    text: str
    """The sentence as it stands there."""
    name: str
    """The name in it: ``Rio``."""
    location: Location
    maker: str | None = None
    """Who the sentence says made it, where it does."""


@dataclass(frozen=True, slots=True)
class TemplateIdentity:
    """What the chat templates of a repository say about its identity."""

    statements: tuple[Statement, ...]
    path: str | None
    """The first file that holds a template; ``None`` when there is none."""
    gaps: tuple[NotChecked, ...] = ()
    """Templates that could not be read."""


def read(repo: Repository) -> TemplateIdentity:
    """Scan every chat template and default system prompt of the repository.

    Raises:
        Unavailable: the file list cannot be had.
    """
    from cardlint.identity.scan import scan

    return scan(repo)
