"""``license/text-missing``."""

from __future__ import annotations

from collections.abc import Iterator

from cardlint.findings import Finding, NotChecked, Severity
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule
from cardlint_licenses import Topic
from cardlint_rules.license import _at


class TextMissing(Rule):
    """A license is declared that asks for a copy of its text, and the text is not here.

    ## What it checks
    Every license that the card declares and that asks to be handed on with the material (Apache
    4(a), the permission notice of MIT, "provide a copy of this Agreement" of the vendors) is here
    as a file. Creative Commons licenses are content with their address. Headers, parts and altered
    texts have rules of their own.

    ## Why it matters
    Who downloads the weights gets the files of this repository and nothing else. Without the text,
    the recipients do not have what the license says they shall have, and whoever redistributes
    further cannot keep the condition.

    ## Example
    `license: mit` in the card, and no `LICENSE` in the repository.

    ## How to fix
    Add the text as `LICENSE`. Where a parent's repository holds it word for word, or the license
    is Apache-2.0, `cardlint fix` brings it; nothing is made up.

    ## Sources
    - Apache License 2.0, 4(a); MIT License, paragraph on the notice; the sections of the others are
      in `cardlint_licenses`, each with its source and date
    - arXiv 2602.08816: 95.8 % of permissively licensed models lack the required text
    """

    id = "license/text-missing"
    severity = Severity.WARNING
    needs = frozenset({Fact.FILES, Fact.LICENSES})
    frameworks = ("hf:licenses",)

    def check(self, repo: Repository) -> Iterator[Finding | NotChecked]:
        papers = _at.papers(repo)
        for declared in repo.licenses.declared:
            license_ = declared.license
            if license_ is None or not license_.on(Topic.COPY):
                continue
            copy = papers.copy_of(license_)
            if copy.state == "unclear" and copy.file is not None:
                why = "; ".join(copy.file.detection.withheld)
                yield NotChecked(f"text of the {license_.name} in {copy.file.path}", why)
            if copy.state != "absent":
                continue
            if license_.id.startswith("cc-") and papers.linked(license_):
                continue
            clause = license_.on(Topic.COPY)[0]
            if clause.confidence != "read":
                continue
            if not any(repo.files):
                continue
            yield self.finding(
                f"The card declares {declared.text}, and the text of the {license_.name} is not "
                f"in this repository; the license asks for it ({clause.section}).",
                declared.location,
                next_step=f"Add the text of the {license_.name} as LICENSE.",
                evidence={
                    "license": license_.id,
                    "section": clause.section,
                    "source": license_.source,
                    "verified": license_.verified.isoformat(),
                    "files_read": [f.path for f in repo.licenses.files],
                },
                fix=_at.bring_text(repo, license_, "LICENSE"),
            )
