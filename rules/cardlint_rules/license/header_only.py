"""``license/header-only``."""

from __future__ import annotations

from collections.abc import Iterator

from cardlint.findings import Finding, Severity
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule
from cardlint_licenses import Topic
from cardlint_rules.license import _at


class HeaderOnly(Rule):
    """The license file holds the short notice, or a part, of a license and not the text.

    ## What it checks
    The card declares a license that asks for a copy of its text; a license file holds its standard
    notice ("Licensed under the Apache License, Version 2.0 …") or a part of the text, and none
    holds the whole.

    ## Why it matters
    The notice says which license applies; it is not the copy that the license asks for.

    ## Example
    `LICENSE` with the eleven lines that Apache-2.0 recommends for source files.

    ## How to fix
    Put the whole text into `LICENSE`; the notice belongs into NOTICE or the card.

    ## Sources
    - Apache License 2.0, 4(a) and the appendix
    """

    id = "license/header-only"
    severity = Severity.WARNING
    needs = frozenset({Fact.LICENSES})
    frameworks = ("hf:licenses",)

    def check(self, repo: Repository) -> Iterator[Finding]:
        papers = _at.papers(repo)
        for license_ in repo.licenses.licenses:
            found = papers.copy_of(license_)
            if found.state not in {"header", "partial"} or not license_.on(Topic.COPY):
                continue
            if found.file is None or found.match is None:
                continue
            what = "its notice" if found.state == "header" else "a part of its text"
            clause = license_.on(Topic.COPY)[0]
            yield self.finding(
                f"The card declares {license_.id}; {found.file.path} holds {what} and not the text "
                f"of the {license_.name} ({clause.section}).",
                found.file.location(found.match.start),
                next_step=f"Put the whole text of the {license_.name} into LICENSE.",
                evidence={
                    "license": license_.id,
                    "state": found.state,
                    "coverage": found.match.coverage,
                },
                fix=_at.bring_text(repo, license_, "LICENSE"),
            )
