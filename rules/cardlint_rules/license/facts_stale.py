"""``license/facts-stale``."""

from __future__ import annotations

from collections.abc import Iterator

from cardlint.errors import Unavailable
from cardlint.findings import Finding, Severity
from cardlint.ignoring import today
from cardlint.licensing.upstream_terms import review
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule
from cardlint_rules.license import _at


class FactsStale(Rule):
    """What cardlint knows of a license was last verified long ago.

    ## What it checks
    Every fact in the catalog has the date on which it was last held against its source. Where the
    facts about a license of this model or of an ancestor are older than `days` (365), this says so.

    ## Why it matters
    Vendors re-date their terms (Gemma's three times in two years). A verdict from old facts may be
    a verdict on old terms.

    ## Example
    Facts about the Gemma Terms of Use verified on 2026-11-22, read in 2028.

    ## How to fix
    Update cardlint; or read the license at its address, and pull-request the change.

    ## Sources
    - `cardlint_licenses`, `verified` of each license
    """

    id = "license/facts-stale"
    severity = Severity.INFO
    needs = frozenset({Fact.LICENSES})
    frameworks = ("hf:licenses",)
    options = {"days": 365}  # noqa: RUF012  # a ClassVar in the base class

    def check(self, repo: Repository) -> Iterator[Finding]:
        licenses = {x.id: x for x in repo.licenses.licenses if x.conditions}
        try:
            for terms in review(repo).terms:
                licenses.update({x.id: x for x in terms.licenses if x.conditions})
        except Unavailable:
            pass  # what the ancestors are under is told by the rules about them
        for license_ in licenses.values():
            age = (today() - license_.verified).days
            if age > self.option["days"]:
                yield self.finding(
                    f"What is known of the {license_.name} was verified on {license_.verified}, "
                    f"{age} days ago.",
                    _at.license_field(repo),
                    next_step=f"Update cardlint, or read {license_.url or 'the license'} yourself.",
                    evidence={
                        "license": license_.id,
                        "verified": license_.verified.isoformat(),
                        "days": age,
                        "source": license_.source,
                    },
                )
