"""A report in which every text that a card can reach tries to do harm."""

from __future__ import annotations

from cardlint.findings import (
    Confidence,
    Edit,
    Finding,
    Fix,
    Ignored,
    IgnoredBy,
    Location,
    NotChecked,
    Report,
    RuleInfo,
    Severity,
    TargetReport,
)

EVIL = (
    "\x1b[31mred\x1b]8;;https://evil.example\x07link\x9b2J \u202etxt\u2066 %0A::error::forged\r\n"
    "::warning::forged | <script>alert(1)</script> ![x](https://evil.example/p.png) @everyone #1 "
    '=HYPERLINK("x") `code` </failure>&]]> \ud800 \x00 \ufffe www.evil.example'
)
PATH = "weights/\x1b[1mmodel|a`b.safetensors"


def finding(severity: Severity = Severity.WARNING, line: int = 3) -> Finding:
    """One finding full of what a hostile card could hold."""
    return Finding(
        rule="metadata/license-unknown",
        severity=severity,
        confidence=Confidence.CERTAIN,
        message=f"={EVIL}",
        location=Location(PATH, line, 2, line, 9),
        next_step=EVIL,
        evidence={"value": EVIL, EVIL: 1},
        related=(Location(PATH, 1, 1),),
        fix=Fix(EVIL, (Edit(PATH, 0, 1, EVIL),), safe=True),
        fingerprint="0123456789abcdef0123456789abcdef",
    )


def report() -> Report:
    """Two targets: one with findings, one that could not be read."""
    told = TargetReport(
        target=f"org/name{EVIL}",
        repository="org/name",
        revision="0" * 40,
        findings=(finding(Severity.ERROR), finding(), finding(Severity.INFO, 5)),
        not_checked=(NotChecked("weights", EVIL, EVIL, ("weights/merge-undeclared",)),),
        ignored=(Ignored(finding(), IgnoredBy.CARD, EVIL, "README.md:3"),),
        rules_run=("metadata/license-unknown", "metadata/yaml-syntax"),
    )
    unread = TargetReport("x", None, None, (), (NotChecked("repository", EVIL),), checked=False)
    info = RuleInfo(
        id="metadata/license-unknown",
        summary="summary",
        manual="summary\n\n## What it checks\nthe license",
        severity=Severity.ERROR,
        confidence=Confidence.CERTAIN,
        since="0.1.0",
        status="stable",
    )
    return Report((told, unread), {info.id: info}, stale=(EVIL,))
