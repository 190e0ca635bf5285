"""``license/family-without-version``."""

from __future__ import annotations

from collections.abc import Iterator

from cardlint.findings import Edit, Finding, Fix, Severity
from cardlint.licensing.files import Role
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule
from cardlint_licenses import Kind, load

_STEMS = {
    "gpl": "gpl-",
    "lgpl": "lgpl-",
    "cc": "cc",
    "bsd": "bsd-",
    "gfdl": "gfdl-",
    "openrail": "",
}


class FamilyWithoutVersion(Rule):
    """The declared license is a family of licenses, not one of them.

    ## What it checks
    `license` is not `gpl`, `lgpl`, `gfdl`, `bsd`, `cc` or `openrail`: the Hub accepts these ids,
    and none says which version, clauses or elements hold. Where a license file holds the text of
    one member of the family, the message names it.

    ## Why it matters
    `cc` may be CC0 or CC BY-NC-ND: the one allows everything, the other hardly anything. GPL 2 and
    GPL 3 do not go together.

    ## Example
    ```yaml
    license: cc
    ```

    ## How to fix
    ```yaml
    license: cc-by-4.0
    ```

    ## Sources
    - Hub documentation, Licenses (the table of ids)
    - The SPDX license list, which has no such ids
    """

    id = "license/family-without-version"
    severity = Severity.WARNING
    needs = frozenset({Fact.FILES, Fact.LICENSES})
    frameworks = ("hf:licenses",)

    def check(self, repo: Repository) -> Iterator[Finding]:
        texts = {
            id_: file.path
            for file in repo.licenses.of(Role.LICENSE)
            for id_ in file.detection.ids()
            if load(id_).hub
        }
        front = repo.card.front_matter if repo.licenses.declared else None
        for number, declared in enumerate(repo.licenses.declared):
            license_ = declared.license
            if license_ is None or license_.kind is not Kind.FAMILY:
                continue
            members = [x for x in texts if x.startswith(_STEMS[license_.id]) or license_.id in x]
            member = members[0] if len(members) == 1 else None
            fix = None
            if member and front is not None:
                at = front.strings("license")[number].span
                edit = Edit("README.md", at.start, at.end, member)
                fix = Fix(f"Declare {member}, as in {texts[member]}", (edit,), safe=False)
            yield self.finding(
                f"`{declared.text}` is a family of licenses and says neither version nor clauses."
                + (f" {texts[member]} holds the text of {member}." if member else ""),
                declared.location,
                next_step=f"Declare {member}." if member else "Declare the one license you mean.",
                evidence={"detected": member},
                fix=fix,
            )
