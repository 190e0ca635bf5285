"""``metadata/new-version-invalid``."""

from __future__ import annotations

from collections.abc import Iterator

from cardlint.card.nodes import Field, Kind, Value
from cardlint.card.specification import Specified
from cardlint.findings import Finding, NotChecked, Severity
from cardlint.repository import Repository
from cardlint_rules.metadata._front_matter import evident, written
from cardlint_rules.metadata._ids import invalid_id
from cardlint_rules.metadata._specified import SpecifiedRule


class NewVersionInvalid(SpecifiedRule):
    """`new_version` is not the id of a model on the Hub.

    ## What it checks
    `new_version` is one id, written as `org/name`, and not this repository's own.

    ## Why it matters
    The Hub shows a banner that leads to the newer model. From a wrong id there is no banner, or one
    that leads nowhere.

    ## Example
    ```yaml
    new_version: version 2
    ```

    ## How to fix
    ```yaml
    new_version: org/name-v2
    ```

    ## Sources
    - Hub documentation, Model Cards, "Specifying a new version"
    """

    id = "metadata/new-version-invalid"
    severity = Severity.WARNING

    def check(self, repo: Repository) -> Iterator[Finding | NotChecked]:
        yield from super().check(repo)
        front = repo.card.front_matter
        said = front.get("new_version") if front else None
        if said and said.kind is Kind.STR and repo.id and said.text.lower() == repo.id.lower():
            yield self.finding(
                f"new_version names this repository itself, {written(said)}.",
                said.span.location(),
                next_step="Write the id of the newer model, or take the line out.",
                evidence={"new_version": evident(said.text)},
            )

    def hold(self, field: Field, spec: Specified) -> Iterator[Finding]:
        yield from super().hold(field, spec)
        value: Value = field.value
        wrong = invalid_id(value) if value.kind is Kind.STR else None
        if wrong:
            yield self.finding(
                f"new_version {wrong.said}: {written(value)}.",
                value.span.location(),
                next_step=wrong.step,
                evidence={"new_version": evident(value.text)},
                fix=wrong.fix,
            )
