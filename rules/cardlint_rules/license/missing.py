"""``license/missing``."""

from __future__ import annotations

from collections.abc import Iterator

from cardlint.card.front_matter import FrontMatter
from cardlint.errors import Unavailable
from cardlint.findings import Edit, Finding, Fix, NotChecked, Severity
from cardlint.licensing.files import Role
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule
from cardlint_licenses import load
from cardlint_rules.license import _at


class Missing(Rule):
    """The card declares no license.

    ## What it checks
    The front matter has `license` with a value. Where a license file holds the text of one license
    word for word, the message names the id to declare.

    ## Why it matters
    Without a license nobody may use the weights beyond what the law allows anyway, and the Hub,
    search and every tool downstream show none.

    ## Example
    ```yaml
    ---
    tags: [text-generation]
    ---
    ```

    ## How to fix
    ```yaml
    license: apache-2.0
    ```

    ## Sources
    - Hub documentation, Licenses
    - RamaLama, 2025: 64.4 % of 1.87 million model repositories have no license
    """

    id = "license/missing"
    severity = Severity.WARNING
    needs = frozenset({Fact.FILES, Fact.LICENSES})
    frameworks = ("hf:licenses",)

    def check(self, repo: Repository) -> Iterator[Finding | NotChecked]:
        if repo.licenses.declared:
            return
        front: FrontMatter | None = None
        try:
            front = repo.card.front_matter
        except Unavailable as reason:
            if repo.has("README.md"):
                yield NotChecked("license", reason.message, reason.remedy)
                return
        if front is not None:
            if front.root is None:
                why = "the front matter cannot be read"
                yield NotChecked("license", why, "Mend the YAML first.")
                return
            value = front.get("license")
            if value is not None and value.data not in (None, "", []):
                return  # of a wrong type: metadata/license-unknown says so
        found = _detected(repo)
        hint = f" {found[1]} holds the text of the {load(found[0]).name}." if found else ""
        step = f"Write `license: {found[0]}`." if found else "Write `license:` with the Hub's id."
        yield self.finding(
            f"The card declares no license.{hint}",
            _at.license_field(repo),
            next_step=step,
            evidence={"detected": found[0] if found else None},
            fix=_declare(front, found[0]) if found and front is not None else None,
        )


def _detected(repo: Repository) -> tuple[str, str] | None:
    """The one license whose whole text is in the license files, as a Hub id, and where."""
    found: dict[str, str] = {}
    for file in repo.licenses.of(Role.LICENSE):
        for match in file.detection.matches:
            if match.whole and match.license and load(match.license).hub:
                found.setdefault(load(match.license).hub[0], file.path)
    return next(iter(found.items())) if len(found) == 1 else None


def _declare(front: FrontMatter, id_: str) -> Fix | None:
    if front.field("license"):
        return None
    at = front.inner.start
    return Fix(f"Declare {id_}", (Edit("README.md", at, at, f"license: {id_}\n"),), safe=False)
