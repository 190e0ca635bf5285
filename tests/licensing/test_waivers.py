"""Waivers: what they need, what they settle, when they do not count."""

from __future__ import annotations

import hashlib
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from cardlint.errors import UsageError
from cardlint.findings import Confidence, Finding, IgnoredBy, Location, Severity
from cardlint.licensing.waivers import Reason, State, parse, settle

AT = Location("cardlint.toml", 3)
TODAY = date(2026, 11, 22)
TABLE = {
    "rule": "license/noncommercial-dropped",
    "subject": "org/base",
    "reason": "licensed",
    "statement": "Commercial license no. 12",
}


def _finding(*upstream: str, rule: str = "license/noncommercial-dropped") -> Finding:
    return Finding(
        rule,
        Severity.ERROR,
        Confidence.HIGH,
        "a conflict",
        Location(),
        "mend it",
        evidence={"upstream": list(upstream)},
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rule": None}, "has no rule"),
        ({"subject": " "}, "has no subject"),
        ({"statement": None}, "has no statement"),
        ({"reason": "because"}, "because is no reason"),
        ({"file": "a.pdf"}, "file and sha256 together"),
        ({"sha256": "00"}, "file and sha256 together"),
        ({"file": "a.pdf", "sha256": "zz"}, "file and sha256 together"),
    ],
)
def test_a_waiver_that_lacks_something(change: dict[str, Any], message: str) -> None:
    """It is refused with what to write."""
    with pytest.raises(UsageError, match=message) as refused:
        parse({k: v for k, v in {**TABLE, **change}.items() if v is not None}, AT)
    assert refused.value.remedy


def test_it_settles_what_it_is_about() -> None:
    """The finding is counted as waived, with reason, statement and place; others are told."""
    other, several = _finding("org/other"), _finding("org/base", "org/other")
    elsewhere = _finding("org/base", rule="license/no-derivatives")
    findings = [_finding("org/base"), other, several, elsewhere]
    told, waived, judged = settle(findings, [parse(TABLE, AT)], None, TODAY)
    assert told == [other, several, elsewhere]
    assert [(w.by, w.reason, w.where) for w in waived] == [
        (IgnoredBy.WAIVER, "licensed: Commercial license no. 12", "cardlint.toml:3")
    ]
    assert [j.state for j in judged] == [State.USED]


def test_it_ends(tmp_path: Path) -> None:
    """On its last day it counts, on the next it does not."""
    waiver = parse({**TABLE, "expires": TODAY}, AT)
    assert settle([_finding("org/base")], [waiver], tmp_path, TODAY)[0] == []
    told, _, judged = settle([_finding("org/base")], [waiver], tmp_path, date(2026, 11, 23))
    assert len(told) == 1
    assert [j.state for j in judged] == [State.EXPIRED]


@pytest.mark.parametrize(
    ("content", "file", "state"),
    [
        (b"the right", "legal/right.txt", State.USED),
        (b"another right", "legal/right.txt", State.CHANGED),
        (b"the right", "legal/gone.txt", State.CHANGED),
        (b"the right", "../right.txt", State.CHANGED),
    ],
)
def test_it_is_bound_to_its_document(
    tmp_path: Path, content: bytes, file: str, state: State
) -> None:
    """The document must be there, inside the folder, byte for byte."""
    folder = tmp_path / "repo"
    (folder / "legal").mkdir(parents=True)
    (folder / "legal" / "right.txt").write_bytes(content)
    (tmp_path / "right.txt").write_bytes(content)
    digest = hashlib.sha256(b"the right").hexdigest()
    waiver = parse({**TABLE, "file": file, "sha256": digest.upper()}, AT)
    told, waived, judged = settle([_finding("org/base")], [waiver], folder, TODAY)
    assert [j.state for j in judged] == [state]
    assert (len(told), len(waived)) == ((0, 1) if state is State.USED else (1, 0))


def test_reasons_are_a_fixed_list() -> None:
    """The words of the settings' documentation."""
    assert [*Reason] == ["licensed", "own-work", "upstream-changed", "not-derived", "counsel"]
