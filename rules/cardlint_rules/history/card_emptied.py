"""``history/card-emptied``."""

from __future__ import annotations

from collections.abc import Iterator

from cardlint.findings import Finding, Location, NotChecked, Severity
from cardlint.history.changes import EMPTY, Kind
from cardlint.history.wording import at, present, when
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule


class CardEmptied(Rule):
    """The card's text was taken out and has not come back.

    ## What it checks
    A commit that removes `README.md`, or leaves less than a tenth of its text and next to nothing
    (200 characters), where the present card has no more than that either.

    ## Why it matters
    What the model is, where it comes from and what was claimed for it can then be read in the
    history only.

    ## Example
    A card of 6,000 characters became `# Model` on 20 June.

    ## How to fix
    Put the card back, and correct it where it was wrong.

    ## Sources
    - Hub documentation, Model Cards
    """

    id = "history/card-emptied"
    severity = Severity.WARNING
    needs = frozenset({Fact.HISTORY})
    frameworks = ("br-lai:card-history", "nist-ai-600-1:card-history")

    def check(self, repo: Repository) -> Iterator[Finding | NotChecked]:
        yield from repo.history.open_ends
        card = present(repo)
        if card is not None and len(card.body.strip()) >= EMPTY:
            return
        emptied = repo.history.dated(Kind.CARD_EMPTIED, Kind.CARD_REMOVED)
        if not emptied:
            return
        last = emptied[-1]
        removed = last.kind is Kind.CARD_REMOVED
        if removed != (card is None):
            return
        what = "removed" if removed else f"cut from {last.before:,} to {last.after:,} characters"
        yield self.finding(
            f"The card was {what} on {at(last.commit)}.",
            Location(),
            next_step="Put the card back, and correct it where it was wrong.",
            evidence={"commit": last.commit.id, "date": when(last.commit), "removed": removed},
        )
