"""The report as plain data: one dictionary that every format renders and that is itself the JSON.

Shape: ``schemas/compliance.json``. Texts are already in the reader's language, except what the
repository itself says and what findings quote of it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from cardlint.compliance import figures, lineage_table, obligations
from cardlint.compliance.framework import Framework, items
from cardlint.compliance.i18n import Translate
from cardlint.compliance.judge import Judgement, Status, axes, judge
from cardlint.compliance.ledger import claims
from cardlint.errors import Unavailable
from cardlint.findings import Severity, TargetReport

if TYPE_CHECKING:
    from cardlint.history.changes import Change
    from cardlint.repository import Repository

SCHEMA = "cardlint/compliance/1"


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked for."""

    language: str
    frameworks: Sequence[Framework]
    profile: str
    reply: str | None = None
    """The publisher's reply, printed as it is."""
    command: Sequence[str] = ()
    """The command line that repeats this report."""
    waivers: Sequence[Mapping[str, Any]] = field(default=())


def now() -> datetime:
    """The time of the report; ``SOURCE_DATE_EPOCH`` fixes it (reproducible-builds.org)."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    return datetime.fromtimestamp(int(epoch), UTC) if epoch else datetime.now(UTC)


def build(repo: Repository, report: TargetReport, request: Request, t: Translate) -> dict[str, Any]:
    """Everything that the report says, as JSON data."""
    judged = {i.id: judge(i, repo, report) for i in items().values()}
    verdicts = axes(report)
    history = _history(repo, report)
    arrows = lineage_table.arrows(repo)
    owed = obligations.rows(repo, report)
    drawn = [
        figures.lineage(
            "fig-lineage",
            t("Lineage: declared and measured"),
            arrows,
            (t("declared"), t("measured"), t("declared and measured")),
        ),
        *lineage_table.share_figure(lineage_table.strongest(repo), t),
        figures.timeline(
            "fig-history", t("History of card and files"), [(e["date"], e["what"]) for e in history]
        ),
        figures.grid(
            "fig-axes",
            t("Verdict by axis"),
            [(t(a.title), a.status.value, t(a.status.value)) for a in verdicts],
        ),
        *_items_figures(list(judged.values()), t),
        *obligations.figure(owed, t),
    ]
    return {
        "schema": SCHEMA,
        "language": request.language,
        "cover": _cover(repo, report, request),
        "plain": _plain(report, verdicts, t),
        "axes": [
            {
                "id": a.id,
                "title": t(a.title),
                "status": a.status.value,
                "findings": a.findings,
                "not_checked": [g.why for g in a.gaps],
            }
            for a in verdicts
        ],
        "claims": [
            {
                "claim": c.text,
                "where": c.where,
                "since": c.since,
                "evidence": list(c.evidence),
                "counter_evidence": [f"{f.rule}: {f.message}" for f in c.counter],
                "status": c.standing.value,
            }
            for c in claims(repo, report, t)
        ],
        "lineage": lineage_table.rows(repo, t),
        "obligations": owed,
        "proposed_notice": obligations.proposed_notice(repo),
        "history": history,
        "frameworks": [_framework(f, judged, t) for f in request.frameworks],
        "findings": [_finding(f) for f in report.findings],
        "not_checked": [asdict(n) for n in report.not_checked],
        "ignored": [
            {**_finding(i.finding), "by": i.by, "reason": i.reason} for i in report.ignored
        ],
        "waivers": [dict(w) for w in request.waivers],
        "reply": request.reply,
        "method": _method(t),
        "repeat": list(request.command),
        "evidence": _manifest(repo),
        "figures": [asdict(f) for f in drawn],
    }


ROWS = 23
"""Rows of a grid that fit on a printed page with its caption."""


def _items_figures(judged: Sequence[Judgement], t: Translate) -> list[figures.Figure]:
    """The grid of items, in as many pictures as pages need."""
    rows = [(t(j.item.title), j.status.value, t(j.status.value)) for j in judged]
    parts = [rows[n : n + ROWS] for n in range(0, len(rows), ROWS)]
    return [
        figures.grid(
            f"fig-items-{number}",
            t(
                "Items asked for by the frameworks ({part} of {parts})",
                part=number,
                parts=len(parts),
            ),
            part,
        )
        for number, part in enumerate(parts, 1)
    ]


def _cover(repo: Repository, report: TargetReport, request: Request) -> dict[str, Any]:
    from cardlint.rule import registry

    who = repo.source.identity
    return {
        "repository": repo.id or report.target,
        "revision": who.revision,
        "commit": who.commit,
        "date": now().isoformat(timespec="seconds"),
        "cardlint": version("cardlint"),
        "rules": len(registry()),
        "rules_run": len(report.rules_run),
        "vocabulary": _vocabulary_date(),
        "profile": request.profile,
        "law_as_of": {f.id: f.as_of for f in request.frameworks},
    }


def _vocabulary_date() -> str | None:
    from cardlint.card import vocabulary

    return str(vocabulary.date())


def _plain(report: TargetReport, verdicts: Sequence[Any], t: Translate) -> list[str]:
    """One page without terms of the trade."""
    words = {s: [t(a.title) for a in verdicts if a.status is s] for s in Status}
    errors = [f for f in report.findings if f.severity is Severity.ERROR]
    text = [
        t(
            "This report compares what the page of an artificial intelligence model says with what its"
            " files show. It was made by a program that anyone can run again, and it judges nobody."
        )
    ]
    if errors:
        text.append(
            t(
                "{count} points disagree and should be corrected before anyone relies on the page.",
                count=len(errors),
            )
        )
    else:
        text.append(t("Nothing that was checked plainly contradicts the page."))
    for status, message in (
        (Status.FAIL, "Not in order: {topics}."),
        (Status.WARNING, "To be looked at: {topics}."),
        (Status.PASS, "In order: {topics}."),
        (Status.UNDETERMINED, "Could not be checked in full: {topics}."),
    ):
        if words[status]:
            text.append(t(message, topics=", ".join(words[status])))
    text.append(
        t(
            "Whether a law was kept is for a person to decide. This is not legal advice."
            " What could not be checked is listed with the reason; it does not count as in order."
        )
    )
    return text


def _framework(
    framework: Framework, judged: Mapping[str, Judgement], t: Translate
) -> dict[str, Any]:
    return {
        "id": framework.id,
        "title": t(framework.title),
        "kind": framework.kind,
        "source": framework.source,
        "as_of": framework.as_of,
        "verified": framework.verified,
        "status": t(framework.status),
        "person": t(framework.person) if framework.person else None,
        "clauses": [
            {"ref": c.ref, "title": t(c.title), "cells": [_cell(judged[i], t) for i in c.items]}
            for c in framework.clauses
        ],
    }


def _cell(judgement: Judgement, t: Translate) -> dict[str, Any]:
    """One pre-filled cell: the value and where it came from, or empty and marked for a person."""
    answer = judgement.answer
    return {
        "item": judgement.item.id,
        "title": t(judgement.item.title),
        "status": judgement.status.value,
        "values": list(answer.values) if answer else [],
        "where": answer.where if answer else None,
        "for_person": judgement.item.person or answer is None,
        "rules": sorted({f.rule for f in judgement.findings}),
        "not_checked": [g.why for g in judgement.gaps],
    }


def _finding(finding: Any) -> dict[str, Any]:
    from cardlint.report.json import finding as as_json

    return as_json(finding)


def _history(repo: Repository, report: TargetReport) -> list[dict[str, str]]:
    """What changed when; empty where there is no history (``not_checked`` says so)."""
    del report
    try:
        timeline = repo.history
    except Unavailable:
        return []
    return [
        {
            "date": f"{change.commit.date:%Y-%m-%d %H:%M}",
            "commit": change.commit.id,
            "what": _said(change),
        }
        for change in timeline.changes
    ]


def _said(change: Change) -> str:
    """One change in one line."""
    kind = change.kind.value.replace("-", " ")
    if change.before is None and change.after is None:
        return f"{kind}: {change.subject}"
    if change.kind.value.startswith("weights"):
        return f"{kind}: {change.subject}"
    before, after = ("–" if v is None else str(v) for v in (change.before, change.after))
    return f"{kind}: {change.subject}, {before} → {after}"


def _method(t: Translate) -> list[str]:
    return [
        t(
            "Card, license files, declared base models, history and weights were read at the commit named on the cover."
        ),
        t(
            "Weights are compared by reading the same positions in every model. A mixture is named only where"
            " its recipe, computed again, gives the same stored numbers, and where other models do not."
        ),
        t(
            "Unrelated models agree by chance in some respects; the report gives the value that chance reaches."
        ),
        t("Weights say nothing of distillation, of data, or of who trained a model."),
        t(
            "Facts about licenses and laws carry a source and a date; those marked second-hand were not read in the original."
        ),
    ]


def _manifest(repo: Repository) -> list[dict[str, Any]]:
    """Every file with size and hash, as the place tells them."""
    return [
        {"path": e.path, "size": e.size, "sha256": e.sha256, "git": e.blob_id}
        for e in repo.files.values()
    ]
