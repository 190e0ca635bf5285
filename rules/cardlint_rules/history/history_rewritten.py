"""``history/history-rewritten``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from itertools import pairwise
from typing import ClassVar

from cardlint.findings import Confidence, Finding, Json, Location, NotChecked, Severity
from cardlint.history.wording import at, when
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule

_SQUASHED = re.compile(r"super-squash branch '", re.IGNORECASE)


class HistoryRewritten(Rule):
    """The history does not hold all the commits that were once there.

    ## What it checks
    - a commit whose title is the one that huggingface_hub gives when it squashes a branch;
    - commits noted elsewhere (option `known`: release notes, an evidence file, a paper) that are
      not in the history;
    - a commit dated more than a day before the one that it follows.

    ## Why it matters
    What the card said and which weights were there before cannot be seen any more. There are good
    reasons to squash (storage); that it was done should be known to who reads the history.

    ## Example
    One commit: "Super-squash branch 'main' using huggingface_hub".

    ## How to fix
    Say in the card when and why the history was squashed, and which versions there were before.

    ## Sources
    - huggingface_hub, `HfApi.super_squash_history`
    """

    id = "history/history-rewritten"
    severity = Severity.INFO
    needs = frozenset({Fact.HISTORY})
    frameworks = ("br-lai:card-history", "nist-ai-600-1:card-history")
    options: ClassVar[Mapping[str, Json]] = {"known": []}

    def check(self, repo: Repository) -> Iterator[Finding | NotChecked]:
        yield from repo.history.open_ends
        states = repo.history.states
        for state in states:
            if _SQUASHED.match(state.commit.title):
                yield self._said(
                    f'The history was squashed on {at(state.commit)} ("{state.commit.title}"): '
                    "what was there before cannot be seen.",
                    {"commit": state.commit.id, "date": when(state.commit)},
                )
        for before, state in pairwise(states):
            back = before.commit.date - state.commit.date
            if back > timedelta(days=1):
                yield self._said(
                    f"The commit of {at(state.commit)} follows the one of {at(before.commit)} "
                    "but is dated earlier: the history was put together anew, or a clock was wrong.",
                    {"commit": state.commit.id, "follows": before.commit.id},
                    Confidence.MEDIUM,
                )
        if repo.history.complete:
            for known in self.option["known"]:
                if not any(s.commit.id.startswith(str(known)) for s in states):
                    yield self._said(
                        f"Commit {known}, noted elsewhere, is not in the history.",
                        {"commit": known},
                        severity=Severity.WARNING,
                    )

    def _said(
        self,
        message: str,
        evidence: dict[str, Json],
        confidence: Confidence = Confidence.CERTAIN,
        severity: Severity = Severity.INFO,
    ) -> Finding:
        return self.finding(
            message,
            Location(),
            severity=severity,
            confidence=confidence,
            next_step="Say in the card when and why, and which versions there were before.",
            evidence=evidence,
        )
