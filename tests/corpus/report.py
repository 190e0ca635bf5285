"""What every rule says about a folder of real cards: ``python -m tests.corpus.report FOLDER``.

Prints and writes ``findings_by_rule.tsv`` beside this file: rule, severity, cards, share of cards,
findings, and, for a rule that fires on more than one card in ten, why that is right. Counts only:
nothing of the cards' text.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from cardlint.engine import run
from cardlint.findings import TargetReport
from cardlint.repository import Options, Repository
from cardlint.rule import registry
from cardlint.source.resolve import Resolver

TABLE = Path(__file__).with_name("findings_by_rule.tsv")
OFTEN = 0.10
WHY = {
    "body/section-missing": "information, one a card: the topics that no heading speaks of; "
    "published surveys of model cards find the same gaps",
    "license/missing": "the card has no license field: surveys find that on 25 to 64 % of the Hub",
    "provenance/prose-base-undeclared": "the text names a parent and base_model does not: the field "
    "is younger than many of these cards; precision by hand labels in prose_bases.tsv",
}
"""Rule → why it is right that it fires on more than one real card in ten."""


@dataclass
class Counts:
    """What was found in a corpus."""

    cards: int = 0
    seconds: float = 0.0
    on: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Rule and severity → cards with such a finding."""
    findings: Counter[tuple[str, str]] = field(default_factory=Counter)

    def often(self) -> set[str]:
        """The rules that fire on more than one card in ten."""
        return {rule for (rule, _s), n in self.on.items() if n > OFTEN * self.cards}

    def rows(self) -> list[str]:
        """The lines of the table."""
        head = "rule\tseverity\tcards\tof\tshare\tfindings\twhy it is right"
        return [
            head,
            *(
                f"{rule}\t{severity}\t{n}\t{self.cards}\t{n / self.cards:.1%}"
                f"\t{self.findings[rule, severity]}"
                f"\t{WHY.get(rule, '') if n > OFTEN * self.cards else ''}"
                for (rule, severity), n in sorted(self.on.items())
            ),
        ]


def check(folder: Path) -> Iterator[TargetReport]:
    """Every rule over every card of a folder, each a repository with nothing but the card."""
    rules = [rule() for rule in registry().values()]
    resolver = Resolver(offline=True)
    options = Options(offline=True, weights="off")
    for path in sorted(folder.glob("*.md")):
        yield run(Repository(resolver.target(str(path)), resolver, options), rules, path.name)


def count(folder: Path) -> Counts:
    """Count what is found in a folder of cards."""
    counts = Counts()
    begin = time.perf_counter()
    for report in check(folder):
        counts.cards += 1
        found = Counter((f.rule, f.severity.value) for f in report.findings)
        counts.findings += found
        counts.on.update(found.keys())
    counts.seconds = time.perf_counter() - begin
    return counts


def main(folder: str) -> None:
    """Count, print and write."""
    counts = count(Path(folder))
    text = "\n".join(counts.rows()) + "\n"
    sys.stdout.write(text)
    sys.stderr.write(f"{counts.cards} cards, {counts.cards / counts.seconds:.0f} a second\n")
    TABLE.write_text(text, "utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
