"""``history/weights-removed``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cardlint.findings import Finding, Location, NotChecked, Severity
from cardlint.history.changes import Change, Kind
from cardlint.history.timeline import Timeline, WeightFile
from cardlint.history.wording import at, size, when
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule


class WeightsRemoved(Rule):
    """Weights that were published are no longer there.

    ## What it checks
    Weight files that a commit removed and that the repository does not hold any more, under no
    name. It is a warning when no weights are left at all. It is a remark when some are left, and
    nothing is said when a file was replaced by one of another format or another number of shards in
    the same folder.

    ## Why it matters
    What the card says of the model can no longer be checked against it.

    ## Example
    `model-00001…00097.safetensors` were removed on 14 June; no weights are left.

    ## How to fix
    Say in the card which files were removed, when and why, with their hashes, and whether others
    follow. Rather than to remove, mark a state as withdrawn and upload the next.

    ## Sources
    - The Rio 3.5 Open 397B case of June 2026
    """

    id = "history/weights-removed"
    severity = Severity.WARNING
    needs = frozenset({Fact.HISTORY})
    frameworks = ("br-lai:card-history", "nist-ai-600-1:hashes")

    def check(self, repo: Repository) -> Iterator[Finding | NotChecked]:
        timeline = repo.history
        yield from timeline.open_ends
        if not timeline.states:
            return
        left = timeline.states[-1].weights
        for change in timeline.dated(Kind.WEIGHTS_REMOVED):
            gone = [p for p in _paths(change) if p not in left]
            folders = {p.rpartition("/")[0] for p in left}
            gone = [p for p in gone if p.rpartition("/")[0] not in folders]
            if not gone:
                continue
            known = _before(timeline, change)
            total = sum(known[p].size for p in gone)
            rest = "no weights are left" if not left else f"{len(left)} other weight files are left"
            yield self.finding(
                f"{change.subject} ({len(gone)} file{'s' if len(gone) > 1 else ''}, "
                f"{size(total)}) "
                f"{'were' if len(gone) > 1 else 'was'} removed on {at(change.commit)}; {rest}.",
                Location(),
                severity=Severity.INFO if left else Severity.WARNING,
                next_step="Say in the card which files were removed, when and why, with their hashes.",
                evidence={
                    "files": {p: {"size": known[p].size, "sha256": known[p].sha256} for p in gone},
                    "left": len(left),
                    "commit": change.commit.id,
                    "date": when(change.commit),
                },
            )


def _paths(change: Change) -> list[str]:
    return [str(p) for p in change.before] if isinstance(change.before, list) else []


def _before(timeline: Timeline, change: Change) -> Mapping[str, WeightFile]:
    """The weights just before the change."""
    index = next(n for n, s in enumerate(timeline.states) if s.commit is change.commit)
    return timeline.states[index - 1].weights
