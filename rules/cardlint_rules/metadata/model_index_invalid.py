"""``metadata/model-index-invalid``."""

from __future__ import annotations

from cardlint.findings import Severity
from cardlint_rules.metadata._specified import SpecifiedRule


class ModelIndexInvalid(SpecifiedRule):
    """The evaluation results in `model-index` are not as the Hub reads them.

    ## What it checks
    `model-index` is a list of models, each with a `name` and `results`; a result has a `task` with a
    `type`, and may have a `dataset` (`type`, `name`), `metrics` (`type`, `value`) and a `source`
    (`url`). Names and versions are text: a bare `1` is a number. The place is that of the broken item.

    ## Why it matters
    The Hub refuses the card ("model-index[0].results[0].dataset.config" must be a string), and
    `huggingface_hub` raises while it loads it, without saying where.

    ## Example
    ```yaml
    model-index:
    - name: my-model
      results:
      - task: {name: Text Generation}
        metrics:
        - {type: accuracy, value: 0.8}
    ```

    ## How to fix
    ```yaml
    model-index:
    - name: my-model
      results:
      - task: {type: text-generation, name: Text Generation}
        metrics:
        - {type: accuracy, value: 0.8}
    ```

    ## Sources
    - Hub documentation, `modelcard.md`, the section model-index
    - MDEL, issue 34; mteb, issue 1111 (texts of the Hub's answers)
    - huggingface_hub, `repocard_data.py`, `model_index_to_eval_results`
    """

    id = "metadata/model-index-invalid"
    severity = Severity.ERROR
    frameworks = ("hf:metadata", "g7-sbom-ai:evaluation")
