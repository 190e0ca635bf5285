"""``metadata/front-matter-malformed``."""

from __future__ import annotations

from collections.abc import Iterator

from cardlint.findings import Edit, Finding, Fix, Severity
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule


class FrontMatterMalformed(Rule):
    """The card has front matter that is not found, for the way it begins or ends.

    ## What it checks
    The block opens with a line of exactly `---` that is the first line of the file, and closes with a
    line `---`. Reported are dashes too many or too few, spaces behind the opening ones, `...`, text or
    a comment in front, a missing end, and a byte order mark (which the Hub passes over and Python does
    not).

    ## Why it matters
    The Hub, or Python, then takes the whole block for text: license, base models and everything else
    are lost, and nothing says so.

    ## Example
    ```markdown
    ----
    license: mit
    ----
    ```

    ## How to fix
    ```markdown
    ---
    license: mit
    ---
    ```

    ## Sources
    - huggingface_hub, `repocard.py`, `REGEX_YAML_BLOCK` ("exact same regex as in the Hub server")
    """

    id = "metadata/front-matter-malformed"
    severity = Severity.WARNING
    needs = frozenset({Fact.CARD})
    frameworks = ("hf:metadata",)

    def check(self, repo: Repository) -> Iterator[Finding]:
        card = repo.card
        wrong = card.malformed
        if wrong is None:
            return
        fix = None
        if wrong.instead is not None:
            edit = Edit(card.path, wrong.span.start, wrong.span.end, wrong.instead)
            fix = Fix(f"Write {wrong.instead or 'nothing'} there", (edit,), safe=True)
        yield self.finding(
            f"The front matter is not found: {wrong.said}.",
            wrong.span.location(card.path),
            next_step="Take it out."
            if wrong.code == "byte-order-mark"
            else "Write the block between two lines `---`, the first of them at the very top.",
            evidence={"problem": wrong.code},
            fix=fix,
        )
