"""``license/text-altered``."""

from __future__ import annotations

from collections.abc import Iterator

from cardlint.findings import Confidence, Finding, Json, Severity
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule
from cardlint_licenses import load
from cardlint_rules.license import _at, _files


class TextAltered(Rule):
    """A license's text was changed in words that matter.

    ## What it checks
    Inside the text of a known license stand words that are not the license's, and they are words
    of terms ("noncommercial", "only", "except", "must"): or a "not" or "only" of a short license
    is missing. Names of holders, layout, case and punctuation do not count. The words are shown.

    ## Why it matters
    The file still looks like MIT, and tools and readers take it for MIT, but it grants something
    else.

    ## Example
    "… to deal in the Software for non-commercial purposes only, including …" in a text headed "MIT
    License".

    ## How to fix
    Restore the text, or give the license a name of its own: `license: other` with `license_name`.

    ## Sources
    - The texts of the SPDX license list, and those of the model licenses as hashed shingles
      (`cardlint_licenses`)
    """

    id = "license/text-altered"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    needs = frozenset({Fact.LICENSES})
    frameworks = ("hf:licenses",)

    def check(self, repo: Repository) -> Iterator[Finding]:
        _at.need_files(repo)
        for file, match in _files.texts(repo):
            if not match.altered or match.license is None:
                continue
            first = match.altered[0]
            shown = first.text if len(first.text) <= 160 else f"{first.text[:159]}…"
            passages: Json = [p.text for p in match.altered[:8]]
            yield self.finding(
                f"{file.path} is the {load(match.license).name} with other words in it: “{shown}”.",
                file.location(first.start),
                next_step="Restore the text, or declare `other` with a license_name of its own.",
                evidence={
                    "license": match.license,
                    "coverage": match.coverage,
                    "passages": passages,
                    "method": match.method,
                },
            )
