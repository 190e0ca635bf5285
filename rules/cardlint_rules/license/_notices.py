"""The notices that upstream licenses ask to be carried, and what of each is missing here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cardlint.findings import Json
from cardlint.licensing import kept
from cardlint.licensing.files import LicenseFile
from cardlint.licensing.upstream_terms import Review, Terms
from cardlint.repository import Repository
from cardlint_licenses import Condition, License, Topic
from cardlint_rules.license import _at


@dataclass(frozen=True, slots=True)
class Owed:
    """One NOTICE of an ancestor of which lines stand nowhere in this repository."""

    terms: Terms
    license: License
    """The first of the ancestor's licenses that asks for it."""
    clause: Condition
    file: LicenseFile
    lines: int
    """Lines of the file that say something."""
    lost: list[str]
    """Those of them that are missing here; never empty."""

    @property
    def dropped(self) -> bool:
        """Whether none of its lines is here."""
        return len(self.lost) == self.lines

    def evidence(self) -> dict[str, Json]:
        """What a third party needs to look."""
        return {
            "upstream": self.terms.parent,
            "path": self.file.path,
            "lines": [line[:300] for line in self.lost[:40]],
            "section": self.clause.section,
        }


def owed(repo: Repository, found: Review) -> Iterator[Owed]:
    """Every such NOTICE, nearest ancestor first."""
    papers = _at.papers(repo)
    for terms in found.terms:
        asking = [x for x in terms.licenses if x.on(Topic.NOTICE_FILE, terms.reuse)]
        if not asking:
            continue
        clause = asking[0].on(Topic.NOTICE_FILE)[0]
        for file in kept.notices(terms.repo.licenses):
            lines = sum(bool(line.strip()) for line in file.text.splitlines())
            lost = kept.lost_lines(file, papers)
            if lost:
                yield Owed(terms, asking[0], clause, file, lines, lost)
