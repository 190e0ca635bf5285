"""The claims ledger: what the repository says, since when, and what speaks for and against it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from cardlint.compliance import lineage_table
from cardlint.compliance.i18n import Translate
from cardlint.compliance.judge import matches
from cardlint.errors import Unavailable
from cardlint.findings import Confidence, Finding, Severity, TargetReport
from cardlint.lineage.declared import Origin

if TYPE_CHECKING:
    from cardlint.card.front_matter import FrontMatter
    from cardlint.history.timeline import State
    from cardlint.repository import Repository


AGAINST = frozenset(
    {
        "license/text-altered",
        "license/text-mismatch",
        "license/incompatible-with-upstream",
        "weights/base-undeclared",
        "weights/declared-base-unrelated",
    }
)
"""Rules whose findings speak against a claim itself. A profile may raise others to errors, such as a
license text that is missing; that contradicts nothing."""


class Standing(StrEnum):
    """How a claim stands after the scan."""

    SUPPORTED = "supported"
    CONTRADICTED = "contradicted"
    DOUBTED = "doubted"
    OPEN = "not checked"
    NEUTRAL = "nothing speaks against it"


@dataclass(frozen=True, slots=True)
class Claim:
    """One line of the ledger."""

    text: str
    where: str
    since: str | None
    """Date and commit of the first state that says so, where history is known."""
    evidence: tuple[str, ...]
    counter: tuple[Finding, ...]
    standing: Standing


def claims(repo: Repository, report: TargetReport, t: Translate) -> list[Claim]:
    """The claims of a repository, in the order of the card."""
    rows: list[Claim] = []
    matter = _front_matter(repo)
    gaps = {r for g in report.not_checked for r in g.rules}

    def add(
        text: str,
        where: str,
        *,
        rules: tuple[str, ...],
        first: Callable[[State], bool] | None = None,
        evidence: tuple[str, ...] = (),
        about: str | None = None,
    ) -> None:
        counter = tuple(
            f
            for f in report.findings
            if matches(f.rule, rules) and (about is None or about in f.message)
        )
        since = _since(repo, first) if first else None
        rows.append(
            Claim(text, where, since, evidence, counter, _standing(counter, evidence, rules, gaps))
        )

    license_ = matter.get("license") if matter else None
    if license_ is not None:
        value = license_.text or ", ".join(v.text for v in license_.strings())
        add(
            t("License: {license}", license=value),
            f"README.md:{license_.span.line}",
            rules=("license", "metadata/license-unknown"),
            first=lambda state: state.fields.get("license") == license_.data,
        )
    weights = lineage_table.measured(repo)
    for declaration in repo.lineage.declarations:
        if declaration.origin is not Origin.FRONT_MATTER:
            continue
        parent = declaration.parent
        measured = weights.get(parent)
        add(
            t("Base model: {parent}", parent=parent),
            f"README.md:{declaration.location.line}",
            rules=(
                "weights/declared-base-unrelated",
                "provenance/base",
                "metadata/base-model-invalid",
            ),
            first=lambda state, parent=parent: parent in state.bases,  # type: ignore[misc]  # bound now
            evidence=(measured,) if measured else (),
            about=parent,
        )
    if repo.lineage.parents:
        add(
            t("These are all the base models"),
            "README.md",
            rules=(
                "weights/base-undeclared",
                "weights/merge-undeclared",
                "provenance/prose-base-undeclared",
                "provenance/config-base-undeclared",
            ),
        )
    for finding in report.findings:
        if matches(finding.rule, ("claims", "identity")):
            at = finding.location
            rows.append(
                Claim(
                    t("A statement of the card"),
                    f"{at.path}:{at.line}",
                    None,
                    (),
                    (finding,),
                    Standing.DOUBTED,
                )
            )
    return rows


def _front_matter(repo: Repository) -> FrontMatter | None:
    try:
        return repo.card.front_matter
    except Unavailable:
        return None


def _since(repo: Repository, first: Callable[[State], bool]) -> str | None:
    try:
        states = repo.history.states
    except Unavailable:
        return None
    state = next((s for s in states if first(s)), None)
    return f"{state.commit.date:%Y-%m-%d %H:%M} UTC, {state.commit.id[:12]}" if state else None


def _standing(
    counter: tuple[Finding, ...], evidence: tuple[str, ...], rules: tuple[str, ...], gaps: set[str]
) -> Standing:
    told = [f for f in counter if f.severity is not Severity.INFO]
    if any(f.rule in AGAINST and f.confidence.rank <= Confidence.HIGH.rank for f in told):
        return Standing.CONTRADICTED
    if told:
        return Standing.DOUBTED
    if evidence:
        return Standing.SUPPORTED
    return Standing.OPEN if any(matches(g, rules) for g in gaps) else Standing.NEUTRAL
