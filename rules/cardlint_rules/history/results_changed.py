"""``history/results-changed``."""

from __future__ import annotations

from collections.abc import Iterator

from cardlint.findings import Finding, Location, NotChecked, Severity
from cardlint.history.changes import Change, Kind
from cardlint.history.results import read, unread
from cardlint.history.wording import at, present, when
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule


class ResultsChanged(Rule):
    """A published result has another value now, and the weights are the same.

    ## What it checks
    Figures of the card that keep their name (row and column of a table, dataset and metric of
    `model-index`, a benchmark in a sentence) and change their value, while no weights were
    uploaded since the earlier value was stated. The same figure with more or fewer digits is no
    change.

    ## Why it matters
    The same weights under the same test give the same figure. Another figure means another test,
    or an error in one of the two cards: readers should be told which.

    ## Example
    `| MMLU-Pro | 78.4 |` became `| MMLU-Pro | 80.1 |`.

    ## How to fix
    Say what changed in the evaluation (version, prompt, number of shots), or that the former figure
    was wrong.

    ## Sources
    - Hub documentation, Evaluation results
    """

    id = "history/results-changed"
    severity = Severity.WARNING
    needs = frozenset({Fact.HISTORY})
    frameworks = ("br-lai:card-history", "nist-ai-600-1:card-history")

    def check(self, repo: Repository) -> Iterator[Finding | NotChecked]:
        timeline = repo.history
        yield from timeline.open_ends
        yield from unread(timeline.states)
        order = {s.commit.id: n for n, s in enumerate(timeline.states)}
        uploads = [order[u.commit.id] for u in timeline.uploads]
        sure = timeline.dated(Kind.RESULTS_CHANGED)
        stated: dict[str, int] = {}
        by_commit: dict[str, list[Change]] = {}
        for change in timeline.of(Kind.RESULTS_ADDED, Kind.RESULTS_CHANGED):
            here = order[change.commit.id]
            since = stated.get(change.subject, 0)
            published = any(n < here for n in uploads)
            renewed = any(since < n <= here for n in uploads if n != min(uploads))
            if change in sure and published and not renewed:
                by_commit.setdefault(change.commit.id, []).append(change)
            stated[change.subject] = here
        card = present(repo)
        now = {r.name: r.location for r in read(card)} if card else {}
        for id_, changed in by_commit.items():
            shown = "; ".join(f"{c.subject}: {c.before} → {c.after}" for c in changed[:3])
            more = f" and {len(changed) - 3} more" if len(changed) > 3 else ""
            yield self.finding(
                f"{len(changed)} result{'s' if len(changed) > 1 else ''} changed on "
                f"{at(changed[0].commit)} with the weights unchanged ({shown}{more}).",
                next((now[c.subject] for c in changed if c.subject in now), Location()),
                next_step="Say in the card what changed in the evaluation, or which was wrong.",
                evidence={
                    "results": {c.subject: [c.before, c.after] for c in changed},
                    "commit": id_,
                    "date": when(changed[0].commit),
                },
            )
