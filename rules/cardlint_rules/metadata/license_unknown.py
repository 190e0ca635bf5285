"""``metadata/license-unknown``."""

from __future__ import annotations

from collections.abc import Iterator

from cardlint.card import vocabulary
from cardlint.card.nodes import Kind, Value
from cardlint.findings import Finding, Fix, NotChecked, Severity
from cardlint_rules.metadata._front_matter import (
    FrontMatterRule,
    bounded,
    evident,
    replace,
    rewrite,
    values,
    written,
)


class LicenseUnknown(FrontMatterRule):
    """The card's `license` is not an id of the Hub's list.

    ## What it checks
    Every value of `license` is one of the ids that the Hub accepts. The list is the Hub's own, not
    SPDX's: the Hub writes ids in lower case, has no word for "or later" and "only", and knows
    licenses that SPDX does not. The message says both where they differ.

    ## Why it matters
    The Hub refuses the card ("license" must be one of …); an id in capitals is a warning only. An id that no program knows also hides
    the license from everybody who filters by it.

    ## Example
    ```yaml
    license: apache2
    ```

    ## How to fix
    ```yaml
    license: apache-2.0
    ```
    A license that is not in the list is written as `license: other` with `license_name` and
    `license_link`.

    ## Sources
    - Hub documentation, Licenses (the table of ids)
    - huggingface_hub, issue 4218: `gpl-2.0-or-later` is refused
    """

    id = "metadata/license-unknown"
    severity = Severity.ERROR
    frameworks = ("hf:metadata", "g7-sbom-ai:license")

    def judge(self, root: Value) -> Iterator[Finding | NotChecked]:
        yield from bounded(self._wrong(root), self.id, "license")

    def _wrong(self, root: Value) -> Iterator[Finding]:
        for _field, _name, value in values(root, "license"):
            if value.kind is Kind.STR and value.text not in vocabulary.licenses():
                yield self._said(value)

    def _said(self, value: Value) -> Finding:
        text = value.text.strip()
        hint, step, fix = _advice(value, text)
        # Old cards with `MIT` are served as mit; that new ones are refused is not known.
        in_capitals = text.lower() in vocabulary.licenses()
        return self.finding(
            f"{written(value) or 'An empty text'} is not a license id of the Hub{hint}.",
            value.span.location(),
            next_step=step,
            severity=Severity.WARNING if in_capitals else Severity.ERROR,
            evidence={"license": evident(text), "vocabulary_date": vocabulary.date()},
            fix=fix,
        )


def _advice(value: Value, text: str) -> tuple[str, str, Fix | None]:
    """What to add to the message, the next step and the fix."""

    def change(id_: str, *, safe: bool) -> Fix:
        return replace(value.span, rewrite(value, id_), f"Write {id_}", safe=safe)

    if spelled := vocabulary.license_spelled(text):
        return f": it is spelled {spelled} there", f"Write {spelled}.", change(spelled, safe=True)
    if near := vocabulary.license_of_spdx(text):
        hint = f": {text} is an SPDX id, and the Hub's nearest id is {near}"
        step = (
            f"Write {near}, or `license: other` with `license_name: {text}` and `license_link` "
            "to keep what SPDX's id adds."
        )
        return hint, step, change(near, safe=False)
    named = f"`license: other` with `license_name: {text}` and `license_link`"
    if vocabulary.is_spdx(text):
        return f": {text} is an SPDX id that the Hub's list lacks", f"Write {named}.", None
    if close := vocabulary.license_meant(text):
        return "", f"Did you mean {close}?", change(close, safe=False)
    other = "Write `license: other`, and name it with `license_name` and `license_link`."
    return "", other, None
