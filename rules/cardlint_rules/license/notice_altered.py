"""``license/notice-altered``."""

from __future__ import annotations

from collections.abc import Iterator

from cardlint.findings import Finding, Severity
from cardlint.licensing import kept
from cardlint.licensing.upstream_terms import Review
from cardlint.repository import Repository
from cardlint_licenses import Topic
from cardlint_rules.license import _at
from cardlint_rules.license._edges import EdgeRule


class NoticeAltered(EdgeRule):
    """A parent's NOTICE is carried here, with lines missing or changed.

    ## What it checks
    An ancestor whose license asks for it (Apache-2.0 4(d)) has a NOTICE file. Some of its lines
    stand in this repository's notices or card, and some stand nowhere. Layout and case do not
    count. The missing lines are shown.

    ## Why it matters
    Apache-2.0 4(d) lets you add your own attribution notices beside those of the NOTICE file, as
    long as they "cannot be construed as modifying the License". Lines may be left out only where
    they do not pertain to any part of your derivative, which a person must judge.

    ## Example
    The parent's NOTICE names two holders; the one here names the first.

    ## How to fix
    Put the missing lines back, or note why they do not pertain to this model.

    ## Sources
    - Apache License 2.0, 4(d)
    """

    id = "license/notice-altered"
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
                if not lost or len(lost) == len(lines):
                    continue
                section = asking[0].on(Topic.NOTICE_FILE)[0].section
                own = kept.notices(repo.licenses)
                shown = "; ".join(f"“{line[:80]}”" for line in lost[:3])
                yield self.finding(
                    f"{len(lost)} of {len(lines)} lines of {file.path} of {terms.label} stand "
                    f"nowhere here: {shown}. The {asking[0].name} asks for its attribution "
                    f"notices ({section}).",
                    own[0].location() if own else terms.location,
                    next_step="Put the lines back, unless they pertain to nothing in this model.",
                    confidence=terms.confidence,
                    evidence={
                        "upstream": terms.parent,
                        "path": file.path,
                        "lines": [line[:300] for line in lost[:40]],
                        "section": section,
                    },
                    related=[terms.location],
                )
