"""``claims/scores-equal-upstream``."""

from __future__ import annotations

from collections.abc import Iterator

from cardlint.card import claims, tables
from cardlint.card.words import has_any
from cardlint.errors import Unavailable
from cardlint.findings import Confidence, Finding, NotChecked, Severity
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule
from cardlint_rules.claims import _files
from cardlint_rules.provenance import _bases

LEAST = 3
"""Equal scores before chance is ruled out: each has to be written with a decimal."""
SHARE = 0.6
"""Of the measures that both cards give."""


class ScoresEqualUpstream(Rule):
    """The model's scores are those that a parent's card publishes for the parent.

    ## What it checks
    The scores that this card gives for this model, against those that the card of each declared
    parent gives for the parent, measure by measure. Three or more equal scores, each with a
    decimal, and three of five of the common measures, are told. Quantized copies and adapters are
    left out: their cards quote the original's results.

    ## Why it matters
    Training moves scores. Equal ones were most likely copied, or the uploaded weights are the
    parent's.

    ## Example
    A fine-tune whose card gives 71.24, 63.18 and 80.05 where its base's card gives the same.

    ## How to fix
    Evaluate this model, or say that the numbers are the base model's.

    ## Sources
    - NIST AI 600-1, MP-4.1-007: re-evaluate models built on third-party models
    """

    id = "claims/scores-equal-upstream"
    severity = Severity.WARNING
    confidence = Confidence.MEDIUM
    needs = frozenset({Fact.CARD, Fact.UPSTREAM})
    frameworks = ("nist-ai-600-1:own-scores",)

    def check(self, repo: Repository) -> Iterator[Finding | NotChecked]:
        card = repo.card
        listed = _bases.declared(card)
        if not has_any(card, "|", "<table") or not listed or _files.is_copy(repo):
            return
        own = claims.own_scores(card, claims.names(card, repo.id, listed))
        if len(own) < LEAST:
            return
        for parent in listed:
            known = repo.upstream.repositories.get(parent)
            if known is None:
                continue
            if isinstance(known, Unavailable):
                yield NotChecked(f"scores of {parent}", known.message, known.remedy)
                continue
            try:
                theirs = claims.own_scores(known.card, claims.names(known.card, parent, ()))
            except Unavailable as reason:
                yield NotChecked(f"scores of {parent}", reason.message, reason.remedy)
                continue
            common = [m for m in own if m in theirs]
            equal = [m for m in common if _equal(own[m], theirs[m])]
            if len(equal) < LEAST or len(equal) < SHARE * len(common):
                continue
            first = own[equal[0]].cell
            yield self.finding(
                f"{len(equal)} of {len(common)} scores of this model are those that the card of {parent} gives for {parent}.",
                card.location(first.start, first.end),
                next_step="Evaluate this model, or say that the numbers are the base model's.",
                evidence={
                    "parent": parent,
                    "common": len(common),
                    "equal": {m: own[m].text for m in equal[:50]},
                },
                related=[card.location(own[m].cell.start, own[m].cell.end) for m in equal[1:5]],
            )


def _equal(one: tables.Score, other: tables.Score) -> bool:
    """Whether two scores are the same, written with a decimal (whole numbers agree by chance)."""
    return one.value == other.value and one.unit == other.unit and not one.value.is_integer()
