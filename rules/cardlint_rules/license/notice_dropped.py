"""``license/notice-dropped``."""

from __future__ import annotations

from collections.abc import Iterator

from cardlint.findings import Edit, Finding, Fix, Severity
from cardlint.licensing import kept
from cardlint.licensing.upstream_terms import Review
from cardlint.repository import Repository
from cardlint_licenses import Topic
from cardlint_rules.license import _at
from cardlint_rules.license._edges import EdgeRule


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
        papers = _at.papers(repo)
        for terms in found.terms:
            asking = [x for x in terms.licenses if x.on(Topic.NOTICE_FILE, terms.reuse)]
            if not asking:
                continue
            for file in kept.notices(terms.repo.licenses):
                lines = [line for line in file.text.splitlines() if line.strip()]
                lost = kept.lost_lines(file, papers)
                if not lost or len(lost) < len(lines):
                    continue
                clause = asking[0].on(Topic.NOTICE_FILE)[0]
                yield self.finding(
                    f"{terms.label} has a {file.path} of {len(lines)} lines, and none of them is "
                    f"carried here; the {asking[0].name} asks for it ({clause.section}).",
                    terms.location,
                    next_step=f"Copy {file.path} of {terms.parent} into this repository.",
                    confidence=terms.confidence,
                    evidence={
                        "upstream": terms.parent,
                        "path": file.path,
                        "lines": [line[:300] for line in lost[:40]],
                        "section": clause.section,
                        "source": asking[0].source,
                    },
                    fix=None
                    if repo.has("NOTICE")
                    else Fix(
                        f"Add NOTICE, as in {terms.parent}",
                        (Edit("NOTICE", 0, 0, file.text.rstrip("\n") + "\n"),),
                        safe=True,
                    ),
                )
