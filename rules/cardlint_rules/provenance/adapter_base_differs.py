"""``provenance/adapter-base-differs``."""

from __future__ import annotations

from collections.abc import Iterator

from cardlint.findings import Confidence, Finding, Severity
from cardlint.lineage import names
from cardlint.lineage.declared import Origin
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule
from cardlint_rules.provenance import _bases


class AdapterBaseDiffers(Rule):
    """The adapter was trained on another model than the card declares.

    ## What it checks
    `base_model_name_or_path` of `adapter_config.json` is among `base_model` of the card. The same
    name under another owner, or with an ending such as `-bnb-4bit`, counts as the same.

    ## Why it matters
    PEFT loads the model that the adapter's config names. A reader of the card loads another one,
    and an adapter on another base gives nonsense or an error.

    ## Example
    `base_model: org/base` in the card, `"base_model_name_or_path": "org/base-instruct"` in
    `adapter_config.json`.

    ## How to fix
    Declare the base that the adapter's config names.

    ## Sources
    - PEFT, `PeftConfig.base_model_name_or_path`
    - Hub documentation, Model Cards, "Specifying a base model"
    """

    id = "provenance/adapter-base-differs"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    needs = frozenset({Fact.CARD, Fact.LINEAGE})
    frameworks = ("g7-sbom-ai:bases", "nist-ai-600-1:bases")

    def check(self, repo: Repository) -> Iterator[Finding]:
        found = [d for d in repo.lineage.declarations if d.origin is Origin.ADAPTER]
        listed = _bases.declared(repo.card) if found else ()
        if not listed:
            return  # provenance/config-base-undeclared tells it
        for said in found:
            if names.among(said.parent, listed):
                continue
            yield self.finding(
                f"{said.location.path} names {said.parent} as the base; the card declares "
                f"{_bases.list_them(listed)}.",
                said.location,
                next_step=f"Declare {said.parent} as base_model.",
                evidence={"adapter": said.parent, "declared": list(listed)},
                related=[v.span.location(repo.card.path) for v in _bases.values(repo.card)],
            )
