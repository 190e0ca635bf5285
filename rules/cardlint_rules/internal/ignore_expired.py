"""``internal/ignore-expired``."""

from __future__ import annotations

from collections.abc import Iterator

from cardlint.findings import Finding, Severity
from cardlint.ignoring import Outcome
from cardlint.rule import RunRule


class IgnoreExpired(RunRule):
    """An ignore in the settings has passed its last day and no longer counts.

    ## What it checks
    The date `expires` of each `[[ignores]]` table of the settings is today (UTC) or later.

    ## Why it matters
    A date says "until then somebody will have looked". From the day after, the finding is told
    again, and this rule says why.

    ## Example
    ```toml
    [[ignores]]
    rule = "license/text-missing"
    reason = "legal is reviewing the text"
    expires = 2026-01-31
    ```
    on 1 February 2026.

    ## How to fix
    Mend what was ignored and remove the table, or set a new date with a reason that holds today.

    ## Sources
    - cardlint's settings: "ignores have a reason and may have an end"
    """

    id = "internal/ignore-expired"
    severity = Severity.WARNING

    def review(self, outcome: Outcome) -> Iterator[Finding]:
        for ignore in outcome.expired:
            yield self.finding(
                f"The ignore of {ignore.rule} ended on {ignore.expires}.",
                ignore.at,
                next_step="Remove it, or set a later date with a reason that holds today.",
                evidence={"rule": ignore.rule, "expires": str(ignore.expires)},
            )
