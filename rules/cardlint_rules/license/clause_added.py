"""``license/clause-added``."""

from __future__ import annotations

from collections.abc import Iterator

from cardlint.findings import Confidence, Finding, Json, Severity
from cardlint.licensing.files import Role
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule
from cardlint_licenses import load
from cardlint_rules.license import _at


class ClauseAdded(Rule):
    """Terms stand beside a standard license in its file.

    ## What it checks
    A license file that holds the text of a known license holds other passages too, and they are
    worded as terms ("shall", "only", "commercial use", "prohibited"). The standing words around
    licenses (the preamble of Creative Commons, "how to apply") are known and do not count. Known
    additions, such as Kimi K2's to MIT, are licenses of their own in the catalog.

    ## Why it matters
    A restriction below the MIT text is easy to overlook, and contradicts `license: mit`. Whether
    it holds is for a person to decide.

    ## Example
    The MIT text, and below it "You may not use the model for commercial purposes."

    ## How to fix
    If the clause holds, declare `license: other` with a `license_name`; else take it out.

    ## Sources
    - licenseclassifier and every other detector measured call such a file plain MIT
      (tests/benchmarks/license_detection.py)
    """

    id = "license/clause-added"
    severity = Severity.WARNING
    confidence = Confidence.MEDIUM
    needs = frozenset({Fact.LICENSES})
    frameworks = ("hf:licenses",)

    def check(self, repo: Repository) -> Iterator[Finding]:
        _at.need_files(repo)
        for file in repo.licenses.of(Role.LICENSE):
            found = file.detection
            if not found.added:
                continue
            ids = list(found.ids())
            names = " and ".join(load(i).name for i in ids) or "a license"
            first = found.added[0]
            shown = first.text if len(first.text) <= 160 else f"{first.text[:159]}…"
            passages: Json = [p.text for p in found.added[:8]]
            licenses: Json = list(ids)
            yield self.finding(
                f"{file.path} holds the {names} and terms that are not part of it: “{shown}”.",
                file.location(first.start),
                next_step="If the terms hold, declare `other` with a license_name of its own.",
                evidence={"licenses": licenses, "passages": passages},
            )
