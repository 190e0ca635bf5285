"""``body/section-missing``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from cardlint.card.card import Card
from cardlint.card.sections import Topic, topics
from cardlint.findings import Confidence, Finding, Json, Severity
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule


class SectionMissing(Rule):
    """The card says nothing about things that its readers look for.

    ## What it checks
    Whether headings, or bold labels, speak of: intended use, out-of-scope use, limitations,
    training data, evaluation, license and attribution, citation, contact. They are told by sets of
    synonyms in English, Portuguese and Spanish, not by exact names. The front matter counts as
    well: `license`, `datasets`, `model-index`. All that is missing is one finding.

    ## Why it matters
    Limitations and evaluation are the parts of cards that are filled in least, and those that a
    person needs who is to decide on a use.

    ## Example
    A card with "Usage" and "Citation" and nothing else.

    ## How to fix
    Add the sections that apply. "Not evaluated." is an answer.

    ## Sources
    - Mitchell et al., "Model Cards for Model Reporting", 2019
    - Liang et al., "Systematic analysis of 32,111 AI model cards", 2024
    - Hub documentation, "Annotated Model Card Template"
    """

    id = "body/section-missing"
    severity = Severity.INFO
    confidence = Confidence.MEDIUM
    needs = frozenset({Fact.CARD})
    frameworks = ("eu-ai-act:limitations", "eu-ai-act:intended-use", "uk-atrs:limitations")
    profiles = frozenset({"strict"})
    options: ClassVar[Mapping[str, Json]] = {"sections": [t.value for t in Topic]}

    def check(self, repo: Repository) -> Iterator[Finding]:
        card = repo.card
        covered = topics(card.markdown) | _declared(card)
        wanted = [t for t in Topic if t.value in self.option["sections"]]
        missing = [t.value for t in wanted if t not in covered]
        if not missing:
            return
        yield self.finding(
            f"The card has no section on {_join(missing)}.",
            card.top(),
            next_step=f"Add a section on {missing[0]}"
            + (", and those of the others that apply." if len(missing) > 1 else "."),
            evidence={"missing": list(missing), "found": [t.value for t in wanted if t in covered]},
        )


def _declared(card: Card) -> set[Topic]:
    """What the front matter says by itself."""
    matter = card.front_matter
    if matter is None:
        return set()
    keys = {
        Topic.LICENSE: ("license",),
        Topic.TRAINING_DATA: ("datasets",),
        Topic.EVALUATION: ("model-index",),
    }
    return {t for t, names in keys.items() if any(matter.get(n) for n in names)}


def _join(words: list[str]) -> str:
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " or " + words[-1]
