"""``upload/card-missing``."""

from __future__ import annotations

from collections.abc import Iterator

from cardlint.findings import Finding, Location, Severity
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule


class CardMissing(Rule):
    """The folder has no `README.md`, so the model would have no card.

    ## What it checks
    `README.md` is in the folder, with that spelling.

    ## Why it matters
    The Hub shows `README.md` as the model's card and reads license, base models and languages from
    it. A model without one says nothing about what it is, may be used for and was made from.

    ## Example
    ```
    my-model/readme.md
    ```

    ## How to fix
    Write `README.md`, with front matter that gives at least `license` and `base_model`:
    ```markdown
    ---
    license: apache-2.0
    base_model: org/name
    ---
    # My model
    ```

    ## Sources
    - Hub documentation, Model Cards: "The model card is the README.md"
    """

    id = "upload/card-missing"
    severity = Severity.ERROR
    needs = frozenset({Fact.FILES})
    frameworks = ("hf:metadata",)
    profiles = frozenset({"before-upload"})

    def check(self, repo: Repository) -> Iterator[Finding]:
        if "README.md" in repo.files:
            return
        alike = next((p for p in repo.files if p.lower() == "readme.md"), None)
        yield self.finding(
            f"{alike} is not read: the Hub takes README.md, with that spelling."
            if alike
            else "There is no README.md: the model would have no card.",
            Location(alike or "README.md"),
            next_step=f"Rename {alike} to README.md."
            if alike
            else "Write README.md; `cardlint init` begins one.",
        )
