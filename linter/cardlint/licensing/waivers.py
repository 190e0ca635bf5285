"""Waivers: a right that settles a license finding, with its proof and its end.

In ``cardlint.toml``::

    [[waivers]]
    rule = "license/noncommercial-dropped"
    subject = "org/base"                    # the upstream repository, or the file of the finding
    reason = "licensed"                     # one of Reason
    statement = "Commercial license no. 12 of 2026-03-01 from Org to us"
    expires = 2027-03-01
    file = "legal/org-license.pdf"          # from the settings file's folder
    sha256 = "…64 hex digits…"

How settings and engine use it: :func:`parse` for each table when a policy is made;
:func:`settle` on the findings of one repository before ignores are looked at. A waiver whose day
has passed, whose file changed or is gone, or that fits nothing, does not count and is told by the
rules ``license/waiver-expired``, ``license/waiver-changed`` and ``license/waiver-unused``.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any

from cardlint.errors import UsageError
from cardlint.findings import Finding, Ignored, IgnoredBy, Location

_SHA256 = re.compile(r"[0-9a-f]{64}")


class Reason(StrEnum):
    """Why a finding does not stand in the way; nothing else is a reason."""

    LICENSED = "licensed"
    """The holder of the rights gave a license of its own."""
    OWN_WORK = "own-work"
    """The upstream is the publisher's own, who may license it again."""
    UPSTREAM_CHANGED = "upstream-changed"
    """The upstream is under other terms than its card says, and has said so."""
    NOT_DERIVED = "not-derived"
    """The edge is not a derivation in the sense of the license."""
    COUNSEL = "counsel"
    """A lawyer decided; the statement says who and when."""


class State(StrEnum):
    """What became of a waiver in one run."""

    USED = "used"
    UNUSED = "unused"
    EXPIRED = "expired"
    CHANGED = "changed"
    """Its file is not the one it was granted for."""


@dataclass(frozen=True, slots=True)
class Waiver:
    """One right that the settings state."""

    rule: str
    subject: str
    reason: Reason
    statement: str
    expires: date | None
    """The last day on which it counts."""
    file: str | None
    """The document that proves it, from the settings file's folder."""
    sha256: str | None
    at: Location
    """Where it is written."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A waiver and what became of it."""

    waiver: Waiver
    state: State
    why: str


def parse(table: Mapping[str, Any], at: Location) -> Waiver:
    """Read one ``[[waivers]]`` table.

    Raises:
        UsageError: a key is missing or wrong, with the remedy.
    """
    for key in ("rule", "subject", "reason", "statement"):
        if not isinstance(table.get(key), str) or not table[key].strip():
            raise UsageError(f"{at.path}: a waiver has no {key}", remedy=f"Write {key} = “…”.")
    try:
        reason = Reason(table["reason"])
    except ValueError:
        raise UsageError(
            f"{at.path}: {table['reason']} is no reason for a waiver",
            remedy=f"Choose one of {', '.join(Reason)}, and say more in statement.",
        ) from None
    file, sha256 = table.get("file"), table.get("sha256")
    if (file is None) != (sha256 is None) or (
        sha256 is not None and not _SHA256.fullmatch(str(sha256).lower())
    ):
        raise UsageError(
            f"{at.path}: the waiver for {table['subject']} needs file and sha256 together",
            remedy="Write the document's path and the 64 hex digits that sha256sum prints.",
        )
    return Waiver(
        rule=table["rule"],
        subject=table["subject"],
        reason=reason,
        statement=table["statement"],
        expires=table.get("expires"),
        file=file,
        sha256=str(sha256).lower() if sha256 else None,
        at=at,
    )


def settle(
    findings: Iterable[Finding], waivers: Sequence[Waiver], folder: Path | None, today: date
) -> tuple[list[Finding], list[Ignored], tuple[Judged, ...]]:
    """Part findings into those to tell and those that a waiver settles.

    Args:
        findings: of one repository.
        waivers: in order; the first that fits is the one named.
        folder: of the settings file; ``None`` where there is none.
        today: UTC.

    Returns:
        Findings to tell, findings waived, and what became of each waiver.
    """
    from cardlint.rule import canonical

    states = [_state(w, folder, today) for w in waivers]
    told: list[Finding] = []
    waived: list[Ignored] = []
    used: set[int] = set()
    for finding in findings:
        number = next(
            (
                n
                for n, w in enumerate(waivers)
                if states[n] is None and canonical(w.rule) == finding.rule and _about(w, finding)
            ),
            None,
        )
        if number is None:
            told.append(finding)
            continue
        used.add(number)
        waiver = waivers[number]
        why = f"{waiver.reason}: {waiver.statement}"
        where = f"{waiver.at.path}:{waiver.at.line}"
        waived.append(Ignored(finding, IgnoredBy.WAIVER, why, where))
    judged = []
    for number, waiver in enumerate(waivers):
        state = states[number]
        if state is None and number in used:
            state = Judged(waiver, State.USED, "")
        elif state is None:
            state = Judged(waiver, State.UNUSED, f"no finding of {waiver.rule} is about it")
        judged.append(state)
    return told, waived, tuple(judged)


def _state(waiver: Waiver, folder: Path | None, today: date) -> Judged | None:
    """Why a waiver does not count; ``None`` when it does."""
    if waiver.expires and today > waiver.expires:
        return Judged(waiver, State.EXPIRED, f"its last day was {waiver.expires}")
    if waiver.file is None:
        return None
    actual = sha256_of(folder, waiver.file) if folder else None
    if actual is None:
        return Judged(waiver, State.CHANGED, f"{waiver.file} cannot be read")
    if actual != waiver.sha256:
        return Judged(waiver, State.CHANGED, f"{waiver.file} now has the SHA-256 {actual}")
    return None


def sha256_of(folder: Path, file: str) -> str | None:
    """The SHA-256 of a file below a folder, 64 hex digits; ``None`` where it cannot be read."""
    path = (folder / file).resolve()
    if not path.is_relative_to(folder.resolve()):
        return None
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        return None


def _about(waiver: Waiver, finding: Finding) -> bool:
    """Whether every upstream that the finding is about, or its file, is the waiver's subject."""
    upstream = finding.evidence.get("upstream")
    ids = upstream if isinstance(upstream, list) else [upstream]
    return ids == [waiver.subject] or finding.location.path == waiver.subject
