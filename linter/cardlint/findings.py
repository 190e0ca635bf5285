"""What a run says: plain frozen data, no logic beyond refusing what must never be said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
"""What `evidence` may hold: it is written to reports as it is."""


class Severity(StrEnum):
    """How much a finding matters, worst first."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"

    @property
    def rank(self) -> int:
        """0 for error, 1 for warning, 2 for info."""
        return list(type(self)).index(self)


class Confidence(StrEnum):
    """How sure a finding is, surest first (evidence.md, "The words")."""

    CERTAIN = "certain"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    @property
    def rank(self) -> int:
        """0 for certain … 3 for low."""
        return list(type(self)).index(self)


@dataclass(frozen=True, slots=True)
class Location:
    """A place in a file of the repository. Lines and columns count from 1, in characters."""

    path: str = "README.md"
    line: int = 1
    column: int = 1
    end_line: int | None = None
    end_column: int | None = None


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace the characters ``start`` to ``end`` (offsets into the file's text) by ``text``.

    A file that does not exist yet is created by an edit with ``start == end == 0``.
    """

    path: str
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Fix:
    """A way to mend a finding.

    ``safe`` means: cannot change what the card says, only how it is written.
    """

    title: str
    edits: tuple[Edit, ...]
    safe: bool


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found.

    Raises:
        ValueError: an error-level finding with less than high confidence. A heuristic is never
            an error (evidence.md, "The words").
    """

    rule: str
    severity: Severity
    confidence: Confidence
    message: str
    """What was found, with the user's own values."""
    location: Location
    next_step: str
    """One thing to do."""
    evidence: Mapping[str, Json] = field(default_factory=dict)
    """Figures and values from which a third party can recompute the statement."""
    related: tuple[Location, ...] = ()
    fix: Fix | None = None
    fingerprint: str = ""
    """Rule, path and content, hashed; the same while lines above come and go."""

    def __post_init__(self) -> None:
        if self.severity is Severity.ERROR and self.confidence.rank > Confidence.HIGH.rank:
            raise ValueError(f"{self.rule}: an error needs high confidence, not {self.confidence}")


@dataclass(frozen=True, slots=True)
class NotChecked:
    """Something that was not looked at. It never counts as passed."""

    what: str
    """A fact (``weights``, ``history``), a rule id, or a part of one."""
    why: str
    remedy: str | None = None
    rules: tuple[str, ...] = ()
    """The rules that could not say anything because of it."""


class IgnoredBy(StrEnum):
    """What keeps a finding out of the verdict; it is counted all the same."""

    CARD = "card"
    """``<!-- cardlint: ignore[rule] reason -->`` in the card."""
    SETTINGS = "settings"
    WAIVER = "waiver"
    """A right that the settings prove: the conflict is real, the permission is too."""
    BASELINE = "baseline"
    CONFIDENCE = "confidence"
    """It is less sure than ``--min-confidence`` asks for."""


@dataclass(frozen=True, slots=True)
class Ignored:
    """A finding that the user asked not to be told about, and by what."""

    finding: Finding
    by: IgnoredBy
    reason: str | None = None
    where: str | None = None
    """The directive or setting, as ``path:line``."""


@dataclass(frozen=True, slots=True)
class TargetReport:
    """All that was found in one repository."""

    target: str
    """As the user typed it."""
    repository: str | None
    """``org/name`` where known."""
    revision: str | None
    """The commit that was read, 40 hex digits, where there is one."""
    findings: tuple[Finding, ...]
    not_checked: tuple[NotChecked, ...] = ()
    ignored: tuple[Ignored, ...] = ()
    rules_run: tuple[str, ...] = ()
    checked: bool = True
    """False when the target could not be read at all."""
    root: str | None = None
    """The folder that the findings' paths are in, as the user can open it; ``None`` if remote."""
    settings: str | None = None
    """The settings file that was in force, if any."""
    profile: str = "default"


@dataclass(frozen=True, slots=True)
class RuleInfo:
    """What a report may say about a rule."""

    id: str
    summary: str
    manual: str
    """Markdown with the fixed headings."""
    severity: Severity
    confidence: Confidence
    since: str
    """The version of cardlint that brought it."""
    status: str
    frameworks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """One run over one or more targets."""

    targets: tuple[TargetReport, ...]
    rules: Mapping[str, RuleInfo] = field(default_factory=dict)
    """The rules that found something, by id."""
    stale: tuple[str, ...] = ()
    """Entries of the baseline that match nothing any more, one line each."""
    run: Mapping[str, Mapping[str, int | float]] = field(default_factory=dict)
    """What the run has cost (``hub``); empty where the network was not asked."""

    def count(self, severity: Severity) -> int:
        """How many findings have this severity."""
        return sum(f.severity is severity for t in self.targets for f in t.findings)
