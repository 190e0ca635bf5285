"""What a format is, and the formats there are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from cardlint.findings import Report


@dataclass(frozen=True, slots=True)
class Style:
    """How the place that shows the output wants it."""

    color: bool = False
    width: int = 100
    hyperlinks: bool = False


class Format(Protocol):
    """A module of this package with one function; ``--format NAME`` finds it by its name."""

    def render(self, report: Report, style: Style) -> str:
        """The whole output, with a final newline."""
        ...
