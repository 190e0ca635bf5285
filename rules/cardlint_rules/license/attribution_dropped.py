"""``license/attribution-dropped``."""

from __future__ import annotations

from collections.abc import Iterator

from cardlint.findings import Finding, Json, Severity
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


class AttributionDropped(EdgeRule):
    """A parent's copyright statements stand nowhere here.

    ## What it checks
    The license, NOTICE and authors files of every ancestor are searched for copyright statements
    ("Copyright 2025 Org"). Where the ancestor's license asks for them to be kept, each must stand
    somewhere in this repository's license files, notices or card. Statements of the licenses' own
    stewards, and unfilled templates, do not count. Where another license is declared over a
    permissive one, `license/upstream-terms-dropped` tells it together with the rest.

    ## Why it matters
    It is the least that every license but a public-domain dedication asks for.

    ## Example
    The parent's `LICENSE` begins with "Copyright (c) 2025 Base Org"; the fine-tune's begins with
    its own line alone.

    ## How to fix
    Keep the parent's line and add your own below. `cardlint notice . --write` collects them.

    ## Sources
    - MIT License, paragraph on the notice; Apache License 2.0, 4(c); BSD, conditions 1 and 2
    - arXiv 2602.08816: 3.2 % of permissively licensed models have text and copyright notice
    """

    id = "license/attribution-dropped"
    severity = Severity.WARNING

    def judge(self, repo: Repository, found: Review) -> Iterator[Finding]:
        papers = _at.papers(repo)
        for license_, terms in by_license(found.terms):
            if handled_as_dropped_terms(repo, license_):
                continue
            for condition in license_.on(Topic.ATTRIBUTION)[:1]:
                lost: dict[str, list[str]] = {}
                for one in terms:
                    gone = kept.lost_copyrights(one.repo.licenses, papers)
                    if gone and owes(one, condition):
                        lost[one.parent] = gone
                if not lost:
                    continue
                owing = [t for t in terms if t.parent in lost]
                severity, confidence = weight(owing, condition, self.severity)
                first = next(iter(lost.values()))[0]
                statements: Json = {parent: list(lines) for parent, lines in lost.items()}
                yield self.finding(
                    f"Copyright statements of {join(list(lost))} ({license_.id}) stand nowhere "
                    f"here, the first of them “{first[:120]}”; the {license_.name} asks for them "
                    f"to be kept ({condition.section}).",
                    owing[0].location,
                    next_step="Put the statements back into LICENSE or NOTICE.",
                    severity=severity,
                    confidence=confidence,
                    evidence=evidence_of(license_, owing, declared_text(repo))
                    | {"section": condition.section, "statements": statements},
                    related=[t.location for t in owing[1:]],
                )
