"""``claims/gains-table-contradicts``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from cardlint.card import claims, tables
from cardlint.card.body import Block, BlockKind, Markdown, Table
from cardlint.card.claims import Names
from cardlint.card.words import has_any
from cardlint.findings import Confidence, Finding, Json, Severity
from cardlint.lineage import prose
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule
from cardlint_rules.provenance import _bases

# A title or a lead-in that promises that this model is better than what it was made from.
PROMISE = re.compile(
    r"\b(?:gains?|improvements?|improves|uplifts?|outperforms|beats|surpass\w+|better)\b[^.\n]{0,40}?\b(?:over|on|upon|vs\.?|versus|than|relative to|"
    r"compared (?:to|with)|against|the)\b|\b(?:ganhos?|ganancias?|melhorias?|mejoras?|supera)\b[^.\n]{0,40}?\b(?:sobre|em relação|respecto|frente|al?|o)\b"
    r"|(?:提升|超越|优于)",
    re.IGNORECASE,
)
_WORDS = (
    "gain", "improv", "uplift", "outperform", "beats", "surpass", "better", "ganho", "ganancia", "melhori", "mejora", "supera", "提升", "超越", "优于",
)  # fmt: skip
"""One of these (lower case) is in everything that :data:`PROMISE` finds."""
BASE = re.compile(
    r"\b(?:base|parent|original|upstream|backbone|modelo base|modelo original)\b|基座|原模型",
    re.IGNORECASE,
)


LEAD_IN = 300
"""Characters of a paragraph that may introduce a table; a longer one tells of many things."""


@dataclass(frozen=True, slots=True)
class Row:
    """One measure of a table: this model's score and the parent's."""

    label: str
    own: tables.Score
    base: tables.Score

    @property
    def gain(self) -> float:
        """Above zero where this model is better; less is better for losses, error rates and the like."""
        sign = -1 if tables.LESS_IS_BETTER.search(self.label) else 1
        return sign * (self.own.value - self.base.value)

    def show(self) -> str:
        """The row as a message names it."""
        return f"{self.label} {self.own.text} against {self.base.text}"


class GainsTableContradicts(Rule):
    """A table of gains over the base model has rows that lose or tie.

    ## What it checks
    Tables below a heading or a lead-in such as "Gains over base model", "Improvements over …",
    "Ganhos sobre o modelo base": the column (or row) of this model against that of the declared
    parent, row by row. For losses, error rates, perplexity and the like less counts as better.
    Rows that are worse are told, and rows that are equal.

    ## Why it matters
    Who reads the title believes the title. The table is the publisher's own.

    ## Example
    ```markdown
    # Gains Over Base Model
    | Benchmark | This model | Base |
    |---|---|---|
    | MMLU-Redux | 94.6 | 94.9 |
    ```

    ## How to fix
    Title the table for what it shows ("Comparison with the base model"), or say which rows lose.

    ## Sources
    - Liang et al., "Systematic analysis of 32,111 AI model cards", 2024: evaluation is among the
      parts of cards that are filled in least
    """

    id = "claims/gains-table-contradicts"
    severity = Severity.WARNING
    confidence = Confidence.MEDIUM
    needs = frozenset({Fact.CARD})
    frameworks = ("nist-ai-600-1:own-scores",)

    def check(self, repo: Repository) -> Iterator[Finding]:
        card = repo.card
        if (
            not has_any(card, "|", "<table")
            or not has_any(card, *_WORDS)
            or not PROMISE.search(card.body)
        ):
            return
        said = [
            s.parent
            for s in prose.statements(card)
            if not s.quoted and s.relation in {"merge", "finetune"}
        ]
        listed = (*_bases.declared(card), *said)
        names = claims.names(card, repo.id, listed)
        for title, table in promised(card.markdown, names):
            rows = compare(table, names)
            worse = [r for r in rows if r.gain < 0]
            equal = [r for r in rows if r.gain == 0]
            if not worse and not equal:
                continue
            words = " ".join(title.text.split())[:80]
            parts = []
            if worse:
                parts.append(f"{len(worse)} of {len(rows)} rows lose ({_list(worse)})")
            if equal:
                word = "ties" if len(equal) == 1 else "tie"
                parts.append(f"{len(equal)} {word} ({_list(equal)})")
            yield self.finding(
                f"The table under “{words}” does not show gains throughout: {' and '.join(parts)}.",
                card.location(title.start, title.end),
                next_step="Retitle the table, or say in the text which rows lose or tie.",
                evidence={
                    "lose": [_data(r) for r in worse],
                    "tie": [_data(r) for r in equal],
                    "rows": len(rows),
                },
                severity=None if worse else Severity.INFO,
                related=[card.location(r.own.cell.start, r.own.cell.end) for r in (*worse, *equal)][
                    :50
                ],
            )


def promised(markdown: Markdown, names: Names) -> Iterator[tuple[Block, Table]]:
    """Each table that follows a heading or a lead-in which promises gains over a parent."""
    titles: list[tuple[int, Block | None]] = []
    for block in markdown.blocks:
        if block.kind is BlockKind.HEADING:
            titles.append((block.start, block if promises(block.text, names) else None))
        elif block.kind is BlockKind.PARAGRAPH and _leads_in(block, names):
            titles.append((block.start, block))
    told: set[int] = set()  # a title promises for the first table below it
    for table in markdown.tables:
        above = [t for start, t in titles if start < table.header[0].start]
        if above and above[-1] is not None and above[-1].start not in told:
            told.add(above[-1].start)
            yield above[-1], table


def _leads_in(block: Block, names: Names) -> bool:
    return len(block.text) < LEAD_IN and promises(block.text, names)


def promises(text: str, names: Names) -> bool:
    """Whether a title speaks of gains, and of gains over a base or a declared parent."""
    if not PROMISE.search(text):
        return False
    squeezed = claims.squeezed(text)
    return bool(BASE.search(text)) or any(
        claims.squeezed(p.rpartition("/")[2]) in squeezed for p in names.parents
    )


def compare(table: Table, names: Names) -> list[Row]:
    """The rows in which both this model and a parent have a score."""
    for lines in (tables.by_row(table), tables.by_column(table)):
        rows = [row for line in lines if (row := _row(line, names))]
        if rows:
            return rows
    return []


def _row(line: tables.Line, names: Names) -> Row | None:
    own = next((s for label, s in line.scores if names.is_own(label)), None)
    base = next((s for label, s in line.scores if names.parent(label)), None)
    if base and own is None:
        # Two columns of one kind, one of them the parent's: the other is this model's.
        others = [s for label, s in line.scores if not names.parent(label) and not _is_delta(label)]
        own = others[0] if len(others) == 1 else None
    if own is None or base is None or own.unit != base.unit:
        return None
    return Row(line.label, own, base)


def _is_delta(label: str) -> bool:
    return bool(re.search(r"Δ|delta|diff|gain|improv|change|\+", label, re.IGNORECASE))


def _list(rows: list[Row]) -> str:
    shown = ", ".join(r.show() for r in rows[:5])
    return shown + (f" and {len(rows) - 5} more" if len(rows) > 5 else "")


def _data(row: Row) -> Json:
    return {"row": row.label, "own": row.own.value, "base": row.base.value}
