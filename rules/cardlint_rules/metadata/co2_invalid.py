"""``metadata/co2-invalid``."""

from __future__ import annotations

from cardlint.findings import Severity
from cardlint_rules.metadata._specified import SpecifiedRule


class Co2Invalid(SpecifiedRule):
    """`co2_eq_emissions` is neither a number nor a map with `emissions`.

    ## What it checks
    `co2_eq_emissions` is a number of grams, or a map with the number `emissions` and the texts
    `source`, `training_type`, `geographical_location` and `hardware_used`.

    ## Why it matters
    The Hub shows emissions and filters by them; a text such as "12 kg" is lost to both.

    ## Example
    ```yaml
    co2_eq_emissions: 12 kg
    ```

    ## How to fix
    ```yaml
    co2_eq_emissions:
      emissions: 12000
      source: CodeCarbon
    ```

    ## Sources
    - Hub documentation, "Displaying carbon emissions for your model"
    """

    id = "metadata/co2-invalid"
    severity = Severity.WARNING
    frameworks = ("hf:metadata", "eu-gpai-documentation-form:energy")
