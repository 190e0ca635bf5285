"""``history/base-added-late``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from cardlint.findings import Confidence, Finding, Json, NotChecked, Severity
from cardlint.history.changes import Kind
from cardlint.history.wording import at, place, span, when
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule
from cardlint.source.interface import Downloads


class BaseAddedLate(Rule):
    """A base model was named only some time after the weights were published.

    ## What it checks
    For each base that the card names, in the front matter or in a sentence on derivation: the time
    between the last upload of weights before it was named and the commit that first named it. More
    than `hours` (1 unless set) is told. A base that came with new weights is not late. Where the Hub
    says how often the repository was downloaded, that is told too; it does not count by period.

    ## Why it matters
    Who took the model in the meantime did not know what it was made from, and under which terms.

    ## Example
    Weights on 13 June; on 14 June the card says for the first time: "built through a merge of
    org/other and org/base".

    ## How to fix
    The past cannot be mended. Say in the card since when the base is named, and which weights the
    correction is about.

    ## Sources
    - Hub documentation, Model Cards, "Specifying a base model"; Models, "Download Stats"
    - The Rio 3.5 Open 397B case of June 2026
    """

    id = "history/base-added-late"
    severity = Severity.WARNING
    needs = frozenset({Fact.HISTORY})
    frameworks = ("g7-sbom-ai:bases", "nist-ai-600-1:bases")
    options: ClassVar[Mapping[str, Json]] = {"hours": 1}

    def check(self, repo: Repository) -> Iterator[Finding | NotChecked]:
        timeline = repo.history
        yield from timeline.open_ends
        downloads = repo.source.downloads
        order = {s.commit.id: n for n, s in enumerate(timeline.states)}
        for change in timeline.dated(Kind.BASE_ADDED):
            before = [u for u in timeline.uploads if order[u.commit.id] <= order[change.commit.id]]
            if not before:
                continue
            gap = change.commit.date - before[-1].commit.date
            if gap.total_seconds() <= self.option["hours"] * 3600:
                continue
            prose = change.after == "prose"
            yield self.finding(
                f"{change.subject} is named as a base since {at(change.commit)}, "
                f"{span(gap)} after the weights of {at(before[-1].commit)}.{_told(downloads)}",
                place(repo, change.subject),
                confidence=Confidence.HIGH if prose else Confidence.CERTAIN,
                next_step="Say in the card since when this base is named, and for which weights.",
                evidence={
                    "base": change.subject,
                    "named_in": change.after,
                    "commit": change.commit.id,
                    "date": when(change.commit),
                    "weights_commit": before[-1].commit.id,
                    "weights_date": when(before[-1].commit),
                    "first_weights_date": when(before[0].commit),
                    "hours": round(gap.total_seconds() / 3600, 1),
                    **_counted(downloads),
                },
            )


def _told(downloads: Downloads | None) -> str:
    """A sentence on downloads, where they are known."""
    if downloads is None:
        return ""
    ever = f" (all time: {downloads.ever:,})" if downloads.ever is not None else ""
    return (
        f" The repository was downloaded {downloads.month:,} times in the 30 days to "
        f"{downloads.until}{ever}; the Hub does not say how often in the time between."
    )


def _counted(downloads: Downloads | None) -> dict[str, Json]:
    if downloads is None:
        return {}
    return {
        "downloads_30_days": downloads.month,
        "downloads_all_time": downloads.ever,
        "downloads_until": downloads.until.isoformat(),
    }
