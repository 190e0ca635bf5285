"""What a bill of materials says, and what a format of it is."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from cardlint.errors import UsageError

FORMATS = {
    "spdx-2.3": "spdx_2_3",
    "spdx-3.0.1": "spdx_3_0_1",
    "cyclonedx-1.7": "cyclonedx_1_7",
}


@dataclass(frozen=True, slots=True)
class BomFile:
    """One file of the model."""

    path: str
    size: int
    sha256: str | None
    """``None`` where it is not known without downloading the file."""
    sha1: str | None = None


@dataclass(frozen=True, slots=True)
class Model:
    """The model itself, or one of its ancestors."""

    id: str
    """``org/name``, or a folder's name."""
    version: str | None
    """Commit."""
    supplier: str | None
    """Organization."""
    location: str
    """Where it can be had."""
    declared: str
    """SPDX expression of what the card declares; ``NOASSERTION`` where it says nothing clear."""
    concluded: str
    """SPDX expression of what cardlint concludes, ancestors included; ``NOASSERTION`` where any of
    them is not known."""
    concluded_because: str
    released: datetime | None = None
    """The commit that first held weights."""
    description: str = ""
    task: str | None = None
    languages: tuple[str, ...] = ()
    datasets: tuple[str, ...] = ()
    parameters: int | None = None
    architecture: str | None = None
    limitation: str | None = None
    energy_grams: float | None = None
    """CO₂ equivalent of training, grams, as declared."""
    files: tuple[BomFile, ...] = ()

    @property
    def purl(self) -> str | None:
        """Package URL (purl-spec, type ``huggingface``), for a Hub id."""
        if "/" not in self.id:
            return None
        return f"pkg:huggingface/{self.id}" + (f"@{self.version}" if self.version else "")


@dataclass(frozen=True, slots=True)
class Link:
    """``child`` descends from ``parent``."""

    child: str
    parent: str
    relation: str | None
    declared: bool
    measured: str | None = None
    """What the weights say of it, in one line; ``None`` where they were not compared."""
    contradicts: bool = False
    """Whether the weights speak against what is declared."""
    share: tuple[float, float, float] | None = None
    """Value, low, high of the parent's coefficient."""


@dataclass(frozen=True, slots=True)
class Bom:
    """The facts of one bill of materials."""

    model: Model
    ancestors: tuple[Model, ...]
    unknown: Mapping[str, str]
    """Ancestor that could not be opened → why."""
    links: tuple[Link, ...]
    licenses: Mapping[str, str]
    """``LicenseRef-…`` → the name of the license that it stands for."""
    created: datetime
    tool: str
    """``cardlint`` with its version."""
    method: str | None = None
    """The merge method that was measured."""
    statement: str | None = None
    """What the weights say, in one sentence."""
    confidence: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    not_checked: tuple[str, ...] = ()
    texts: Mapping[str, str] = field(default_factory=dict)
    """``LicenseRef-…`` → its text, where the model or an ancestor holds it word for word."""


class Format(Protocol):
    """A module of this package."""

    def render(self, bom: Bom) -> str:
        """The whole file, validated.

        Raises:
            Malformed: what would be written is not valid; the message says why.
        """
        ...


def format_of(name: str) -> Format:
    """The format by its name.

    Raises:
        UsageError: there is none of this name, or its library is not installed.
    """
    try:
        module: Any = importlib.import_module(f"cardlint.report.bom.{FORMATS[name]}")
    except KeyError:
        raise UsageError(
            f"no bill of materials is called {name}", remedy=f"Choose one of {', '.join(FORMATS)}."
        ) from None
    except ImportError as error:
        raise UsageError(
            f"{name} needs a library that is not installed: {error.name}",
            remedy="pip install 'cardlint[bom]'",
        ) from None
    return module  # type: ignore[no-any-return]  # its tests hold it to `render`
