"""``license/text-missing``."""

from __future__ import annotations

from collections.abc import Iterator

from cardlint.errors import Unavailable
from cardlint.findings import Finding, Location, NotChecked, Severity
from cardlint.licensing.kept import Papers
from cardlint.licensing.upstream_terms import Terms, by_license, review
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule
from cardlint_licenses import License, Topic
from cardlint_rules.license import _at
from cardlint_rules.license._edges import handled_as_dropped_terms, join, weight


class TextMissing(Rule):
    """A license asks for a copy of its text, and the text is not here.

    ## What it checks
    Every license that the card declares, or that a parent is under, and that asks to be handed on
    with the material (Apache 4(a), the permission notice of MIT, "provide a copy of this
    Agreement" of the vendors) is here as a file. Creative Commons licenses are content with their
    address. Headers, parts and altered texts have rules of their own; another license over a
    permissive parent's is told by `license/upstream-terms-dropped`.

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
        if not any(repo.files):
            return
        for declared in repo.licenses.declared:
            license_ = declared.license
            if license_ is not None:
                yield from self._one(repo, papers, license_, declared.location, None)
        try:
            found = review(repo)
        except Unavailable:
            return  # what the ancestors are under is told by the rules about them
        mine = {x.id for x in repo.licenses.licenses}
        for license_, terms in by_license(found.terms):
            asking = [t for t in terms if license_.on(Topic.COPY, t.reuse)]
            if asking and license_.id not in mine and not handled_as_dropped_terms(repo, license_):
                yield from self._one(repo, papers, license_, asking[0].location, asking)

    def _one(
        self,
        repo: Repository,
        papers: Papers,
        license_: License,
        at: Location,
        terms: list[Terms] | None,
    ) -> Iterator[Finding | NotChecked]:
        """A license whose text must be here: declared, or that of ancestors."""
        clause = next(iter(license_.on(Topic.COPY)), None)
        if clause is None or clause.confidence != "read":
            return
        copy = papers.copy_of(license_)
        if copy.state == "unclear" and copy.file is not None:
            why = "; ".join(copy.file.detection.withheld)
            yield NotChecked(f"text of the {license_.name} in {copy.file.path}", why)
        linked = license_.id.startswith("cc-") and papers.linked(license_)
        if copy.state != "absent" or linked:
            return
        severity, confidence = (
            weight(terms, clause, self.severity) if terms else (self.severity, self.confidence)
        )
        whose = (
            f"{join([t.label for t in terms])} {'is' if len(terms) == 1 else 'are'} under "
            f"{license_.id}"
            if terms
            else f"The card declares {license_.id}"
        )
        path = f"LICENSE-{license_.id}" if terms else "LICENSE"
        yield self.finding(
            f"{whose}, and the text of the {license_.name} is not in this repository; the license "
            f"asks for it ({clause.section}).",
            at,
            next_step=f"Add the text of the {license_.name} as {path}.",
            severity=severity,
            confidence=confidence,
            evidence={
                "license": license_.id,
                "upstream": [t.parent for t in terms] if terms else None,
                "section": clause.section,
                "source": license_.source,
                "verified": license_.verified.isoformat(),
                "files_read": [f.path for f in repo.licenses.files],
            },
            fix=_at.bring_text(repo, license_, path),
        )
