"""What a format is, and the formats there are."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from cardlint.findings import Report


@dataclass(frozen=True, slots=True)
class Style:
    """How the place that shows the output wants it, and how much the reader wants to see."""

    color: bool = False
    width: int = 0
    """Columns; 0: never wrapped."""
    hyperlinks: bool = False
    explain: bool = False
    """Show evidence, why each rule matters and who says so, and the reason of each ignore."""
    statistics: bool = False
    """Show how often each rule spoke instead of each finding."""


class Format(Protocol):
    """A module of this package with one function; ``--format NAME`` finds it by its name."""

    def render(self, report: Report, style: Style) -> str:
        """The whole output, with a final newline."""
        ...


def formats() -> list[str]:
    """The modules of this package that are formats, found without importing them."""
    signature = "\ndef render(report: Report, style: Style) -> str:\n"
    return sorted(
        file.stem.replace("_", "-")
        for file in Path(__file__).parent.glob("[a-z]*.py")
        if signature in file.read_text(encoding="utf-8")
    )


def render(format_: str, report: Report, style: Style) -> str:
    """Render in the format of that name."""
    module = importlib.import_module(f"cardlint.report.{format_.replace('-', '_')}")
    text: str = module.render(report, style)
    return text
