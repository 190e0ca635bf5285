"""Runs rules over one repository, and parts what they say into told and ignored.

A fact that cannot be had becomes one "not checked" for all the rules that needed it; a rule that
crashes becomes the finding ``internal/rule-crashed``, and the run goes on.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from cardlint.errors import Unavailable
from cardlint.findings import Finding, Ignored, NotChecked, TargetReport
from cardlint.fingerprint import stamp
from cardlint.ignoring import Crash, Outcome, Policy, directives, leftover, settle
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule, RunRule, registry

if TYPE_CHECKING:
    from cardlint.licensing.waivers import Judged

log = logging.getLogger(__name__)

CRASHED = "internal/rule-crashed"


def run(
    repo: Repository, rules: Sequence[Rule], target: str, policy: Policy | None = None
) -> TargetReport:
    """Run ``rules`` over ``repo``.

    Args:
        repo: what is checked.
        rules: in the order in which they are to run; those about the run itself come last anyhow.
        target: what the user typed, for the report.
        policy: what the settings say about findings; by default nothing.
    """
    policy = policy or Policy()
    spoken = _ask(repo, [r for r in rules if not isinstance(r, RunRule)])
    ignores = [*(directives(repo) if policy.directives else ()), *policy.ignores]
    left, waived, judged = _waive(spoken.findings, policy)
    told, ignored, used = settle(left, ignores, policy)
    ignored += waived
    ran = set(spoken.ran)
    unused, expired = leftover(ignores, used, policy, ran, _files(repo))
    outcome = Outcome(tuple(spoken.crashes), unused, expired, judged)
    for rule in _run_rules(rules, outcome):
        more, left_out, _ = settle(rule.review(outcome), ignores, policy)
        told += more
        ignored += left_out
        ran.add(rule.id)
    return TargetReport(
        target=target,
        repository=repo.id,
        revision=repo.source.identity.commit,
        findings=tuple(sorted((stamp(repo, f) for f in told), key=_order)),
        not_checked=(*spoken.missing.values(), *spoken.stops(), *_left_out(repo)),
        ignored=tuple(sorted(ignored, key=lambda i: _order(i.finding))),
        rules_run=tuple(sorted(ran)),
    )


def _waive(
    findings: list[Finding], policy: Policy
) -> tuple[list[Finding], list[Ignored], tuple[Judged, ...]]:
    """Take out what a waiver settles; unused ones are told only where one repository is meant."""
    if not policy.waivers:
        return findings, [], ()
    from cardlint.licensing.waivers import State
    from cardlint.licensing.waivers import settle as waive

    left, waived, judged = waive(findings, policy.waivers, policy.folder, policy.today)
    told = (j for j in judged if j.state is not State.UNUSED or not policy.prefix)
    return left, waived, tuple(told)


def _left_out(repo: Repository) -> Iterator[NotChecked]:
    """Files that are there but were not taken in, by reason: no rule has seen them."""
    by_reason: dict[str, list[str]] = {}
    for path, why in repo.source.skipped.items():
        by_reason.setdefault(why, []).append(path)
    for why, paths in by_reason.items():
        rest = f" and {len(paths) - 3:,} more" if len(paths) > 3 else ""
        yield NotChecked(", ".join(paths[:3]) + rest, why)


@dataclass
class _Spoken:
    """What the rules said."""

    findings: list[Finding] = field(default_factory=list)
    missing: dict[tuple[str, str], NotChecked] = field(default_factory=dict)
    stopped: dict[tuple[str, str | None], list[str]] = field(default_factory=dict)
    """Why rules stopped midway → which."""
    ran: list[str] = field(default_factory=list)
    crashes: list[Crash] = field(default_factory=list)

    def stops(self) -> Iterator[NotChecked]:
        """One gap for each reason: named after the rule, or after the family that it stopped."""
        for (why, remedy), rules in self.stopped.items():
            families = {rule.partition("/")[0] for rule in rules}
            what = rules[0] if len(rules) == 1 else " and ".join(sorted(families))
            yield NotChecked(what, why, remedy, tuple(rules))

    def note(self, gap: NotChecked, rule: str) -> None:
        """Remember a gap once for all the rules that it stops."""
        key = (gap.what, gap.why)
        known = self.missing.get(key)
        together = tuple(sorted({*gap.rules, rule, *(known.rules if known else ())}))
        self.missing[key] = NotChecked(gap.what, gap.why, gap.remedy, together)


def _ask(repo: Repository, rules: Sequence[Rule]) -> _Spoken:
    spoken = _Spoken()
    known: dict[Fact, NotChecked | None] = {}
    for rule in rules:
        gap = None
        for fact in _in_order(rule.needs):
            if fact not in known:
                known[fact] = _missing(repo, fact)
            gap = known[fact]
            if gap:
                break
        if gap:
            spoken.note(gap, rule.id)
            continue
        try:
            for said in rule.check(repo):
                if isinstance(said, NotChecked):
                    spoken.note(said, rule.id)
                else:
                    spoken.findings.append(said)
            spoken.ran.append(rule.id)
        except Unavailable as reason:
            spoken.stopped.setdefault((reason.message, reason.remedy), []).append(rule.id)
        except Exception as error:  # one bad rule must not hide what the others say
            log.debug("rule %s crashed", rule.id, exc_info=True)
            frame = traceback.extract_tb(error.__traceback__)[-1]
            at = f"{Path(frame.filename).name}:{frame.lineno}"
            spoken.crashes.append(Crash(rule.id, type(error).__name__, str(error), at))
    return spoken


def _run_rules(rules: Sequence[Rule], outcome: Outcome) -> list[RunRule]:
    """Those asked for; a crash is told even by a run of one rule."""
    chosen = [r for r in rules if isinstance(r, RunRule)]
    if outcome.crashes and all(r.id != CRASHED for r in chosen):
        crashed = registry()[CRASHED]()
        assert isinstance(crashed, RunRule)  # noqa: S101  # it is ours
        chosen.append(crashed)
    return chosen


def _files(repo: Repository) -> Sequence[str]:
    try:
        return list(repo.files)
    except Unavailable:
        return []


@cache
def _in_order(needs: frozenset[Fact]) -> tuple[Fact, ...]:
    """The cheap facts first."""
    return tuple(fact for fact in Fact if fact in needs)


def _missing(repo: Repository, fact: Fact) -> NotChecked | None:
    """Why a fact cannot be had, if it cannot."""
    try:
        getattr(repo, fact.value)
    except Unavailable as reason:
        return NotChecked(fact.value, reason.message, reason.remedy)
    except Exception as error:  # hostile input found a hole: say so, go on
        log.debug("fact %s crashed", fact.value, exc_info=True)
        why = f"cardlint failed to read it: {type(error).__name__}: {error}"
        return NotChecked(fact.value, why, "Please report this as a bug.")
    return None


def _order(finding: Finding) -> tuple[str, int, int, int, str, str]:
    at = finding.location
    return (at.path, at.line, at.column, finding.severity.rank, finding.rule, finding.message)
