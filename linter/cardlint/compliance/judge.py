"""From findings and answers to a status, item by item and axis by axis. There is no single score."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from cardlint.compliance import answers
from cardlint.compliance.answers import Answer
from cardlint.compliance.framework import Item
from cardlint.errors import Unavailable
from cardlint.findings import Finding, NotChecked, Severity, TargetReport

if TYPE_CHECKING:
    from cardlint.repository import Repository


class Status(StrEnum):
    """What can be said of an item or an axis."""

    PASS = "pass"  # noqa: S105  # a status
    FAIL = "fail"
    WARNING = "warning"
    NOT_APPLICABLE = "not applicable"
    UNDETERMINED = "undetermined"
    PERSON = "needs a person"


@dataclass(frozen=True, slots=True)
class Judgement:
    """One item, answered as far as the scan can."""

    item: Item
    status: Status
    answer: Answer | None
    findings: tuple[Finding, ...]
    gaps: tuple[NotChecked, ...]


AXES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("metadata", "Card metadata", ("metadata",)),
    ("documentation", "Documentation in the card", ("body",)),
    ("claims", "Claims in the card", ("claims",)),
    ("license", "License and upstream conditions", ("license",)),
    ("lineage", "Declared base models", ("provenance",)),
    ("weights", "Weights", ("weights",)),
    ("history", "History of card and files", ("history",)),
    ("identity", "Who the model says it is", ("identity",)),
)
"""Id, title and rule families of each axis."""


def matches(rule: str, selectors: Iterable[str]) -> bool:
    """Whether a rule id is named by one of the ids or families."""
    return any(rule == s or rule.startswith(s + "/") for s in selectors)


def judge(item: Item, repo: Repository, report: TargetReport) -> Judgement:
    """Answer one item."""
    findings = tuple(f for f in report.findings if matches(f.rule, item.rules))
    gaps = [g for g in report.not_checked if any(matches(r, item.rules) for r in g.rules)]
    answer: Answer | None = None
    if item.answer:
        try:
            answer = getattr(answers, item.answer)(repo)
        except Unavailable as reason:
            gaps.append(NotChecked(item.id, reason.message, reason.remedy))
    status = _status(item, findings, gaps, answer)
    return Judgement(item, status, answer, findings, tuple(gaps))


def _status(
    item: Item, findings: tuple[Finding, ...], gaps: list[NotChecked], answer: Answer | None
) -> Status:
    worst = by_severity(findings)
    if worst in {Status.FAIL, Status.WARNING}:
        return worst
    if gaps or (answer and answer.open_):
        return Status.UNDETERMINED
    if item.person:
        return Status.PERSON
    if item.answer and answer is None:
        return Status.WARNING
    if answer and not answer.complete:
        return Status.WARNING
    return Status.PASS


def by_severity(findings: Iterable[Finding]) -> Status:
    """The status that the findings alone give; information is no reproach."""
    severities = {f.severity for f in findings}
    if Severity.ERROR in severities:
        return Status.FAIL
    return Status.WARNING if Severity.WARNING in severities else Status.PASS


@dataclass(frozen=True, slots=True)
class Axis:
    """One side of the repository."""

    id: str
    title: str
    status: Status
    findings: int
    gaps: tuple[NotChecked, ...]


def axes(report: TargetReport) -> list[Axis]:
    """The verdict by axis."""
    rows = []
    for id_, title, families in AXES:
        found = [f for f in report.findings if matches(f.rule, families)]
        gaps = tuple(g for g in report.not_checked if any(matches(r, families) for r in g.rules))
        ran = any(matches(r, families) for r in report.rules_run)
        status = by_severity(found)
        if status is Status.PASS and gaps:
            status = Status.UNDETERMINED
        elif status is Status.PASS and not ran:
            status = Status.NOT_APPLICABLE
        rows.append(Axis(id_, title, status, len(found), gaps))
    return rows
