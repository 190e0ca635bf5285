"""``weights/adapter-base-mismatch``."""

from __future__ import annotations

from collections.abc import Iterator

from cardlint.findings import Confidence, Finding, NotChecked, Severity
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule
from cardlint.weights.evidence import Kind
from cardlint_rules.weights import _measured


class AdapterBaseMismatch(Rule):
    """The adapter does not fit the base that it names.

    ## What it checks
    Every tensor that the adapter changes must be in the declared base, in the same shape; tensors
    that it saves whole, such as a new head or a resized vocabulary, need not. On which of several
    models of one shape an adapter was trained its weights do not tell, and nothing is said about
    that.

    ## Why it matters
    An adapter on the wrong base fails to load, or loads in part and gives nonsense.

    ## Example
    ```json
    {"base_model_name_or_path": "org/model-7b", "peft_type": "LORA"}
    ```
    with factors of shape `[8, 5120]` where the base has 4,096 columns.

    ## How to fix
    Name the base that the adapter was trained on in `adapter_config.json` and `base_model`.

    ## Sources
    - PEFT, `PeftConfig.base_model_name_or_path`
    """

    id = "weights/adapter-base-mismatch"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    needs = frozenset({Fact.WEIGHTS})
    frameworks = ()

    def check(self, repo: Repository) -> Iterator[Finding | NotChecked]:
        found = repo.weights.comparison
        if found is None or not repo.weights.adapter:
            return
        for relation in found.relations:
            if relation.kind is not Kind.NOT_COMPARABLE:
                continue
            if relation.confidence not in _measured.SURE:
                yield NotChecked(f"the adapter against {relation.parent}", relation.note)
                continue
            yield self.finding(
                f"The adapter does not fit {relation.parent}: {relation.note}.",
                _measured.base_place(repo, relation.parent),
                next_step="Name the base that the adapter was trained on.",
                evidence=_measured.relation_figures(relation),
            )
