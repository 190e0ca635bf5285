"""What the user asked not to be told about: directives in the card, ignores in the settings.

An ignored finding is never dropped: it is counted in every summary. There is no blanket ignore:
each names the rules it is about.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import cache
from typing import TYPE_CHECKING

from cardlint.errors import Unavailable
from cardlint.findings import (
    Confidence,
    Finding,
    Ignored,
    IgnoredBy,
    Location,
    Severity,
)

if TYPE_CHECKING:
    from pathlib import Path

    from cardlint.licensing.waivers import Judged, Waiver
    from cardlint.repository import Repository


def today() -> date:
    """The date in UTC: a laptop and a server agree on when an ignore ends."""
    return datetime.now(tz=UTC).date()


@dataclass(frozen=True, slots=True)
class Ignore:
    """One request not to be told about findings of a rule."""

    rule: str
    """The rule's id as it is written; where ``standing``, also a family."""
    by: IgnoredBy
    at: Location
    """Where it is written."""
    reason: str | None = None
    path: str | None = None
    """A glob that the finding's file must match, from the settings file's folder."""
    contains: str | None = None
    """Words that the finding's message must contain."""
    expires: date | None = None
    """The last day on which it counts."""
    standing: bool = False
    """A policy for a part of the tree: it need not match anything."""
    span: tuple[int, int] | None = None
    """Offsets of the directive in the card, where removing it removes this ignore and no other."""

    def __str__(self) -> str:
        return f"{self.at.path}:{self.at.line}"


@dataclass(frozen=True, slots=True)
class Crash:
    """A rule that ended by an exception."""

    rule: str
    error: str
    """The exception's type."""
    message: str
    at: str
    """``file.py:line`` of the innermost frame."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What there is to say about a run itself."""

    crashes: tuple[Crash, ...] = ()
    unused: tuple[Ignore, ...] = ()
    """Ignores whose rules all ran and that matched nothing."""
    expired: tuple[Ignore, ...] = ()
    waivers: tuple[Judged, ...] = ()
    """Every waiver and what became of it."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What the settings say about findings once they are made."""

    severities: Mapping[str, Severity] = field(default_factory=dict)
    ignores: tuple[Ignore, ...] = ()
    directives: bool = True
    """Whether the card's own directives count (not with ``--no-ignores``)."""
    min_confidence: Confidence = Confidence.LOW
    prefix: str = ""
    """Where the repository is, seen from the settings file: ``""`` or ``models/one/``."""
    waivers: tuple[Waiver, ...] = ()
    folder: Path | None = None
    """Of the settings file: where the documents of waivers are."""
    per_path: tuple[tuple[str, Mapping[str, Severity]], ...] = ()
    """Glob → severities for the files it matches."""
    today: date = field(default_factory=today)

    def severity(self, finding: Finding) -> Finding:
        """The finding with the severity that the settings give its rule.

        What is less than highly confident stays below error whatever the settings say.
        """
        wanted = self.severities.get(finding.rule)
        for glob, severities in self.per_path:
            if matches(glob, self.prefix + finding.location.path):
                wanted = severities.get(finding.rule, wanted)
        if wanted is None or wanted is finding.severity:
            return finding
        if wanted is Severity.ERROR and finding.confidence.rank > Confidence.HIGH.rank:
            wanted = Severity.WARNING
        return replace(finding, severity=wanted)


@cache
def _pattern(glob: str) -> re.Pattern[str]:
    """``**`` crosses folders, ``*`` and ``?`` do not; a folder's name stands for all below it."""
    out, i = "", 0
    while i < len(glob):
        if glob.startswith("**/", i):
            out, i = out + "(?:[^/]+/)*", i + 3
        elif glob.startswith("**", i):
            out, i = out + ".*", i + 2
        elif glob[i] == "*":
            out, i = out + "[^/]*", i + 1
        elif glob[i] == "?":
            out, i = out + "[^/]", i + 1
        else:
            out, i = out + re.escape(glob[i]), i + 1
    return re.compile(out.rstrip("/") + "(?:/.*)?", re.DOTALL)


