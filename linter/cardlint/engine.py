"""Runs rules over one repository and gathers what they say.

A fact that cannot be had becomes one "not checked" for all the rules that needed it; a rule that
crashes becomes the finding ``internal/rule-crashed``, and the run goes on.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Sequence
from pathlib import Path

from cardlint.errors import Unavailable
from cardlint.findings import (
    Confidence,
    Finding,
    Location,
    NotChecked,
    Severity,
    TargetReport,
)
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule

log = logging.getLogger(__name__)

CRASHED = "internal/rule-crashed"


def run(repo: Repository, rules: Sequence[Rule], target: str) -> TargetReport:
    """Run ``rules`` over ``repo``.

    Args:
        repo: what is checked.
        rules: in the order in which they are to run.
        target: what the user typed, for the report.
    """
    findings: list[Finding] = []
    missing: dict[tuple[str, str], NotChecked] = {}
    ran: list[str] = []

    def note(gap: NotChecked) -> None:
        key = (gap.what, gap.why)
        known = missing.get(key)
        together = tuple(sorted({*gap.rules, *(known.rules if known else ())}))
        missing[key] = NotChecked(gap.what, gap.why, gap.remedy, together)

    for rule in rules:
        gap = _first_missing(repo, rule)
        if gap:
            note(gap)
            continue
        try:
            for said in rule.check(repo):
                if isinstance(said, NotChecked):
                    note(NotChecked(said.what, said.why, said.remedy, (*said.rules, rule.id)))
                else:
                    findings.append(said)
            ran.append(rule.id)
        except Unavailable as reason:
            note(NotChecked(rule.id, reason.message, reason.remedy, (rule.id,)))
        except Exception as error:  # one bad rule must not hide what the others say
            log.debug("rule %s crashed", rule.id, exc_info=True)
            findings.append(_crash(rule, error))
    return TargetReport(
        target=target,
        repository=repo.id,
        revision=repo.source.identity.commit,
        findings=tuple(sorted(findings, key=_order)),
        not_checked=tuple(missing.values()),
        rules_run=tuple(ran),
    )


def _first_missing(repo: Repository, rule: Rule) -> NotChecked | None:
    for fact in Fact:
        if fact not in rule.needs:
            continue
        try:
            getattr(repo, fact.value)
        except Unavailable as reason:
            return NotChecked(fact.value, reason.message, reason.remedy, (rule.id,))
        except Exception as error:  # hostile input found a hole: say so, go on
            log.debug("fact %s crashed", fact.value, exc_info=True)
            why = f"cardlint failed to read it: {type(error).__name__}: {error}"
            return NotChecked(fact.value, why, "Please report this as a bug.", (rule.id,))
    return None


def _crash(rule: Rule, error: Exception) -> Finding:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return Finding(
        rule=CRASHED,
        severity=Severity.ERROR,
        confidence=Confidence.CERTAIN,
        message=f"{rule.id} crashed: {type(error).__name__}: {error}",
        location=Location(),
        next_step=f"Please report this as a bug; until then `--ignore {rule.id}` leaves it out.",
        evidence={
            "rule": rule.id,
            "error": type(error).__name__,
            "at": f"{Path(frame.filename).name}:{frame.lineno}",
        },
    )


def _order(finding: Finding) -> tuple[str, int, int, int, str, str]:
    at = finding.location
    return (at.path, at.line, at.column, finding.severity.rank, finding.rule, finding.message)
