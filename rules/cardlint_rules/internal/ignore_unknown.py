"""``internal/ignore-unknown``."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from cardlint.findings import Finding, Severity
from cardlint.ignoring import MAX_DIRECTIVES, directives
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule, canonical, registry

MAX_SHOWN = 80
"""Characters of what somebody wrote that are quoted."""


class IgnoreUnknown(Rule):
    """An ignore in the card names no rule, so it ignores nothing.

    ## What it checks
    A comment that begins with `cardlint:` reads `<!-- cardlint: ignore[…] reason -->`, and each
    id between the brackets is the id of one rule, or one that it had earlier. A family is not
    enough: there is no blanket ignore.

    ## Why it matters
    Whoever wrote it believes that a finding was weighed and set aside. It was not.

    ## Example
    ```markdown
    <!-- cardlint: ignore[licence/text-missing] the text is in the parent repository -->
    ```

    ## How to fix
    ```markdown
    <!-- cardlint: ignore[license/text-missing] the text is in the parent repository -->
    ```

    ## Sources
    - `cardlint rules` lists every id
    """

    id = "internal/ignore-unknown"
    severity = Severity.WARNING
    needs = frozenset({Fact.CARD})

    def check(self, repo: Repository) -> Iterator[Finding]:
        known = registry()
        comments = repo.card.markdown.directives if "cardlint:" in repo.card.text else ()
        for comment in comments[:MAX_DIRECTIVES]:
            if comment.verb != "ignore" or not comment.selectors:
                yield self.finding(
                    f"cardlint does not know the comment `{comment.verb}`"
                    + ("." if comment.verb != "ignore" else " without a rule between brackets."),
                    repo.card.location(comment.start, comment.end),
                    next_step="Write `<!-- cardlint: ignore[family/rule] reason -->`.",
                    evidence={"comment": comment.verb},
                )
        for ignore in directives(repo):
            if canonical(ignore.rule) in known:
                continue
            name = ignore.rule[:MAX_SHOWN] + ("…" if len(ignore.rule) > MAX_SHOWN else "")
            family = [id_ for id_ in known if id_.startswith(ignore.rule + "/")]
            close = get_close_matches(name, known, n=1)
            if family:
                message = f"{name} is a family of rules; an ignore names single rules."
                step = f"Name the rule, such as {family[0]}."
            else:
                message = f"No rule is called {name}: this ignores nothing."
                step = f"Write {close[0]}." if close else "`cardlint rules` lists every id."
            yield self.finding(message, ignore.at, next_step=step, evidence={"rule": name})
