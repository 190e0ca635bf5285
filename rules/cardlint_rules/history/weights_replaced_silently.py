"""``history/weights-replaced-silently``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import ClassVar

from cardlint.findings import Finding, Json, Location, NotChecked, Severity
from cardlint.history.changes import Kind
from cardlint.history.wording import at, span, when
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule


class WeightsReplacedSilently(Rule):
    """Weight files were replaced by others of the same name, and the card says nothing of it.

    ## What it checks
    A commit that gives weight files another content (by hash) after they had been there for more
    than `hours` (24 unless set), where no commit within the same number of hours touches
    `README.md`. The content of the commit's own message is shown and not judged.

    ## Why it matters
    Two models then share one name. Results, reviews and copies made before are about another one.

    ## Example
    `model.safetensors` of 3 March was replaced on 20 May; the card is of 3 March.

    ## How to fix
    Say in the card what was replaced, when and why, with the commit or the hash of each; or tag the
    states (`v1`, `v2`).

    ## Sources
    - Hub documentation, Repositories, "Tags and branches"
    - EU Code of Practice for general-purpose AI, Model Documentation Form: public versions
    """

    id = "history/weights-replaced-silently"
    severity = Severity.WARNING
    needs = frozenset({Fact.HISTORY})
    frameworks = ("br-lai:card-history", "nist-ai-600-1:card-history")
    options: ClassVar[Mapping[str, Json]] = {"hours": 24}

    def check(self, repo: Repository) -> Iterator[Finding | NotChecked]:
        timeline = repo.history
        yield from timeline.open_ends
        window = timedelta(hours=self.option["hours"])
        cards = [s.commit.date for s in timeline.states if "README.md" in s.changed]
        sure = timeline.dated(Kind.WEIGHTS_REPLACED)
        first = timeline.states[:1]
        since = {p: s.commit.date for s in first for p in s.weights}
        for change in timeline.of(Kind.WEIGHTS_ADDED, Kind.WEIGHTS_REPLACED, Kind.WEIGHTS_RENAMED):
            paths = [str(p) for p in change.after] if isinstance(change.after, list) else []
            if change.kind is Kind.WEIGHTS_RENAMED and isinstance(change.before, list):
                since |= {
                    new: since[str(old)] for old, new in zip(change.before, paths, strict=True)
                }
                continue
            if change in sure:
                there = max(change.commit.date - since[p] for p in paths)
                told = any(abs(d - change.commit.date) <= window for d in cards)
                if there > window and not told:
                    yield self.finding(
                        f"{change.subject} was replaced on {at(change.commit)} "
                        f'("{change.commit.title}"), {span(there)} after the upload before; '
                        "the card was not touched.",
                        Location(),
                        next_step="Say in the card what was replaced and why, with both commits.",
                        evidence={
                            "files": [*paths],
                            "commit": change.commit.id,
                            "date": when(change.commit),
                            "hours": round(there.total_seconds() / 3600, 1),
                        },
                    )
            since |= dict.fromkeys(paths, change.commit.date)
