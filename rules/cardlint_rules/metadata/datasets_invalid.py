"""``metadata/datasets-invalid``."""

from __future__ import annotations

from collections.abc import Iterator

from cardlint.card.nodes import Field, Kind
from cardlint.card.shapes import describe
from cardlint.card.specification import Specified
from cardlint.findings import Finding, Severity
from cardlint_rules.metadata._front_matter import evident, one_or_many, written
from cardlint_rules.metadata._ids import invalid_id
from cardlint_rules.metadata._specified import SpecifiedRule


class DatasetsInvalid(SpecifiedRule):
    """A value of `datasets` is not the id of a dataset on the Hub.

    ## What it checks
    `datasets` is one id or a list of ids, written as `org/name` (older datasets have no organization).
    Local paths, addresses, sentences and empty values are none.

    ## Why it matters
    The Hub refuses the card ("datasets[0]" with value "…" is not valid). A dataset that is named in
    words is better described in the text of the card.

    ## Example
    ```yaml
    datasets:
    - Twitter data
    ```

    ## How to fix
    ```yaml
    datasets:
    - org/name
    ```

    ## Sources
    - Hub documentation, `modelcard.md`
    - autotrain-advanced, issue 648; espnet_model_zoo, pull request 102 (the Hub's answers)
    """

    id = "metadata/datasets-invalid"
    severity = Severity.ERROR
    frameworks = ("hf:metadata", "g7-sbom-ai:datasets")

    def hold(self, field: Field, spec: Specified) -> Iterator[Finding]:
        if field.value.kind is Kind.NULL:
            yield self.nothing(field, spec)
            return
        for index, value in one_or_many(field.value):
            name = f"datasets{index}"
            wrong = invalid_id(value, "dataset") if value.kind is Kind.STR else None
            if wrong:
                yield self.finding(
                    f"{name} {wrong.said}, not the id of a dataset on the Hub: {written(value)}.",
                    value.span.location(),
                    next_step=wrong.step,
                    evidence={"datasets": evident(value.text)},
                    fix=wrong.fix,
                )
            elif value.kind is not Kind.STR:
                seen = value if value.span.start < value.span.end else field.key
                yield self.finding(
                    f"{name} is {describe(value)}, not the id of a dataset; the Hub refuses the card.",
                    seen.span.location(),
                    next_step="Write an id as org/name, or take it out.",
                    evidence={"datasets": written(value)},
                )
