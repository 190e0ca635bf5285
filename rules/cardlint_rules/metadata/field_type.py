"""``metadata/field-type``."""

from __future__ import annotations

from cardlint.findings import Severity
from cardlint_rules.metadata._specified import SpecifiedRule


class FieldType(SpecifiedRule):
    """A field holds another kind of value than the Hub expects.

    ## What it checks
    Each field that the specification knows and that has no rule of its own is held against its type:
    text, a list of texts, true or false, a number, a map.

    ## Why it matters
    The Hub refuses some of these (an empty `language`, a `license` that is a map) and passes over
    others. Programs that read the card expect the documented type and stumble.

    ## Example
    ```yaml
    tags: merge
    license_name: 2
    ```

    ## How to fix
    ```yaml
    tags: [merge]
    license_name: "2"
    ```

    ## Sources
    - Hub documentation, `modelcard.md`
    - @huggingface/tasks, `model-data.ts`
    """

    id = "metadata/field-type"
    severity = Severity.ERROR
