"""``metadata/widget-invalid``."""

from __future__ import annotations

from collections.abc import Iterator

from cardlint.card.nodes import Field, Kind
from cardlint.card.shapes import Mismatch
from cardlint.card.specification import WIDGET_INPUTS, Specified
from cardlint.findings import Finding, Severity
from cardlint_rules.metadata._front_matter import clip
from cardlint_rules.metadata._specified import SpecifiedRule


class WidgetInvalid(SpecifiedRule):
    """The `widget` examples are not as the Hub shows them.

    ## What it checks
    `widget` is a list of examples. Each is a map that shows an input: `text`, `messages`, `src`,
    `table`, `structured_data`, `source_sentence` with `sentences`, `context` or `prompt`.

    ## Why it matters
    The Hub refuses a `widget` that is no list ("widget" must be an array). An example without an input
    is not shown.

    ## Example
    ```yaml
    widget:
      text: Hello
    ```

    ## How to fix
    ```yaml
    widget:
    - text: Hello
    ```

    ## Sources
    - Hub documentation, Model widgets
    - @huggingface/tasks, `widget-example.ts`
    - ai-toolkit, issue 260 (text of the Hub's answer)
    """

    id = "metadata/widget-invalid"
    severity = Severity.ERROR

    def hold(self, field: Field, spec: Specified) -> Iterator[Finding]:
        yield from super().hold(field, spec)
        for number, example in enumerate(field.value.items):
            names = {f.name for f in example.fields}
            if example.kind is Kind.MAP and names.isdisjoint(WIDGET_INPUTS):
                yield self.finding(
                    f"widget[{number}] shows no input.",
                    example.span.location(),
                    next_step=f"Add one of {', '.join(WIDGET_INPUTS)}.",
                    severity=Severity.INFO,
                    evidence={
                        "field": f"widget[{number}]",
                        "keys": [clip(name) for name in sorted(names)[:20]],
                    },
                )

    def mismatch(self, found: Mismatch, spec: Specified, field: Field) -> Finding:
        """That it is a list is what the Hub asks; of the rest its answers are not known."""
        if found.value is not field.value:
            spec = Specified(spec.shape, spec.about)
        return super().mismatch(found, spec, field)
