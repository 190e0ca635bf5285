"""``claims/bold-not-best``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from cardlint.card import tables
from cardlint.card.words import has_any
from cardlint.findings import Confidence, Finding, Severity
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule, Status

LEAST = 3
"""Lines of a table in which bold marks the best, before it is taken for the custom of the table."""
CUSTOM = 0.75
"""Share of the lines with a bold score in which that score is the best."""
_SAYS_SO = re.compile(
    r"\b(?:best|highest|top)\b[^.\n]{0,40}\b(?:in|are|is|marked|shown|highlighted)\b[^.\n]{0,20}\bbold|\bbold(?:ed|face)?\b[^.\n]{0,40}\b(?:best|highest|top)\b"
    r"|\bnegrito\b[^.\n]{0,40}\bmelhor|\bmelhor\w*\b[^.\n]{0,40}\bnegrito|\bnegrita\b[^.\n]{0,40}\bmejor|\bmejor\w*\b[^.\n]{0,40}\bnegrita",
    re.IGNORECASE,
)
_WITHIN = re.compile(
    r"\b(?:bold|highlight)\w*\b[^.\n]{0,80}\b(?:within|among|range|group|size|class|category|open)\b|加粗",
    re.IGNORECASE,
)
"""Bold means the best of a class of models, and which those are a program does not see."""


@dataclass(frozen=True, slots=True)
class Miss:
    """A bold score that another one beats."""

    label: str
    bold: tables.Score
    model: str
    better: tables.Score
    winner: str


class BoldNotBest(Rule):
    """A score in bold is not the best of its line.

    ## What it checks
    Tables in which bold marks the best score: at least three lines, and three of four lines with a
    bold score, follow that custom (or the card says so), and the bold scores are not all of one
    model, which would only be a highlight. The lines that break the custom are told. Less counts
    as better for losses, error rates and the like.

    ## Why it matters
    Readers look at the bold numbers first. A wrong one is most often a slip after a later result
    was added.

    ## Example
    ```markdown
    | Task | A | B |
    |---|---|---|
    | MMLU | **60.1** | 61.0 |
    ```
    in a table whose other lines mark the best score.

    ## How to fix
    Set the best score in bold, or none.

    ## Sources
    - a custom of result tables in machine learning papers; no standard asks for it
    """

    id = "claims/bold-not-best"
    severity = Severity.INFO
    confidence = Confidence.MEDIUM
    needs = frozenset({Fact.CARD})
    frameworks = ("nist-ai-600-1:own-scores",)
    status = Status.PREVIEW

    def check(self, repo: Repository) -> Iterator[Finding]:
        card = repo.card
        if not has_any(card, "|", "<table") or not re.search(r"\*\*|__|<b>|<strong>", card.body):
            return
        if _WITHIN.search(card.body):
            return
        stated = bool(_SAYS_SO.search(card.body))
        for table in card.markdown.tables:
            misses = _misses(tables.by_row(table), stated=stated) or _misses(
                tables.by_column(table), stated=stated
            )
            if not misses:
                continue
            first = misses[0]
            more = f" ({len(misses) - 1} more in this table)" if len(misses) > 1 else ""
            yield self.finding(
                f"{first.label}: {first.bold.text} of {first.model} is in bold, but {first.winner} has "
                f"{first.better.text}{more}.",
                card.location(first.bold.cell.start, first.bold.cell.end),
                next_step="Set the best score in bold, or say what bold means.",
                evidence={
                    "lines": [
                        {
                            "line": m.label,
                            "bold": m.bold.value,
                            "model": m.model,
                            "best": m.better.value,
                            "winner": m.winner,
                        }
                        for m in misses[:20]
                    ]
                },
                related=[card.location(m.bold.cell.start, m.bold.cell.end) for m in misses[1:20]],
            )


def _misses(lines: Iterable[tables.Line], *, stated: bool) -> list[Miss]:
    kept: list[Miss] = []
    hits = 0
    marked: set[str] = set()
    for line in lines:
        bold = [(m, s) for m, s in line.scores if s.bold]
        plain = [(m, s) for m, s in line.scores if not s.bold]
        if not bold or not plain or tables.NO_SCORE.search(line.label):
            continue
        if len({s.unit for _, s in line.scores}) > 1:
            continue
        sign = -1 if tables.LESS_IS_BETTER.search(line.label) else 1
        model, score = max(bold, key=lambda pair: sign * pair[1].value)
        winner, best = max(plain, key=lambda pair: sign * pair[1].value)
        marked |= {m for m, _ in bold}
        if sign * score.value >= sign * best.value:
            hits += 1
        else:
            kept.append(
                Miss(line.label or "a line", score, model or "a model", best, winner or "another")
            )
    if not kept or len(marked) < 2:
        return []
    custom = hits >= LEAST and hits / (hits + len(kept)) >= CUSTOM
    return kept if custom or (stated and hits > len(kept)) else []
