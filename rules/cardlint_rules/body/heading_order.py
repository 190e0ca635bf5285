"""``body/heading-order``."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from cardlint.findings import Finding, Severity
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule


class HeadingOrder(Rule):
    """A heading skips a level.

    ## What it checks
    A heading is at most one level deeper than the one before it: `##` is followed by `###`, not by
    `####`. The first heading may have any level. Only the first skip is told, with the count.

    ## Why it matters
    Screen readers and tables of contents are built from the levels (WCAG 2.2, technique G141).
    The Hub's own viewer is not hurt, so the rule is for publishers who want it.

    ## Example
    ```markdown
    # Evaluation
    ### Metrics
    ```

    ## How to fix
    Use the next level.

    ## Sources
    - W3C, WCAG 2.2, technique G141 "Organizing a page using headings"
    """

    id = "body/heading-order"
    severity = Severity.INFO
    needs = frozenset({Fact.CARD})
    profiles = frozenset({"strict"})

    def check(self, repo: Repository) -> Iterator[Finding]:
        card = repo.card
        headings = card.markdown.headings
        skips = [
            (before, here) for before, here in pairwise(headings) if here.level > before.level + 1
        ]
        if not skips:
            return
        before, here = skips[0]
        more = f" ({len(skips) - 1} more below)" if len(skips) > 1 else ""
        yield self.finding(
            f"A heading of level {here.level} follows one of level {before.level}{more}.",
            card.location(here.start, here.end),
            next_step=f"Make “{here.text[:60]}” a heading of level {before.level + 1}.",
            evidence={"lines": [card.location(h.start).line for _, h in skips[:50]]},
            related=[card.location(h.start, h.end) for _, h in skips[1:4]],
        )
