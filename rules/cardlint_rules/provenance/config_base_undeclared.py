"""``provenance/config-base-undeclared``."""

from __future__ import annotations

from collections.abc import Iterator

from cardlint.findings import Confidence, Finding, Severity
from cardlint.lineage import names
from cardlint.lineage.declared import Declaration, Origin
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule
from cardlint_rules.provenance import _bases

SURE = frozenset({Origin.ADAPTER, Origin.MERGEKIT, Origin.QUANTIZATION})
"""Files that are written to name the parents. `_name_or_path` of a config only says where it was
loaded from: often the parent, sometimes an earlier name of the model itself."""


class ConfigBaseUndeclared(Rule):
    """A file of the repository names a parent that `base_model` does not list.

    ## What it checks
    `base_model_name_or_path` of `adapter_config.json` (where the card declares no base at all),
    every model of `mergekit_config.yml`, `model_name_or_path` of a quantization config, and
    `_name_or_path` of `config.json`, against `base_model` of the card. Paths on somebody's disk,
    the repository's own id and the same name under another owner do not count.

    ## Why it matters
    These files are written by the programs that made the model. Where they name a parent that the
    metadata do not, the Hub's model tree and its license checks miss it.

    ## Example
    ```yaml
    # mergekit_config.yml, beside a card with `base_model: org/base`
    models:
      - model: org/base
      - model: other/tuned
    ```

    ## How to fix
    Add `other/tuned` to `base_model`.

    ## Sources
    - Hub documentation, Model Cards, "Specifying a base model"
    - PEFT, `PeftConfig.base_model_name_or_path`; mergekit, `mergekit_config.yml`; transformers,
      `PretrainedConfig._name_or_path`
    """

    id = "provenance/config-base-undeclared"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    needs = frozenset({Fact.CARD, Fact.LINEAGE})
    frameworks = ("g7-sbom-ai:bases", "nist-ai-600-1:bases")

    def check(self, repo: Repository) -> Iterator[Finding]:
        found = [d for d in repo.lineage.declarations if d.origin in SURE | {Origin.CONFIG}]
        if not found:
            return
        listed = _bases.declared(repo.card)
        told: set[str] = set()
        for said in sorted(found, key=lambda d: d.origin is Origin.CONFIG):
            name = said.parent.casefold()
            if name in told or names.among(said.parent, listed):
                continue
            if repo.id and names.alike(said.parent, repo.id):
                continue
            if said.origin is Origin.ADAPTER and listed:
                continue  # provenance/adapter-base-differs tells it
            told.add(name)
            yield self._tell(repo, said, listed)

    def _tell(self, repo: Repository, said: Declaration, listed: tuple[str, ...]) -> Finding:
        sure = said.origin in SURE
        verb = "names" if sure else "was loaded from"
        return self.finding(
            f"{said.location.path} {verb} {said.parent}; base_model lists {_bases.list_them(listed)}.",
            said.location,
            next_step=f"Add {said.parent} to base_model"
            + ("." if sure else ", unless it is an earlier name of this model."),
            evidence={"parent": said.parent, "origin": said.origin.value, "declared": list(listed)},
            severity=None if sure else Severity.INFO,
            confidence=None if sure else Confidence.MEDIUM,
            fix=_bases.add(repo.card, said.parent) if sure else None,
        )
