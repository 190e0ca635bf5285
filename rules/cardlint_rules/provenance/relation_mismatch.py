"""``provenance/relation-mismatch``."""

from __future__ import annotations

from collections.abc import Iterator

from cardlint.findings import Confidence, Finding, Severity
from cardlint.lineage import names
from cardlint.lineage.declared import Origin
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule
from cardlint_rules.provenance import _bases

RELATIONS = frozenset({"adapter", "finetune", "merge", "quantized"})


class RelationMismatch(Rule):
    """`base_model_relation` does not fit what is in the repository.

    ## What it checks
    A relation that the card states, against the evidence: two or more bases, or a merge recipe of
    two or more models, are a merge; a repository whose only weights are adapter files is an
    adapter; full weights without any adapter file are none; a merge has more than one base.

    ## Why it matters
    The Hub places the model in the tree of its base by this word: as a fine-tune, an adapter, a
    merge or a quantized copy.

    ## Example
    ```yaml
    base_model: [org/a, org/b]
    base_model_relation: finetune
    ```

    ## How to fix
    State the relation that the files show, or remove the field: the Hub then works it out.

    ## Sources
    - Hub documentation, Model Cards, "Specifying a base model": the four relations
    """

    id = "provenance/relation-mismatch"
    severity = Severity.WARNING
    confidence = Confidence.MEDIUM
    needs = frozenset({Fact.CARD, Fact.LINEAGE, Fact.FILES})
    frameworks = ("g7-sbom-ai:bases",)

    def check(self, repo: Repository) -> Iterator[Finding]:
        matter = repo.card.front_matter
        value = matter.get("base_model_relation") if matter else None
        stated = value.text if value else ""
        if value is None or stated not in RELATIONS:
            return
        listed = _bases.declared(repo.card)
        reason, likely, sure = _evidence(repo, stated, listed)
        if not reason:
            return
        yield self.finding(
            f"base_model_relation is {stated}, but {reason}.",
            value.span.location(repo.card.path),
            next_step=f"State {likely}, or remove base_model_relation."
            if likely != stated
            else "List the other bases, or state another relation.",
            evidence={"stated": stated, "likely": likely, "declared": list(listed)},
            severity=None if sure else Severity.INFO,
        )


def _evidence(repo: Repository, stated: str, listed: tuple[str, ...]) -> tuple[str, str, bool]:
    """Why the stated relation does not fit, which one does, and whether that is plain."""
    # The same model listed twice, say with its quantized copy, is one base.
    distinct = {names.tail(i) for i in listed}
    recipe = {names.tail(i) for i in repo.lineage.by(Origin.MERGEKIT)}
    adapters = [p for p in repo.files if _is_adapter(p)]
    weights = [p for p in repo.files if _is_weights(p) and p not in adapters]
    if stated != "adapter" and adapters and not weights:
        return f"the only weights are an adapter's ({adapters[0]})", "adapter", True
    if stated == "adapter" and weights and not adapters:
        return f"{weights[0]} holds full weights and no file is an adapter's", "finetune", True
    if stated in {"finetune", "quantized"} and len(recipe) > 1:
        return f"the merge recipe names {len(recipe)} models", "merge", stated == "finetune"
    if stated in {"finetune", "quantized"} and len(distinct) > 1:
        return f"base_model lists {len(distinct)} models", "merge", stated == "finetune"
    if stated == "merge" and len(distinct) == 1 and len(recipe) < 2:
        return f"base_model lists only {listed[0]}", "merge", False
    return "", "", False


def _is_adapter(path: str) -> bool:
    name = path.rpartition("/")[2].lower()
    return name.startswith("adapter_model.") or (
        "lora" in name and name.endswith((".safetensors", ".bin", ".pt"))
    )


def _is_weights(path: str) -> bool:
    name = path.rpartition("/")[2].lower()
    return "/" not in path and (
        (
            name.startswith(("model", "pytorch_model", "consolidated"))
            and name.endswith((".safetensors", ".bin"))
        )
        or name.endswith(".gguf")
    )