def matches(glob: str, path: str) -> bool:
    """Whether a file path with ``/`` matches a glob."""
    return _pattern(glob).fullmatch(path) is not None


MAX_DIRECTIVES = 200
"""Rules that a card may ignore; those beyond are told as if they were not ignored."""


def directives(repo: Repository) -> list[Ignore]:
    """The card's own ``<!-- cardlint: ignore[rule, rule] reason -->``, one for each rule named.

    None where the card cannot be read: what is wrong with it is told by rules, not here.
    """
    try:
        card = repo.card
        if "cardlint:" not in card.text:
            return []
        comments = [d for d in card.markdown.directives if d.verb == "ignore"]
    except Unavailable:
        return []
    found = []
    for comment in comments:
        start = card.text.index("[", comment.start) + 1 if comment.selectors else comment.start
        for id_ in comment.selectors:
            start = card.text.index(id_, start)
            found.append(
                Ignore(
                    rule=id_,
                    by=IgnoredBy.CARD,
                    at=card.location(start, start + len(id_)),
                    reason=comment.reason,
                    span=(comment.start, comment.end) if len(comment.selectors) == 1 else None,
                )
            )
            start += len(id_)
            if len(found) == MAX_DIRECTIVES:
                return found
    return found


def settle(
    findings: Iterable[Finding], ignores: Sequence[Ignore], policy: Policy
) -> tuple[list[Finding], list[Ignored], set[int]]:
    """Part the findings into those to tell and those ignored.

    Args:
        findings: of one repository.
        ignores: in order; the first that fits is the one named.
        policy: severities, the least confidence, the day.

    Returns:
        Findings to tell, findings ignored, and the positions in ``ignores`` of those that fitted.
    """
    from cardlint.rule import canonical

    named = [canonical(i.rule) for i in ignores]
    live = [n for n, i in enumerate(ignores) if not (i.expires and policy.today > i.expires)]
    told: list[Finding] = []
    kept_out: list[Ignored] = []
    used: set[int] = set()
    for raw in findings:
        finding = policy.severity(raw)
        number = next((n for n in live if _fits(ignores[n], named[n], finding, policy)), None)
        if number is not None:
            used.add(number)
            ignore = ignores[number]
            kept_out.append(Ignored(finding, ignore.by, ignore.reason, str(ignore)))
        elif finding.confidence.rank > policy.min_confidence.rank:
            kept_out.append(Ignored(finding, IgnoredBy.CONFIDENCE))
        else:
            told.append(finding)
    return told, kept_out, used


def _fits(ignore: Ignore, rule: str, finding: Finding, policy: Policy) -> bool:
    return (
        (finding.rule == rule or (ignore.standing and finding.rule.partition("/")[0] == rule))
        and (ignore.path is None or matches(ignore.path, policy.prefix + finding.location.path))
        and (ignore.contains is None or ignore.contains in finding.message)
    )


def leftover(
    ignores: Sequence[Ignore], used: set[int], policy: Policy, ran: set[str], files: Iterable[str]
) -> tuple[tuple[Ignore, ...], tuple[Ignore, ...]]:
    """The ignores that matched nothing though they could have, and those whose day has passed.

    An ignore in the settings is only judged where this repository is all it speaks about: the
    settings file stands in it, or its ``path`` names one file of it.

    Args:
        ignores: all of this run over one repository.
        used: as :func:`settle` gives it.
        policy: the day, and where the repository is.
        ran: the rules that ran to their end.
        files: the repository's files.
    """
    from cardlint.rule import canonical

    here = {policy.prefix + f for f in files}
    unused, expired = [], []
    for number, ignore in enumerate(ignores):
        if ignore.by is not IgnoredBy.CARD and policy.prefix and ignore.path not in here:
            continue
        if ignore.expires and policy.today > ignore.expires:
            expired.append(ignore)
        elif number not in used and not ignore.standing and canonical(ignore.rule) in ran:
            unused.append(ignore)
    return tuple(unused), tuple(expired)
