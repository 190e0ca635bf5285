"""``history/base-removed``."""

from __future__ import annotations

from collections.abc import Iterator

from cardlint.findings import Finding, NotChecked, Severity
from cardlint.history.changes import Kind, named_bases
from cardlint.history.wording import at, field, when
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule


class BaseRemoved(Rule):
    """The card used to declare a base model that it no longer names anywhere.

    ## What it checks
    A base that stood in the front matter while weights were there, and that the present card names
    neither in the front matter nor in a sentence on derivation. The same name under another
    organization counts as the same model (it moved).

    ## Why it matters
    The terms of a base follow the weights, whether the card names it or not.

    ## Example
    `base_model: [org/base, org/other]` became `base_model: org/base`, with the same weights.

    ## How to fix
    Name the base again; or say in the card why it was no base of these weights.

    ## Sources
    - Hub documentation, Model Cards, "Specifying a base model"
    """

    id = "history/base-removed"
    severity = Severity.WARNING
    needs = frozenset({Fact.HISTORY})
    frameworks = ("g7-sbom-ai:bases", "nist-ai-600-1:bases")

    def check(self, repo: Repository) -> Iterator[Finding | NotChecked]:
        timeline = repo.history
        yield from timeline.open_ends
        order = {s.commit.id: n for n, s in enumerate(timeline.states)}
        last = next((s for s in reversed(timeline.states) if not s.card_unread), None)
        still = {b.rpartition("/")[2].casefold() for b in (named_bases(last) if last else ())}
        gone = {
            c.subject: c
            for c in timeline.dated(Kind.BASE_REMOVED)
            if c.before == "front-matter" and c.subject.rpartition("/")[2].casefold() not in still
        }
        for base, change in gone.items():
            if not any(order[u.commit.id] < order[change.commit.id] for u in timeline.uploads):
                continue
            yield self.finding(
                f"{base} was declared as a base until {at(change.commit)}; "
                "the card no longer names it.",
                field(repo, "base_model"),
                next_step=f"Declare {base} again, or say why these weights do not come from it.",
                evidence={"base": base, "commit": change.commit.id, "date": when(change.commit)},
            )
