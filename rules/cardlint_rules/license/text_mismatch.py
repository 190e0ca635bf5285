"""``license/text-mismatch``."""

from __future__ import annotations

from collections.abc import Iterator

from cardlint.findings import Confidence, Finding, Json, Severity
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule
from cardlint_licenses import load
from cardlint_rules.license import _at, _files


class TextMismatch(Rule):
    """The license file holds the text of another license than the card declares.

    ## What it checks
    `LICENSE` (or `COPYING`) holds the full text of a license, and none of the licenses that the
    card declares (by `license`, or by `license_name` for `other`) is that one. Versions are told
    apart: Llama 3 and Llama 3.1, OpenMDW 1.0 and 1.1.

    ## Why it matters
    A reader of the card and a reader of the file believe different things, and both have grounds.

    ## Example
    `license: mit` in the card, the text of CC BY-NC 4.0 in `LICENSE`.

    ## How to fix
    Decide which one holds, and make the card and the file say it. A parent's license text belongs
    into a file of its own, such as `LICENSE-apache-2.0`.

    ## Sources
    - Hub documentation, Licenses
    - arXiv 2509.09873: names and texts of model licenses disagree in practice
    """

    id = "license/text-mismatch"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    needs = frozenset({Fact.FILES, Fact.LICENSES})
    frameworks = ("hf:licenses",)

    def check(self, repo: Repository) -> Iterator[Finding]:
        _at.need_files(repo)
        files = repo.licenses
        main = _files.main_file(repo)
        if main is None or not files.understood:
            return
        held = [m for f, m in _files.texts(repo) if f is main and m.license and m.coverage > 0.9]
        ids = list(dict.fromkeys(m.license for m in held if m.license))
        declared = [x.id for x in files.licenses]
        if not ids or set(ids) & set(declared):
            return
        first = held[0]
        names = " and ".join(load(i).name for i in ids)
        detected: Json = list(ids)
        yield self.finding(
            f"The card declares {', '.join(d.text for d in files.declared)}, and {main.path} holds "
            f"the text of the {names}.",
            files.declared[0].location,
            next_step=f"Make the card and {main.path} say the same.",
            evidence={
                "declared": list(declared),
                "detected": detected,
                "coverage": first.coverage,
                "method": first.method,
            },
            related=[main.location(first.start)],
        )
