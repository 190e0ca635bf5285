"""``body/placeholder``."""

from __future__ import annotations

from collections.abc import Iterator

from cardlint.card.words import has_any
from cardlint.findings import Finding, Severity
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule
from cardlint_rules.body._template import PLACEHOLDER, PLACEHOLDER_WORDS

SHOWN = 50
"""Lines in the evidence."""
POINTED = 4
"""Places that a reader is pointed to; the rest are like them."""


class Placeholder(Rule):
    """The card holds marks of answers that were never given.

    ## What it checks
    `[More Information Needed]`, `TODO`, `TBD`, "coming soon", `lorem ipsum`, `<your name>` and
    their kin in Portuguese and Spanish, outside of code. All of them are one finding.

    ## Why it matters
    A reader cannot tell whether there is no answer, or nobody asked. The template of the Hub alone
    has 39 such marks.

    ## Example
    ```markdown
    - **Developed by:** [More Information Needed]
    ```

    ## How to fix
    Answer, or remove the line: a section that does not apply may say so.

    ## Sources
    - huggingface_hub, `templates/modelcard_template.md`
    """

    id = "body/placeholder"
    severity = Severity.INFO
    needs = frozenset({Fact.CARD})

    def check(self, repo: Repository) -> Iterator[Finding]:
        card = repo.card
        if not has_any(card, *PLACEHOLDER_WORDS):
            return
        found = list(PLACEHOLDER.finditer(card.text, card.body_start))
        if not found:
            return
        found = [m for m in found if not card.markdown.in_code(m.start())]
        if not found:
            return
        # The match of a whole line begins with its list mark.
        places = [
            card.location(m.start() + len(m[0]) - len(m[0].lstrip(" \t\r\n-*+>")), m.end())
            for m in found
        ]
        first = " ".join(found[0][0].strip(" \t\r\n-*+>").split())[:60]
        count = len(found)
        yield self.finding(
            f"“{first}” stands where an answer should be."
            if count == 1
            else f"“{first}” and {count - 1} more placeholders stand where answers should be.",
            places[0],
            next_step="Fill them in, or remove the lines that do not apply.",
            evidence={"count": count, "lines": [p.line for p in places[:SHOWN]]},
            related=places[1:POINTED],
        )
