"""``metadata/new-version-unresolved``."""

from __future__ import annotations

from collections.abc import Iterator

from cardlint.errors import NotFound
from cardlint.findings import Confidence, Finding, Severity
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule
from cardlint.source.interface import is_repo_id


class NewVersionUnresolved(Rule):
    """The model that `new_version` leads to is not on the Hub, or not public.

    ## What it checks
    The id under `new_version` is a repository that the Hub shows. It needs the network; without it the
    rule says that it did not look.

    ## Why it matters
    The Hub shows a banner that leads readers there.

    ## Example
    ```yaml
    new_version: my-org/model-v2-not-yet-public
    ```

    ## How to fix
    Correct the id, or add the field when the new version is public.

    ## Sources
    - Hub documentation, Model Cards, "Specifying a new version"
    """

    id = "metadata/new-version-unresolved"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    needs = frozenset({Fact.CARD})
    frameworks = ("hf:metadata",)

    def check(self, repo: Repository) -> Iterator[Finding]:
        matter = repo.card.front_matter
        for value in (matter.strings("new_version") if matter else [])[:1]:
            if not is_repo_id(value.text):
                continue
            try:
                repo.resolver.model(value.text)
            except NotFound:
                yield self.finding(
                    f"The new version {value.text} is not on the Hub, or not public.",
                    value.span.location(repo.card.path),
                    next_step="Correct the id, or leave the field out until it is public.",
                    evidence={"new_version": value.text},
                )
