"""``metadata/license-name-missing``."""

from __future__ import annotations

from collections.abc import Iterator

from cardlint.card.nodes import Kind, Value
from cardlint.findings import Finding, NotChecked, Severity
from cardlint.repository import Repository
from cardlint_rules.metadata._front_matter import FrontMatterRule, one_or_many, written


class LicenseNameMissing(FrontMatterRule):
    """`license: other` stands without the name and the place of the license.

    ## What it checks
    A card with `license: other` has `license_name` and `license_link`; the link is an address or the
    path of a file of the repository.

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

    def check(self, repo: Repository) -> Iterator[Finding | NotChecked]:
        yield from super().check(repo)
        front = repo.card.front_matter
        link = front.get("license_link") if front else None
        if link is None or link.kind is not Kind.STR or "://" in link.text:
            return
        path = link.text.strip().removeprefix("./").partition("#")[0]
        if path and not repo.has(path):
            yield self.finding(
                f"license_link names {written(link)}, and the repository has no such file.",
                link.span.location(),
                next_step=f"Add {path}, or write the address of the license.",
                evidence={"license_link": link.text},
            )

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
