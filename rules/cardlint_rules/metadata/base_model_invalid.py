"""``metadata/base-model-invalid``."""

from __future__ import annotations

from collections.abc import Iterator

from cardlint.card.nodes import Kind, Value
from cardlint.card.shapes import describe
from cardlint.findings import Confidence, Finding, NotChecked, Severity
from cardlint.lineage.statements import LOCAL_ROOTS
from cardlint_rules.metadata._front_matter import FrontMatterRule, bounded, evident, values, written
from cardlint_rules.metadata._ids import invalid_id


class BaseModelInvalid(FrontMatterRule):
    """A `base_model` is not the id of a model on the Hub.

    ## What it checks
    `base_model` is one id, or a list of ids, written as `org/name` (a few old models have no
    organization). Local paths, addresses, free text and empty values are none. A first part that is
    a usual name of a folder (`outputs/run-1`) is a warning: the Hub takes it for an id.

    ## Why it matters
    The Hub refuses the card (`"base_model" with value "…" is not valid`). Training programs write
    the local folder they loaded from, so that the upload fails at its very end; and a lineage that
    names a folder on somebody's disk cannot be followed by anybody.

    ## Example
    ```yaml
    base_model: /home/me/models/Qwen3-4B
    ```

    ## How to fix
    ```yaml
    base_model: Qwen/Qwen3-4B
    ```

    ## Sources
    - Hub documentation, Model Cards, "Specifying a base model"
    - transformers, issues 33922 and 32212; trl, issue 1873; peft, issue 2124 (local paths refused)
    """

    id = "metadata/base-model-invalid"
    severity = Severity.ERROR
    frameworks = ("hf:metadata", "g7-sbom-ai:bases")

    def judge(self, root: Value) -> Iterator[Finding | NotChecked]:
        yield from bounded(self._wrong(root), self.id, "base_model")

    def _wrong(self, root: Value) -> Iterator[Finding]:
        for field, name, value in values(root, "base_model"):
            if value.kind is Kind.STR:
                wrong = invalid_id(value)
                if wrong:
                    yield self.finding(
                        f"{name} {wrong.said}, not the id of a model on the Hub: {written(value)}.",
                        value.span.location(),
                        next_step=wrong.step,
                        evidence={"base_model": evident(value.text)},
                        fix=wrong.fix,
                    )
                elif value.text.partition("/")[0].lower() in LOCAL_ROOTS:
                    yield self._folder(name, value)
            elif value.kind is Kind.NULL:
                where = (
                    value if value.span.start < value.span.end else field.key if field else value
                )
                yield self.finding(
                    f"{name} is empty: the Hub refuses the card.",
                    where.span.location(),
                    next_step="Write the id of the base model as org/name, or take the line out.",
                    evidence={"base_model": None},
                )
            else:
                yield self.finding(
                    f"{name} is {describe(value)}, not the id of a model: {written(value)}.",
                    value.span.location(),
                    next_step="Write base_model as one org/name, or as a list of them.",
                    evidence={"base_model": written(value)},
                )

    def _folder(self, name: str, value: Value) -> Finding:
        """The Hub takes it for an id; people and training programs mean a folder by it."""
        return self.finding(
            f"{name} is written as an id, and looks like a folder on a disk: {written(value)}.",
            value.span.location(),
            next_step="Write the id of the model that was loaded from there, as org/name.",
            severity=Severity.WARNING,
            confidence=Confidence.MEDIUM,
            evidence={"base_model": evident(value.text)},
        )
