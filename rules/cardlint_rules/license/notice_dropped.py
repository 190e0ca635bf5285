"""``license/notice-dropped``."""

from __future__ import annotations

from collections.abc import Iterator

from cardlint.findings import Edit, Finding, Fix, Severity
from cardlint.licensing.upstream_terms import Review
from cardlint.repository import Repository
from cardlint_rules.license._edges import EdgeRule
from cardlint_rules.license._notices import owed


class NoticeDropped(EdgeRule):
    """A parent has a NOTICE file, and nothing of it is carried here.

    ## What it checks
    An ancestor whose license asks for it (Apache-2.0 4(d) and licenses made after it) has a NOTICE
    file, and no line of it stands in this repository's NOTICE, third-party or license files or
    in the card. A NOTICE that is carried with lines missing or changed is
    `license/notice-altered`.

    ## Why it matters
    The attribution notices in a NOTICE file are what the parent's authors asked to be named by.
    Apache-2.0 4(d) asks every derivative that is distributed to include a readable copy of them,
    those that do not pertain to it excepted.

    ## Example
    `org/base` holds `NOTICE` with "Copyright 2025 Org. Built with help from …"; the fine-tune has
    no NOTICE and does not mention it.

    ## How to fix
    Copy the parent's NOTICE, and add your own lines below. `cardlint notice . --write` does it for
    all ancestors.

    ## Sources
    - Apache License 2.0, 4(d)
    """

    id = "license/notice-dropped"
    severity = Severity.WARNING

    def judge(self, repo: Repository, found: Review) -> Iterator[Finding]:
        for one in owed(repo, found):
            if not one.dropped:
                continue
            yield self.finding(
                f"{one.terms.label} has a {one.file.path} of {one.lines} lines, and none of them is "
                f"carried here; the {one.license.name} asks for it ({one.clause.section}).",
                one.terms.location,
                next_step=f"Copy {one.file.path} of {one.terms.parent} into this repository.",
                confidence=one.terms.confidence,
                evidence={**one.evidence(), "source": one.license.source},
                fix=None
                if repo.has("NOTICE")
                else Fix(
                    f"Add NOTICE, as in {one.terms.parent}",
                    (Edit("NOTICE", 0, 0, one.file.text.rstrip("\n") + "\n"),),
                    safe=True,
                ),
            )
