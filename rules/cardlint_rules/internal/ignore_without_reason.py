"""``internal/ignore-without-reason``."""

from __future__ import annotations

from collections.abc import Iterator

from cardlint.findings import Finding, Severity
from cardlint.ignoring import directives
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule


class IgnoreWithoutReason(Rule):
    """An ignore in the card does not say why.

    ## What it checks
    Words follow the brackets of `<!-- cardlint: ignore[…] reason -->`.

    ## Why it matters
    The reason is shown wherever the ignored finding is counted. Without one, nobody can tell
    later whether it still holds; a reader of the card cannot tell a decision from a silencing.

    ## Example
    ```markdown
    <!-- cardlint: ignore[license/text-missing] -->
    ```

    ## How to fix
    ```markdown
    <!-- cardlint: ignore[license/text-missing] the text is in the parent repository -->
    ```

    ## Sources
    - Biome makes a reason mandatory for each suppression: the same practice
    """

    id = "internal/ignore-without-reason"
    severity = Severity.INFO
    needs = frozenset({Fact.CARD})

    def check(self, repo: Repository) -> Iterator[Finding]:
        for ignore in directives(repo):
            if not ignore.reason:
                yield self.finding(
                    f"The ignore of {ignore.rule} gives no reason.",
                    ignore.at,
                    next_step="Write the reason behind the bracket.",
                    evidence={"rule": ignore.rule},
                )
