"""``history/license-changed``."""

from __future__ import annotations

from collections.abc import Iterator

from cardlint.findings import Finding, NotChecked, Severity
from cardlint.history.licenses import changes
from cardlint.history.wording import at, field, when
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule


class LicenseChanged(Rule):
    """The declared license changed after the weights were published.

    ## What it checks
    `license` and `license_name` of the front matter, from commit to commit, since the first
    weights. A license that is declared for the first time is no change; `other` that is given a
    name is none either.

    ## Why it matters
    Who took the model before has it under the former license. A change back and forth leaves users
    with the question which license their copy is under.

    ## Example
    `license: apache-2.0` became `license: other`, with the same weights.

    ## How to fix
    Say in the card from which commit the present license holds, and that earlier copies keep theirs.

    ## Sources
    - Hub documentation, Licenses
    - Apache License 2.0, section 2 ("perpetual … irrevocable")
    """

    id = "history/license-changed"
    severity = Severity.WARNING
    needs = frozenset({Fact.HISTORY})
    frameworks = ("br-lai:card-history", "nist-ai-600-1:card-history")

    def check(self, repo: Repository) -> Iterator[Finding | NotChecked]:
        yield from repo.history.open_ends
        for change in changes(repo.history):
            after = change.after or "none"
            yield self.finding(
                f"The license changed from {change.before} to {after} on {at(change.commit)}, "
                "after the weights were published.",
                field(repo, "license"),
                next_step="Say in the card from which commit the present license holds.",
                evidence={
                    "before": change.before,
                    "after": change.after,
                    "commit": change.commit.id,
                    "date": when(change.commit),
                },
            )
