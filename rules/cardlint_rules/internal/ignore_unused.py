"""``internal/ignore-unused``."""

from __future__ import annotations

from collections.abc import Iterator

from cardlint.findings import Edit, Finding, Fix, Severity
from cardlint.ignoring import Outcome
from cardlint.rule import RunRule


class IgnoreUnused(RunRule):
    """An ignore matches nothing: what it was for is mended, or never was there.

    ## What it checks
    Each ignore in the card, and each in the settings that speaks of this repository alone, keeps
    back at least one finding. An ignore of a rule that did not run (it is switched off, or the
    fact it needs could not be had) is not judged.

    ## Why it matters
    A stale ignore hides the next fault of that rule.

    ## Example
    ```markdown
    <!-- cardlint: ignore[license/text-missing] the text is in the parent repository -->
    ```
    in a repository that has a `LICENSE` now.

    ## How to fix
    Remove it; `cardlint check --fix` does.

    ## Sources
    - ruff, RUF100; ESLint, `--report-unused-disable-directives`: the same practice
    """

    id = "internal/ignore-unused"
    severity = Severity.WARNING

    def review(self, outcome: Outcome) -> Iterator[Finding]:
        for ignore in outcome.unused:
            fix = None
            if ignore.span:
                edit = Edit(ignore.at.path, *ignore.span, "")
                fix = Fix("remove the directive", (edit,), safe=True)
            yield self.finding(
                f"The ignore of {ignore.rule} matches no finding.",
                ignore.at,
                next_step="Remove it.",
                evidence={"rule": ignore.rule, "reason": ignore.reason},
                fix=fix,
            )
