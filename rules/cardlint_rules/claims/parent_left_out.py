"""``claims/parent-left-out``."""

from __future__ import annotations

from collections.abc import Iterator

from cardlint.card import claims, tables
from cardlint.card.body import Table
from cardlint.card.claims import Names
from cardlint.card.words import has_any
from cardlint.findings import Confidence, Finding, Severity
from cardlint.lineage import prose
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule, Status
from cardlint_rules.claims import _files
from cardlint_rules.provenance import _bases

LEAST = 2
"""Other models in a table before it is taken for a comparison."""


class ParentLeftOut(Rule):
    """A comparison with other models leaves out a parent.

    ## What it checks
    Tables that give scores of this model beside those of two or more others: each parent that the
    metadata or the text names stands in one of the card's tables. Quantized copies and adapters
    are left out.

    ## Why it matters
    The first question about a derived model is what it gained over the model that it was made
    from. A comparison without the parent does not answer it.

    ## Example
    A merge of `org/a` and `org/b`, compared with `org/a` and three others, without `org/b`.

    ## How to fix
    Add the parent to the table.

    ## Sources
    - NIST AI 600-1, MP-4.1-007: re-evaluate models built on third-party models
    """

    id = "claims/parent-left-out"
    severity = Severity.INFO
    confidence = Confidence.MEDIUM
    needs = frozenset({Fact.CARD})
    frameworks = ("nist-ai-600-1:own-scores",)
    status = Status.PREVIEW

    def check(self, repo: Repository) -> Iterator[Finding]:
        card = repo.card
        if not has_any(card, "|", "<table") or _files.is_copy(repo):
            return
        listed = _bases.declared(card)
        said = [
            s.parent
            for s in prose.statements(card)
            if not s.quoted and s.relation in {"merge", "finetune"}
        ]
        parents = tuple(dict.fromkeys((*listed, *said)))
        if not parents:
            return
        who = claims.names(card, repo.id, parents)
        everything = claims.squeezed(
            " ".join(
                tables.words(c)
                for t in card.markdown.tables
                for r in (t.header, *t.rows)
                for c in r
            )
        )
        comparison = next((t for t in card.markdown.tables if _compares(t, who)), None)
        if comparison is None:
            return
        absent = [p for p in parents if claims.squeezed(p.rpartition("/")[2]) not in everything]
        for parent in absent:
            yield self.finding(
                f"The comparison with other models leaves out {parent}, which this model was made from.",
                card.location(comparison.header[0].start, comparison.header[0].end),
                next_step=f"Add {parent} to the table.",
                evidence={"parent": parent, "parents": list(parents)},
            )


def _labels(table: Table) -> list[str]:
    return [tables.words(c) for c in table.header] + [tables.words(r[0]) for r in table.rows if r]


def _compares(table: Table, who: Names) -> bool:
    """Whether the table has scores of this model and of at least two others, as rows or columns."""
    for lines in (tables.by_row(table), tables.by_column(table)):
        for line in lines:
            labels = [label for label, s in line.scores if "." in s.text or s.unit == "%"]
            own = [x for x in labels if who.is_own(x)]
            if own and len(labels) - len(own) >= LEAST and not tables.NO_SCORE.search(line.label):
                return True
    return False
