"""``license/change-notice-missing``."""

from __future__ import annotations

from collections.abc import Iterator

from cardlint.findings import Confidence, Finding, Json, Severity
from cardlint.licensing import kept
from cardlint.licensing.upstream_terms import Review, by_license
from cardlint.repository import Repository
from cardlint_licenses import Topic
from cardlint_rules.license import _at
from cardlint_rules.license._edges import (
    EdgeRule,
    declared_text,
    evidence_of,
    handled_as_dropped_terms,
    join,
    owes,
    weight,
)


class ChangeNoticeMissing(EdgeRule):
    """A parent's license asks for a statement of changes, and none is found.

    ## What it checks
    The license of a parent, or a parent's parent, asks modified files to carry notices that they
    were changed (Apache-2.0 4(b), OpenRAIL 4(c), Gemma 3.1(3), CC BY 3(a)(1)(B) and the like). A
    sentence is looked for that says that weights, files, tensors or checkpoints were modified,
    fine-tuned, merged, quantized or converted: in the NOTICE and third-party files, or in the card
    beside the parent's name. Where another license is declared over a permissive one,
    `license/upstream-terms-dropped` tells it together with the rest.

    ## Why it matters
    Binary weights cannot carry a comment. A sentence in NOTICE or the card is how the condition is
    met in practice, and the one place where a reader learns what is whose.

    ## Example
    An Apache-2.0 fine-tune of an Apache-2.0 model with no NOTICE, whose card speaks of its scores
    alone.

    ## How to fix
    ```text
    The weights in this repository are modified weights of org/base (fine-tuned, all files).
    ```
    `cardlint notice . --write` puts it into NOTICE.

    ## Sources
    - Apache License 2.0, 4(b)
    - The sections of other licenses are in `cardlint_licenses`, each with its source and date
    """

    id = "license/change-notice-missing"
    severity = Severity.WARNING
    confidence = Confidence.MEDIUM

    def judge(self, repo: Repository, found: Review) -> Iterator[Finding]:
        papers = _at.papers(repo)
        for license_, terms in by_license(found.terms):
            if handled_as_dropped_terms(repo, license_):
                continue
            for condition in license_.on(Topic.STATE_CHANGES)[:1]:
                owing = [t for t in terms if owes(t, condition)]
                names = [n for t in owing for p in t.path for n in kept.names_of(p)]
                if not owing or papers.change_notice(names):
                    continue
                searched: Json = [*sorted(papers.words)]
                severity, confidence = weight(owing, condition, self.severity)
                yield self.finding(
                    f"No statement that weights or files of {join([t.label for t in owing])} "
                    f"({license_.id}) were changed is found in the notices or the card; the "
                    f"{license_.name} asks for one ({condition.section}).",
                    owing[0].location,
                    next_step="Say in NOTICE which files are modified and how.",
                    severity=severity,
                    confidence=max(confidence, self.confidence, key=lambda c: c.rank),
                    evidence=evidence_of(license_, owing, declared_text(repo))
                    | {"section": condition.section, "searched": searched},
                    related=[t.location for t in owing[1:]],
                )
