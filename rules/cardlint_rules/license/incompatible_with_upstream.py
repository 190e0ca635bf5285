"""``license/incompatible-with-upstream``."""

from __future__ import annotations

from collections.abc import Iterator

from cardlint.findings import Confidence, Finding, Severity
from cardlint.licensing.upstream_terms import Review, Terms, by_license
from cardlint.repository import Repository
from cardlint_licenses import Kind, License, Reuse, Topic
from cardlint_licenses.judge import Ruling
from cardlint_rules.license import _at
from cardlint_rules.license._edges import EdgeRule, declared_text, evidence_of, join


class IncompatibleWithUpstream(EdgeRule):
    """The declared license and a parent's, or those of two parents, may not go together.

    ## What it checks
    Pairs of licenses of which the texts leave open whether they go together: a noncommercial
    license over a vendor's agreement, weak copyleft on weights, adapters of restricted models,
    lists of licenses that may mean "and" or "or". And merges: two parents under different vendor
    agreements with terms on outputs, or under two share-alike licenses of which neither allows the
    other. Conflicts that the texts settle have rules of their own
    (`license/relicensed-more-permissive`, `-noncommercial-dropped`, `-share-alike-dropped`,
    `-use-restrictions-dropped`, `-no-derivatives`).

    ## Why it matters
    These are the questions to put to a person before a release, with the clauses at hand. cardlint
    names them and does not answer them.

    ## Example
    `license: cc-by-nc-4.0` over `base_model: meta-llama/Llama-3.1-8B`.

    ## How to fix
    Let a person decide; record a right that you have as a waiver in `cardlint.toml`.

    ## Sources
    - The sections named in the finding, each in `cardlint_licenses` with its source and date
    - OSADL license compatibility matrix: agreement and differences in the tests
    """

    id = "license/incompatible-with-upstream"
    severity = Severity.INFO
    confidence = Confidence.MEDIUM

    def judge(self, repo: Repository, found: Review) -> Iterator[Finding]:
        open_ = [
            t
            for t in found.terms
            if t.verdict.ruling is Ruling.NEEDS_HUMAN and t.reuse is not Reuse.OUTPUTS
        ]
        declared = declared_text(repo)
        for license_, terms in by_license(open_):
            verdict = terms[0].verdict
            yield self.finding(
                f"The card declares {declared} over {join([t.label for t in terms])} "
                f"({license_.id}): {verdict.reason} ({verdict.clause}).",
                _at.license_field(repo),
                next_step="Let a person decide; a right that you have can be recorded as a waiver.",
                evidence=evidence_of(license_, terms, declared)
                | {"ruling": verdict.ruling.value, "clause": verdict.clause},
                related=[t.location for t in terms],
            )
        yield from self._between_parents(repo, found)

    def _between_parents(self, repo: Repository, found: Review) -> Iterator[Finding]:
        merged = [t for t in found.terms if t.reuse is Reuse.MERGE]
        grouped = list(by_license(merged))
        for number, (one, of_one) in enumerate(grouped):
            for other, of_other in grouped[number + 1 :]:
                why = _clash(one, other)
                if why and not set(_names(of_one)) & set(_names(of_other)):
                    yield self.finding(
                        f"The merge has {join(_names(of_one))} ({one.id}) and "
                        f"{join(_names(of_other))} ({other.id}) for parents: {why}.",
                        _at.license_field(repo),
                        next_step="Let a person decide whether both can be kept at once.",
                        evidence={
                            "parents": [*_names(of_one), *_names(of_other)],
                            "licenses": [one.id, other.id],
                            "sources": [one.source, other.source],
                        },
                        related=[t.location for t in (*of_one, *of_other)],
                    )


def _names(terms: list[Terms]) -> list[str]:
    return [t.parent for t in terms]


def _clash(one: License, other: License) -> str | None:
    if one.kind is Kind.VENDOR and other.kind is Kind.VENDOR:
        if any(c.effect == "forbidden" for x in (one, other) for c in x.on(Topic.OUTPUT_TERMS)):
            return "two vendors' agreements, at least one with terms on improving other models"
        return "two vendors' agreements, each of which stays on its part of the weights"
    if one.on(Topic.SHARE_ALIKE) and other.on(Topic.SHARE_ALIKE):
        if one.id not in other.compatible and other.id not in one.compatible:
            return "each asks the whole to carry it, and neither names the other as compatible"
        return None
    for first, second in ((one, other), (other, one)):
        if first.on(Topic.SHARE_ALIKE) and second.kind in {Kind.VENDOR, Kind.PASSTHROUGH}:
            return f"{first.id} asks the whole to carry it, and {second.id} adds terms of its own"
    return None
