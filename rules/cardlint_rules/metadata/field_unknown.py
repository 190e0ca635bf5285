"""``metadata/field-unknown``."""

from __future__ import annotations

from collections.abc import Iterator

from cardlint.card.nodes import Value
from cardlint.card.specification import CUSTOM, FIELDS
from cardlint.card.vocabulary import nearest
from cardlint.findings import Finding, NotChecked, Severity
from cardlint_rules.metadata._front_matter import FrontMatterRule, bounded, replace

_OTHER_NAMES = {
    "basemodel": "base_model",
    "base_models": "base_model",
    "base-model": "base_model",
    "dataset": "datasets",
    "languages": "language",
    "library": "library_name",
    "licence": "license",
    "licenses": "license",
    "metric": "metrics",
    "model_index": "model-index",
    "pipeline": "pipeline_tag",
    "pipeline-tag": "pipeline_tag",
    "pipeline_tags": "pipeline_tag",
    "tag": "tags",
    "task": "pipeline_tag",
    "tasks": "pipeline_tag",
}


class FieldUnknown(FrontMatterRule):
    """A field is not part of the specification, and looks like one that is.

    ## What it checks
    A top-level key that the specification does not know is within two letters of one that it knows, or
    is a known other name of one (`licence`, `languages`, `base_models`). Other unknown keys are the
    author's own and are left alone.

    ## Why it matters
    The Hub reads only the exact key: a license under `licence` is no license.

    ## Example
    ```yaml
    licence: mit
    ```

    ## How to fix
    ```yaml
    license: mit
    ```

    ## Sources
    - Hub documentation, `modelcard.md`
    """

    id = "metadata/field-unknown"
    severity = Severity.WARNING

    def judge(self, root: Value) -> Iterator[Finding | NotChecked]:
        yield from bounded(self._wrong(root), self.id, "the front matter")

    def _wrong(self, root: Value) -> Iterator[Finding]:
        present = {field.name for field in root.fields}
        for field in root.fields:
            name = field.name
            if name in FIELDS or name in CUSTOM:
                continue
            meant = _OTHER_NAMES.get(name.lower()) or nearest(name, FIELDS)
            if meant:
                taken = meant in present
                yield self.finding(
                    f"{name} is not a field that the Hub reads"
                    + (f", and {meant} is there as well." if taken else "."),
                    field.key.span.location(),
                    next_step=f"Take it out, or put its value under {meant}."
                    if taken
                    else f"Did you mean {meant}?",
                    evidence={"field": name, "meant": meant},
                    fix=None
                    if taken or name.startswith("task")
                    else replace(field.key.span, meant, f"Write {meant}", safe=False),
                )
