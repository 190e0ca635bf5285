"""``metadata/license-name-missing``."""

from __future__ import annotations

from collections.abc import Iterator

from cardlint.card.nodes import Kind, Value
from cardlint.findings import Finding, Severity
from cardlint_rules.metadata._front_matter import FrontMatterRule, one_or_many


class LicenseNameMissing(FrontMatterRule):
    """`license: other` stands without the name and the place of the license.

    ## What it checks
    A card with `license: other` has `license_name` and `license_link`. Whether the link leads to a
    file that is there is the matter of `license/link-broken`.

    ## Why it matters
    "other" says only which license it is not. Nobody can follow terms that are not named, and the Hub
    shows a link only when there is one.

    ## Example
    ```yaml
    license: other
    ```

    ## How to fix
    ```yaml
    license: other
    license_name: my-model-license
    license_link: LICENSE
    ```

    ## Sources
    - Hub documentation, Licenses, "other"
    - hub-docs, issue 2651 (licenses that are not in the list)
    """

    id = "metadata/license-name-missing"
    severity = Severity.WARNING
    frameworks = ("hf:metadata", "g7-sbom-ai:license")

    def judge(self, root: Value) -> Iterator[Finding]:
        declared = root.get("license")
        others = [v for _i, v in one_or_many(declared) if v.text == "other"] if declared else []
        absent = [n for n in ("license_name", "license_link") if not _said(root, n)]
        if others and absent:
            yield self.finding(
                f"license is other, and {' and '.join(absent)} {_are(absent)} missing.",
                others[0].span.location(),
                next_step=f"Add {' and '.join(absent)}.",
                evidence={"missing": [*absent]},
            )


def _said(root: Value, name: str) -> bool:
    value = root.get(name)
    return value is not None and value.kind is not Kind.NULL and bool(value.text.strip())


def _are(names: list[str]) -> str:
    return "are" if len(names) > 1 else "is"
