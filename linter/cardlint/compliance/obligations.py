"""The obligations grid: what each upstream license asks for, and whether a rule found it missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cardlint.compliance.figures import Figure, grid
from cardlint.compliance.i18n import Translate
from cardlint.compliance.judge import Status, by_severity
from cardlint.errors import Unavailable
from cardlint.findings import TargetReport

if TYPE_CHECKING:
    from cardlint.licensing.upstream_terms import Terms
    from cardlint.repository import Repository
    from cardlint_licenses.model import Condition

RULES: Mapping[str, tuple[str, ...]] = {
    "copy": ("license/text-missing", "license/upstream-terms-dropped"),
    "attribution": ("license/attribution-dropped", "license/upstream-terms-dropped"),
    "notice-file": ("license/notice-dropped", "license/notice-altered"),
    "state-changes": ("license/change-notice-missing", "license/upstream-terms-dropped"),
    "sentence": ("license/sentence-missing",),
    "phrase": ("license/phrase-missing",),
    "name-prefix": ("license/name-prefix-missing",),
    "use-restrictions": ("license/use-restrictions-dropped",),
    "acceptable-use": ("license/use-restrictions-dropped",),
    "noncommercial": ("license/noncommercial-dropped",),
    "share-alike": ("license/share-alike-dropped", "license/incompatible-with-upstream"),
    "no-derivatives": ("license/no-derivatives",),
    "output-terms": ("license/output-terms",),
}
"""Topic of a condition → the rules that look for it; a topic without one is for a person."""


def rows(repo: Repository, report: TargetReport) -> list[dict[str, Any]]:
    """One row for each condition of each upstream license that applies to this kind of reuse."""
    return [
        {
            "upstream": terms.parent,
            "license": license_.id,
            "condition": condition.summary,
            "clause": condition.section,
            "source": license_.source,
            "verified": f"{license_.verified} ({condition.confidence})",
            "status": _status(terms, condition, report).value,
        }
        for terms in _terms(repo)
        for license_ in terms.licenses
        for condition in license_.conditions
        if terms.reuse in condition.applies
    ]


def _terms(repo: Repository) -> tuple[Terms, ...]:
    from cardlint.licensing.upstream_terms import review

    try:
        return review(repo).terms
    except Unavailable:
        return ()


def _status(terms: Terms, condition: Condition, report: TargetReport) -> Status:
    rules = RULES.get(condition.topic.value, ())
    if not rules:
        return Status.PERSON
    if condition.when == "upstream-has-notice" and not _has_notice(terms):
        return Status.NOT_APPLICABLE
    about = [f for f in report.findings if f.rule in rules and terms.parent in f.message]
    if about:
        return by_severity(about)
    return Status.PASS if set(rules) & set(report.rules_run) else Status.UNDETERMINED


def _has_notice(terms: Terms) -> bool:
    from cardlint.licensing.kept import notices

    try:
        return bool(notices(terms.repo.licenses))
    except Unavailable:
        return True  # not known: the condition stays on the list


def figure(table: Sequence[Mapping[str, Any]], t: Translate) -> list[Figure]:
    """The grid of what :func:`rows` found, where an upstream license is known."""
    lines = [
        (f"{row['upstream']}, {row['license']} {row['clause']}", row["status"], t(row["status"]))
        for row in table
    ]
    return [grid("fig-obligations", t("License obligations"), lines[:24])] if lines else []


def proposed_notice(repo: Repository) -> str | None:
    """The NOTICE that ``cardlint notice`` would write; ``None`` where nothing is to be noticed."""
    from cardlint.licensing.notice import NOTICE, compose

    try:
        return compose(repo).files.get(NOTICE)
    except Unavailable:
        return None
