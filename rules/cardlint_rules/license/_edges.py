"""What the rules about parents' licenses share."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import ClassVar

from cardlint.findings import Confidence, Finding, Json, NotChecked, Severity
from cardlint.licensing.kept import Papers
from cardlint.licensing.upstream_terms import Review, Terms, by_license, review
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule
from cardlint_licenses import Condition, Kind, License, Reuse, Topic
from cardlint_licenses.judge import Ruling
from cardlint_rules.license import _at


class EdgeRule(Rule):
    """A rule about what ancestors ask for. Ancestors that cannot be had are "not checked"."""

    needs = frozenset({Fact.LICENSES, Fact.LINEAGE, Fact.UPSTREAM})
    frameworks = ("hf:licenses",)

    def check(self, repo: Repository) -> Iterator[Finding | NotChecked]:
        found = review(repo)
        yield from found.gaps
        yield from self.judge(repo, found)

    @abstractmethod
    def judge(self, repo: Repository, found: Review) -> Iterator[Finding | NotChecked]:
        """Yield what is wrong with the edges."""


class ConflictRule(EdgeRule):
    """A rule about one kind of conflict between the declared license and a parent's."""

    severity = Severity.ERROR
    confidence = Confidence.HIGH
    topic: ClassVar[Topic]
    advice: ClassVar[str]

    def judge(self, repo: Repository, found: Review) -> Iterator[Finding]:
        conflicts = [
            t
            for t in found.terms
            if t.verdict.ruling is Ruling.CONFLICT and t.verdict.topic is self.topic
        ]
        for license_, terms in by_license(conflicts):
            for sure in (True, False):
                some = [t for t in terms if t.sure is sure]
                if some:
                    yield self._conflict(repo, license_, some)

    def _conflict(self, repo: Repository, license_: License, terms: list[Terms]) -> Finding:
        verdict = terms[0].verdict
        declared = declared_text(repo)
        parents = join([t.label for t in terms])
        return self.finding(
            f"The card declares {declared} over {parents} ({license_.id}): {verdict.reason} "
            f"({verdict.clause}).",
            _at.license_field(repo),
            next_step=self.advice.format(license=declared_as(license_)),
            severity=None if terms[0].sure else Severity.WARNING,
            confidence=terms[0].confidence,
            evidence=evidence_of(license_, terms, declared)
            | {"ruling": verdict.ruling.value, "clause": verdict.clause},
            related=[t.location for t in terms],
        )


class WordsRule(EdgeRule):
    """A rule about words that a parent's license asks to find here."""

    severity = Severity.WARNING
    topic: ClassVar[Topic]

    def judge(self, repo: Repository, found: Review) -> Iterator[Finding]:
        papers = _at.papers(repo)
        for license_, terms in by_license(found.terms):
            for condition in license_.on(self.topic):
                owing = [t for t in terms if owes(t, condition)]
                if condition.text and owing:
                    yield from self.words(repo, papers, license_, condition, owing)

    @abstractmethod
    def words(
        self,
        repo: Repository,
        papers: Papers,
        license_: License,
        condition: Condition,
        terms: list[Terms],
    ) -> Iterator[Finding]:
        """Yield what is missing of one condition."""

    def missing(
        self,
        repo: Repository,
        license_: License,
        condition: Condition,
        terms: list[Terms],
        *,
        said: str,
        next_step: str,
        more: dict[str, Json] | None = None,
        usual: Severity | None = None,
    ) -> Finding:
        """The finding that words are missing, as sure as the edge and the fact are."""
        severity, confidence = weight(terms, condition, usual or self.severity)
        return self.finding(
            said,
            terms[0].location,
            next_step=next_step,
            severity=severity,
            confidence=confidence,
            evidence=evidence_of(license_, terms, declared_text(repo))
            | {"section": condition.section, "text": condition.text}
            | (more or {}),
            related=[t.location for t in terms[1:]],
        )


def owes(terms: Terms, condition: Condition) -> bool:
    """Whether a condition holds for how this model came from that ancestor."""
    if terms.reuse not in condition.applies:
        return False
    if condition.when == "upstream-is-cosmos":
        return "cosmos" in terms.parent.lower()
    return condition.when != "database-contents-used"


def weight(
    terms: Sequence[Terms], condition: Condition, usual: Severity
) -> tuple[Severity, Confidence]:
    """Severity and confidence of a finding by how sure the edge and the fact are.

    A fact that was not read in the text itself, and an adapter (which may hold nothing of its
    base), are told as information.
    """
    if condition.confidence != "read":
        return Severity.INFO, Confidence.LOW
    if all(t.reuse is Reuse.ADAPTER for t in terms):
        return Severity.INFO, Confidence.MEDIUM
    return usual, min((t.confidence for t in terms), key=lambda c: c.rank)


def handled_as_dropped_terms(repo: Repository, license_: License) -> bool:
    """Whether ``license/upstream-terms-dropped`` speaks of this license, all conditions at once."""
    declared = repo.licenses.declared
    another = license_.id not in {x.id for x in repo.licenses.licenses}
    return bool(declared) and another and license_.kind in {Kind.PERMISSIVE, Kind.ATTRIBUTION}


def evidence_of(license_: License, terms: Sequence[Terms], declared: str) -> dict[str, Json]:
    """What a third party needs to look a finding up."""
    return {
        "declared": declared,
        "upstream": [t.parent for t in terms],
        "upstream_license": license_.id,
        "relation": [t.reuse.value for t in terms],
        "source": license_.source,
        "verified": license_.verified.isoformat(),
    }


def declared_as(license_: License) -> str:
    """How a card declares a license: an id of the Hub, or `other` with its name."""
    return f"`{license_.hub[0]}`" if license_.hub else f"`other` with license_name `{license_.id}`"


def declared_text(repo: Repository) -> str:
    """The declared licenses as they are written, or ``no license``."""
    return ", ".join(d.text for d in repo.licenses.declared) or "no license"


def join(parts: Sequence[str]) -> str:
    """Parts as a list in a sentence."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
