"""``weights/training-claim-without-residue``."""

from __future__ import annotations

from collections.abc import Iterator

from cardlint.errors import Unavailable
from cardlint.findings import Confidence, Finding, Location, Severity
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule
from cardlint.weights.evidence import Comparison, Kind
from cardlint_rules.weights import _measured


class TrainingClaimWithoutResidue(Rule):
    """The card speaks of training, and the weights show none beyond their parents.

    ## What it checks
    The card says that the model was trained, fine-tuned or distilled (in its text or as
    `base_model_relation: finetune`), while the weights equal a parent's, or a merge recipe gives
    them to the bit: nothing is left that training could have changed. Of an equal model that is
    not declared as the base the weights do not tell which was first; see `weights/copy-of-upstream`.

    ## Why it matters
    Results, data sections and the model's name rest on that training. Often the wrong files were
    uploaded; then this finding is how one learns of it.

    ## Example
    A card "post-trained on 20 B tokens" whose weights are `0.6·A + 0.4·B` in every element.

    ## How to fix
    Upload the trained weights, or describe what is there.

    ## Sources
    - cardlint, "Weight evidence", residue
    """

    id = "weights/training-claim-without-residue"
    severity = Severity.WARNING
    needs = frozenset({Fact.WEIGHTS, Fact.CARD, Fact.LINEAGE})
    frameworks = ()

    def check(self, repo: Repository) -> Iterator[Finding]:
        told = repo.weights
        # That an undeclared model is the same says nothing of training: it may be the copy.
        merged = told.best if told.best and told.best.verdict.kind is Kind.MERGE else None
        found = next((c for c in (merged, told.comparison) if c and _untrained(c)), None)
        if found is None:
            return
        claim = _claim(repo)
        if claim is None:
            return
        words, place = claim
        said = found.verdict
        what = (
            f"they are consistent with {_measured.recipe_text(said)} ({_measured.proof_text(said)})"
            if said.kind is Kind.MERGE
            else said.statement.rstrip(".")
        )
        yield self.finding(
            f"The card says “{words}”; the weights show no sign of training beyond their parents: {what}.",
            place,
            next_step="Upload the trained weights, or describe what is there.",
            confidence=Confidence.HIGH,
            evidence={**_measured.figures(found), "claim": words},
        )


def _untrained(found: Comparison) -> bool:
    said = found.verdict
    if said.confidence is not Confidence.CERTAIN:
        return False
    return said.kind is Kind.IDENTICAL or (
        said.kind is Kind.MERGE and said.residue == 0.0 and not said.not_followed
    )


def _claim(repo: Repository) -> tuple[str, Location] | None:
    try:
        card = repo.card
    except Unavailable:
        return None
    if repo.lineage.relation == "finetune":
        return "base_model_relation: finetune", _measured.relation_place(repo)
    match = _measured.TRAINING.search(card.text, card.body_start)
    if match is None:
        return None
    return match[0], card.location(match.start(), match.end())
