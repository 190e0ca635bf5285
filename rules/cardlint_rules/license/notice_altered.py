"""``license/notice-altered``."""

from __future__ import annotations

from collections.abc import Iterator

from cardlint.findings import Finding, Severity
from cardlint.licensing import kept
from cardlint.licensing.upstream_terms import Review
from cardlint.repository import Repository
from cardlint_rules.license._edges import EdgeRule
from cardlint_rules.license._notices import owed


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
        for one in owed(repo, found):
            if one.dropped:
                continue
            own = kept.notices(repo.licenses)
            shown = "; ".join(f"“{line[:80]}”" for line in one.lost[:3])
            yield self.finding(
                f"{len(one.lost)} of {one.lines} lines of {one.file.path} of {one.terms.label} stand "
                f"nowhere here: {shown}. The {one.license.name} asks for its attribution "
                f"notices ({one.clause.section}).",
                own[0].location() if own else one.terms.location,
                next_step="Put the lines back, unless they pertain to nothing in this model.",
                confidence=one.terms.confidence,
                evidence=one.evidence(),
                related=[one.terms.location],
            )
