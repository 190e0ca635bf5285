"""``license/unknown``."""

from __future__ import annotations

from collections.abc import Iterator

from cardlint.findings import Finding, NotChecked, Severity
from cardlint.licensing.files import Declared, Role
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule
from cardlint_licenses import Kind
from cardlint_rules.license import _at


class Unknown(Rule):
    """The declared license leaves open what is granted.

    ## What it checks
    `license: unknown` says that nobody knows. `license: other` means something only together with
    `license_name` and `license_link`, or with a license file. A license that has a name but is not
    in the catalog, and whose text is not known, is reported as not checked: its conditions cannot
    be looked at.

    ## Why it matters
    Everything that depends on the license, for you and for everybody downstream, hangs in the air.

    ## Example
    ```yaml
    license: other
    ```

    ## How to fix
    ```yaml
    license: other
    license_name: my-license-1.0
    license_link: LICENSE
    ```
    and add the text as `LICENSE`.

    ## Sources
    - Hub documentation, Model Cards: `license: other` needs `license_name` and `license_link`
    """

    id = "license/unknown"
    severity = Severity.WARNING
    needs = frozenset({Fact.FILES, Fact.LICENSES})
    frameworks = ("hf:licenses",)

    def check(self, repo: Repository) -> Iterator[Finding | NotChecked]:
        for declared in repo.licenses.declared:
            license_ = declared.license
            if license_ is None or license_.kind is not Kind.UNSTATED:
                continue
            if license_.id == "unknown":
                yield self.finding(
                    "The card declares `unknown`: what is granted is not said.",
                    declared.location,
                    next_step="Find out under which license the weights are, and declare it.",
                )
            else:
                yield from self._other(repo, declared)

    def _other(self, repo: Repository, declared: Declared) -> Iterator[Finding | NotChecked]:
        _at.need_files(repo)
        files = repo.licenses
        detected = [id_ for f in files.of(Role.LICENSE) for id_ in f.detection.ids()]
        if detected:
            return
        name = str(files.name.data) if files.name and files.name.data else None
        if name or files.link or files.of(Role.LICENSE):
            what = f"conditions of the license {name or '(other)'}"
            yield NotChecked(what, "it is not in the catalog and its text is not known")
            return
        yield self.finding(
            "The card declares `other` with no license_name, no license_link and no license file.",
            declared.location,
            next_step="Add license_name and license_link, and the text as LICENSE.",
        )
