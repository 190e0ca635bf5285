"""``metadata/gated-fields-invalid``."""

from __future__ import annotations

from cardlint.card.nodes import Field
from cardlint.card.shapes import Mismatch
from cardlint.card.specification import Specified
from cardlint.findings import Finding, Severity
from cardlint_rules.metadata._specified import SpecifiedRule


class GatedFieldsInvalid(SpecifiedRule):
    """`extra_gated_fields` is not a map of questions and their types.

    ## What it checks
    `extra_gated_fields` is a map: the name of a question, and its type: `text`, `checkbox`,
    `date_picker`, `country`, `ip_location`, or a map with `type: select` and its `options`.

    ## Why it matters
    The Hub refuses a list ("extra_gated_fields" must be of type object), although older examples show
    one. A type that it does not know leaves a question out of the form.

    ## Example
    ```yaml
    extra_gated_fields:
    - Company: text
    ```

    ## How to fix
    ```yaml
    extra_gated_fields:
      Company: text
    ```

    ## Sources
    - Hub documentation, Gated models, "Customize requested information"
    """

    id = "metadata/gated-fields-invalid"
    severity = Severity.ERROR

    def mismatch(self, found: Mismatch, spec: Specified, field: Field) -> Finding:
        """That it is a map is what the Hub asks; of the rest its answers are not known."""
        if found.value is not field.value:
            spec = Specified(spec.shape, spec.about)
        return super().mismatch(found, spec, field)
