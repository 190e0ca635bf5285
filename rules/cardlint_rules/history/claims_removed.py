"""``history/claims-removed``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import ClassVar

from cardlint.findings import Finding, Json, Location, NotChecked, Severity
from cardlint.history.changes import Change, Kind
from cardlint.history.results import unread
from cardlint.history.wording import at, present, when
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule

_FIGURE = re.compile(
    r"(?:.*[/_-])?(?:bench|benchmarks?|evals?|evaluations?|results?|scores?|leaderboard)[^/]*"
    r"\.(?:png|jpe?g|svg|webp|gif)",
    re.IGNORECASE,
)


class ClaimsRemoved(Rule):
    """Published results have left the card.

    ## What it checks
    Figures in tables, in `model-index` and beside a benchmark's name that an earlier card of the
    same repository stated, and that the present card does not state anywhere; and images named as
    benchmark figures that were removed with them. Fewer than `minimum` figures (2 unless set) at
    one commit are not told.

    ## Why it matters
    Others have read and cited them. A result that is withdrawn should be said to be withdrawn.

    ## Example
    A table with MMLU-Redux 94.6 and MMMU-Pro 78.4 stood in the card until 14 June.

    ## How to fix
    Say in the card that the results are withdrawn, since when, and why; or put them back.

    ## Sources
    - The Rio 3.5 Open 397B case of June 2026
    """

    id = "history/claims-removed"
    severity = Severity.WARNING
    needs = frozenset({Fact.HISTORY})
    frameworks = ("br-lai:card-history", "nist-ai-600-1:card-history")
    options: ClassVar[Mapping[str, Json]] = {"minimum": 2}

    def check(self, repo: Repository) -> Iterator[Finding | NotChecked]:
        yield from repo.history.open_ends
        yield from unread(repo.history.states)
        card = present(repo)
        now = card.text if card else ""
        by_commit: dict[str, list[Change]] = {}
        for change in repo.history.dated(Kind.RESULTS_REMOVED):
            if not re.search(rf"(?<![\d.]){re.escape(str(change.before))}(?![\d])", now):
                by_commit.setdefault(change.commit.id, []).append(change)
        images = {
            s.commit.id: [p for p in s.removed if _FIGURE.fullmatch(p)] for s in repo.history.states
        }
        for id_, gone in by_commit.items():
            if len(gone) < self.option["minimum"]:
                continue
            shown = "; ".join(f"{c.subject}: {c.before}" for c in gone[:3])
            more = f" and {len(gone) - 3} more" if len(gone) > 3 else ""
            image = f", and the image {images[id_][0]}" if images[id_] else ""
            yield self.finding(
                f"{len(gone)} results left the card on {at(gone[0].commit)} "
                f"({shown}{more}){image}; the present card does not state them.",
                Location(),
                next_step="Say in the card that these results are withdrawn, since when, and why.",
                evidence={
                    "results": {c.subject: c.before for c in gone},
                    "images": [*images[id_]],
                    "commit": id_,
                    "date": when(gone[0].commit),
                },
            )
