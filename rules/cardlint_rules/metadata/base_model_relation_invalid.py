"""``metadata/base-model-relation-invalid``."""

from __future__ import annotations

from collections.abc import Iterator

from cardlint.card.nodes import Field, Kind
from cardlint.card.specification import Specified
from cardlint.card.vocabulary import RELATIONS, nearest
from cardlint.findings import Finding, Severity
from cardlint_rules.metadata._front_matter import evident, replace, rewrite, written
from cardlint_rules.metadata._specified import SpecifiedRule

_OTHER_WORDS = {
    "fine-tune": "finetune",
    "fine-tuned": "finetune",
    "finetuned": "finetune",
    "fine tune": "finetune",
    "merged": "merge",
    "quant": "quantized",
    "quantised": "quantized",
    "quantization": "quantized",
    "quantize": "quantized",
    "lora": "adapter",
}


class BaseModelRelationInvalid(SpecifiedRule):
    """`base_model_relation` is none of the four relations.

    ## What it checks
    `base_model_relation` is `adapter`, `finetune`, `merge` or `quantized`.

    ## Why it matters
    The Hub draws the model tree from it. A word that it does not know leaves the model where the Hub
    guesses it to be.

    ## Example
    ```yaml
    base_model_relation: fine-tuned
    ```

    ## How to fix
    ```yaml
    base_model_relation: finetune
    ```

    ## Sources
    - Hub documentation, Model Cards, "Specifying a base model"
    """

    id = "metadata/base-model-relation-invalid"
    severity = Severity.WARNING
    frameworks = ("hf:metadata", "g7-sbom-ai:bases")

    def hold(self, field: Field, spec: Specified) -> Iterator[Finding]:
        value = field.value
        if value.kind is not Kind.STR:
            yield from super().hold(field, spec)
            return
        text = value.text.strip().lower()
        if value.text in RELATIONS:
            return
        meant = _OTHER_WORDS.get(text) or nearest(text, RELATIONS)
        known = ", ".join(RELATIONS)
        yield self.finding(
            f"{written(value)} is no relation that the Hub knows.",
            value.span.location(),
            next_step=f"Write {meant}." if meant else f"Write one of {known}.",
            evidence={"base_model_relation": evident(value.text)},
            fix=replace(value.span, rewrite(value, meant), f"Write {meant}", safe=True)
            if meant
            else None,
        )
