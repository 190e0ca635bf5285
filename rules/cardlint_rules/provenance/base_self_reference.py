"""``provenance/base-self-reference``."""

from __future__ import annotations

from collections.abc import Iterator

from cardlint.findings import Finding, Severity
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule
from cardlint_rules.provenance import _bases


class BaseSelfReference(Rule):
    """The model names itself as its base.

    ## What it checks
    No entry of `base_model` is the repository's own id. Where the id is not known (a plain folder)
    there is nothing to compare.

    ## Why it matters
    The Hub's model tree then has a circle, and the real parent is not in it. Of 684 circles in one
    survey of the Hub, 675 were a model that named itself.

    ## Example
    ```yaml
    # the card of org/model
    base_model: org/model
    ```

    ## How to fix
    Name the model that it was made from, or remove the field.

    ## Sources
    - Stalnaker et al., "The ML Supply Chain in the Era of Software 2.0", arXiv 2502.04484; counts
      by the `whence` project
    """

    id = "provenance/base-self-reference"
    severity = Severity.WARNING
    needs = frozenset({Fact.CARD})
    frameworks = ("g7-sbom-ai:bases",)

    def check(self, repo: Repository) -> Iterator[Finding]:
        if repo.id is None:
            return
        for value in _bases.values(repo.card):
            if value.text.casefold() == repo.id.casefold():
                yield self.finding(
                    f"base_model names the model itself, {value.text}.",
                    value.span.location(repo.card.path),
                    next_step="Name the model that it was made from, or remove the entry.",
                    evidence={"base_model": value.text},
                )
