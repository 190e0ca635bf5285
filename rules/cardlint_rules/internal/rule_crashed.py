"""``internal/rule-crashed``."""

from __future__ import annotations

from collections.abc import Iterator

from cardlint.findings import Finding, Location, Severity
from cardlint.ignoring import Outcome
from cardlint.rule import RunRule


class RuleCrashed(RunRule):
    """A rule ended by an exception, so what it would have said is not known.

    ## What it checks
    Every rule runs to its end. A rule that raises an exception is left out, the others run on, and
    the run ends with exit code 2: what was not checked never passes.

    ## Why it matters
    A repository that makes a rule crash would otherwise look clean.

    ## Example
    ```
    provenance/some-rule crashed: KeyError: 'base'
    ```

    ## How to fix
    Report it, with the card if you can. Until it is mended, leave the rule out and say so in your
    settings:
    ```toml
    ignore = ["provenance/some-rule"]
    ```

    ## Sources
    - cardlint's own contract: "it never passes what it did not check"
    """

    id = "internal/rule-crashed"
    severity = Severity.ERROR

    def review(self, outcome: Outcome) -> Iterator[Finding]:
        for crash in outcome.crashes:
            yield self.finding(
                f"{crash.rule} crashed: {crash.error}: {crash.message}",
                Location(),
                next_step=f"Report it as a bug; until then `--ignore {crash.rule}` leaves it out.",
                evidence={"rule": crash.rule, "error": crash.error, "at": crash.at},
            )
