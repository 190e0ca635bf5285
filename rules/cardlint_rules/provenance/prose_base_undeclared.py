"""``provenance/prose-base-undeclared``."""

from __future__ import annotations

from collections.abc import Iterator

from cardlint.findings import Confidence, Finding, Severity
from cardlint.lineage import names, prose
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule
from cardlint_rules.provenance import _bases

HOW = {
    "merge": "merged from",
    "finetune": "fine-tuned from",
    "quantized": "converted or quantized from",
    "adapter": "an adapter for",
    "distillation": "distilled from",
}


class ProseBaseUndeclared(Rule):
    """The text names a parent that `base_model` does not list.

    ## What it checks
    Sentences in English, Portuguese, Spanish or Chinese that tie a literal `owner/name`, or an
    address on the Hub, to a word of derivation: merged, fine-tuned, distilled, quantized,
    converted, trained on from. Each such model has to be under `base_model`. A model of the same
    name under another owner counts as listed; the quoted card of an original model, comparisons,
    data sets, tokenizers and code do not count as statements. A teacher of a distillation is told
    as information: the Hub has no relation for it.

    ## Why it matters
    The Hub's model tree, license filters and everything downstream read the metadata, not the
    text. A parent named only in prose gets no credit and its license no attention.

    ## Example
    ```markdown
    ---
    base_model: org/base
    ---
    Built through a merge of other/tuned and org/base.
    ```

    ## How to fix
    List every parent:
    ```markdown
    ---
    base_model:
    - org/base
    - other/tuned
    base_model_relation: merge
    ---
    ```

    ## Sources
    - Hub documentation, Model Cards, "Specifying a base model"
    - precision on real cards: `python -m tests.corpus.prose_bases`
    """

    id = "provenance/prose-base-undeclared"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    needs = frozenset({Fact.CARD})
    frameworks = ("g7-sbom-ai:bases", "nist-ai-600-1:bases")

    def check(self, repo: Repository) -> Iterator[Finding]:
        card = repo.card
        said = [
            s
            for s in prose.statements(card)
            if not s.quoted and not (repo.id and names.alike(s.parent, repo.id))
        ]
        if not said:
            return
        listed = _bases.declared(card)
        told: set[str] = set()
        for statement in said:
            parent = statement.parent
            if parent.casefold() in told or names.among(parent, listed):
                continue
            told.add(parent.casefold())
            teacher = statement.relation == "distillation"
            yield self.finding(
                f"The text says that this model is {HOW[statement.relation]} {parent}; "
                f"base_model lists {_bases.list_them(listed)}.",
                statement.location,
                next_step=f"Add {parent} to base_model, or reword the sentence if it is no parent.",
                evidence={
                    "parent": parent,
                    "relation": statement.relation,
                    "sentence": statement.sentence,
                    "declared": list(listed),
                },
                severity=Severity.INFO if teacher else None,
                fix=None if teacher else _bases.add(card, parent),
            )
