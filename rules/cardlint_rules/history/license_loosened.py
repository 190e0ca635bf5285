"""``history/license-loosened``."""

from __future__ import annotations

from collections.abc import Iterator

from cardlint.findings import Finding, NotChecked, Severity
from cardlint.history.licenses import changes
from cardlint.history.wording import at, field, when
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule
from cardlint_licenses.catalog import resolve
from cardlint_licenses.model import License, Topic

_LIMITS = {
    Topic.NONCOMMERCIAL: "noncommercial use only",
    Topic.NO_DERIVATIVES: "no derivatives",
    Topic.SHARE_ALIKE: "share alike",
    Topic.USE_RESTRICTIONS: "use restrictions",
    Topic.ACCEPTABLE_USE: "an acceptable use policy",
    Topic.SOURCE_CODE: "source code",
    Topic.THRESHOLD: "a threshold",
}


class LicenseLoosened(Rule):
    """The license changed after publication to one with fewer conditions.

    ## What it checks
    License changes since the first weights, where the license before asks for something that the
    one after does not: noncommercial use, no derivatives, share alike, use restrictions, an
    acceptable use policy, source code, a size threshold. A license that cardlint does not know is
    not judged.

    ## Why it matters
    Only who holds the rights can drop conditions. Those of a base model or of training data stay,
    whatever the card says.

    ## Example
    `license: cc-by-nc-4.0` became `license: apache-2.0`, with the same weights.

    ## How to fix
    Say in the card who holds the rights in the weights and agreed to the change, and from which
    commit it holds; or declare the former license again.

    ## Sources
    - The texts of the licenses; `cardlint_licenses`, with the section of each condition
    """

    id = "history/license-loosened"
    severity = Severity.WARNING
    needs = frozenset({Fact.HISTORY})
    frameworks = ("nist-ai-600-1:license-compatible",)

    def check(self, repo: Repository) -> Iterator[Finding | NotChecked]:
        yield from repo.history.open_ends
        for change in changes(repo.history):
            before, after = resolve(change.before), resolve(change.after or "")
            if before is None or after is None:
                continue
            gone = [words for topic, words in _LIMITS.items() if topic in _dropped(before, after)]
            if gone:
                yield self.finding(
                    f"The license changed from {change.before} to {change.after} on "
                    f"{at(change.commit)}, which drops: {', '.join(gone)}.",
                    field(repo, "license"),
                    next_step="Say in the card who holds the rights and agreed to the change.",
                    evidence={
                        "before": change.before,
                        "after": change.after,
                        "dropped": [*gone],
                        "commit": change.commit.id,
                        "date": when(change.commit),
                    },
                )


def _dropped(before: License, after: License) -> set[Topic]:
    """What one license asks for and the other does not; nothing where either is no exact license."""
    if not (before.conditions and after.conditions):
        return set()
    return {c.topic for c in before.conditions} - {c.topic for c in after.conditions}
