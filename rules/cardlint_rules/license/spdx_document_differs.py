"""``license/spdx-document-differs``."""

from __future__ import annotations

from collections.abc import Iterator

from cardlint.findings import Confidence, Finding, Json, Location, NotChecked, Severity
from cardlint.licensing.spdx_documents import SpdxDeclaration, read
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule
from cardlint_rules.license import _at


class SpdxDocumentDiffers(Rule):
    """An SPDX document in the repository declares another license than the card.

    ## What it checks
    Files named `*.spdx.json` or `*.spdx` are read as SPDX 2 documents. The license that the
    document declares (or else concludes) for the package it describes is compared with the
    licenses of the card. The Hub cannot say "only" or "or later"; that difference does not count.

    ## Why it matters
    Tools that work on bills of materials never see the card, and people who read the card never see
    the document.

    ## Example
    `license: mit` in the card, `"licenseDeclared": "Apache-2.0"` in `model.spdx.json`.

    ## How to fix
    Make both say the same. `cardlint bom . --format spdx-2.3` writes the document anew.

    ## Sources
    - SPDX 2.3, clause 7.15 (declared license) and 7.13 (concluded license)
    """

    id = "license/spdx-document-differs"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    needs = frozenset({Fact.FILES, Fact.LICENSES})
    frameworks = ("hf:licenses",)

    def check(self, repo: Repository) -> Iterator[Finding | NotChecked]:
        _at.need_files(repo)
        for found in read(repo):
            if isinstance(found, NotChecked):
                yield found
            elif repo.licenses.understood:
                yield from self._compare(repo, found)

    def _compare(self, repo: Repository, found: SpdxDeclaration) -> Iterator[Finding | NotChecked]:
        if not all(found.licenses):
            yield NotChecked(found.path, f"{found.expression} is not in the catalog")
            return
        theirs = {x.id for x in found.licenses if x}
        ours = {x.id for x in repo.licenses.licenses}
        if theirs == ours:
            return
        declared = ", ".join(d.text for d in repo.licenses.declared)
        document: Json = [*sorted(theirs)]
        card: Json = [*sorted(ours)]
        yield self.finding(
            f"{found.path} says that {found.name} is under {found.expression}; the card declares "
            f"{declared}.",
            Location(found.path),
            next_step="Make the card and the document say the same.",
            evidence={"document": document, "card": card},
            related=[repo.licenses.declared[0].location],
        )
