"""``license/output-terms``."""

from __future__ import annotations

from collections.abc import Iterator

from cardlint.findings import Confidence, Finding, NotChecked, Severity
from cardlint.licensing.datasets import dataset_terms
from cardlint.licensing.upstream_terms import Review, Terms
from cardlint.repository import Repository
from cardlint_licenses import Condition, License, Reuse, Topic
from cardlint_rules.license import _at
from cardlint_rules.license._edges import EdgeRule, declared_text, evidence_of


class OutputTerms(EdgeRule):
    """This model was trained on outputs or data of something whose license has terms on that.

    ## What it checks
    The card says that the model is distilled from another, or trained on a dataset that says whose
    outputs it holds, and the license of that model has terms on outputs: it forbids improving
    other models (Llama 2, Llama 3, Tongyi Qianwen), counts a model trained on outputs as a
    derivative (Gemma, DeepSeek, LTX), or asks for a name (Llama 3.1 and later). Licenses of the
    datasets themselves are read where the datasets are at hand (`DIR/datasets/org/name` of a
    folder hub); others are reported as not checked.

    ## Why it matters
    Weights do not show a distillation: the card's own words are the only place where such a duty
    can be seen. Whether the term binds is for a person to decide.

    ## Example
    "Distilled from google/gemma-2-27b-it": the Gemma Terms of Use, 1.1(e), make the student a
    model derivative, with all conditions.

    ## How to fix
    Read the section, keep the conditions that hold, or choose another teacher.

    ## Sources
    - Llama 2 Community License, 1.b.v; Gemma Terms of Use, 1.1(e); DeepSeek License, section 1
    - The sections of other licenses are in `cardlint_licenses`, each with its source and date
    """

    id = "license/output-terms"
    severity = Severity.WARNING
    confidence = Confidence.MEDIUM

    def judge(self, repo: Repository, found: Review) -> Iterator[Finding | NotChecked]:
        taught = [t for t in found.terms if t.reuse is Reuse.OUTPUTS]
        of_data, gaps = dataset_terms(repo)
        yield from gaps
        said: set[tuple[str, str]] = set()
        for terms in (*taught, *of_data):
            for license_ in terms.licenses:
                for condition in license_.on(Topic.OUTPUT_TERMS, terms.reuse):
                    key = (terms.parent, license_.id)
                    if condition.effect not in {None, "none"} and key not in said:
                        said.add(key)
                        yield self._say(repo, terms, license_, condition)

    def _say(
        self, repo: Repository, terms: Terms, license_: License, condition: Condition
    ) -> Finding:
        how = "data of" if terms.reuse is Reuse.DATASET else "outputs of"
        via = f" (through {terms.path[0]})" if len(terms.path) > 1 else ""
        unread = condition.confidence != "read"
        return self.finding(
            f"The card says that this model was trained on {how} {terms.parent}{via}, which is "
            f"under {license_.id}: {condition.summary} ({license_.name}, {condition.section})",
            terms.location,
            next_step="Let a person decide whether the term binds, and keep what it asks for.",
            severity=Severity.INFO if unread or condition.effect == "naming" else None,
            confidence=Confidence.LOW if unread else None,
            evidence=evidence_of(license_, [terms], declared_text(repo))
            | {"section": condition.section, "effect": condition.effect},
            related=[_at.license_field(repo)],
        )
