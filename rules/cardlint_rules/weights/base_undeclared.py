"""``weights/base-undeclared``."""

from __future__ import annotations

from collections.abc import Iterator

from cardlint.findings import Confidence, Finding, NotChecked, Severity
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule
from cardlint.weights.evidence import Comparison, Kind
from cardlint_rules.weights import _measured


class BaseUndeclared(Rule):
    """The declared bases do not account for the weights; another model does.

    ## What it checks
    The weights are held against the declared bases. Where these do not explain them, they are held
    against candidates: models that the repository names elsewhere, other children of the declared
    base, and those given with `--candidate`. A candidate is reported only when a recipe with it
    explains the weights and the other candidates, as controls, do not.

    ## Why it matters
    Whose work a model contains decides which licenses apply, whom to credit and which known faults
    it inherits. The Hub's model tree shows only what `base_model` says.

    ## Example
    ```yaml
    base_model: Qwen/Qwen3.5-397B-A17B   # and the weights are 0.565·other/model + 0.435·this
    ```

    ## How to fix
    Add the model to `base_model`, set `base_model_relation`, and keep what its license asks for. If
    the finding is wrong, the evidence holds every figure needed to show it.

    ## Sources
    - Hub documentation, Model Cards, "Specifying a base model"
    - cardlint, "Weight evidence": rounding cells, replay, controls
    """

    id = "weights/base-undeclared"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    needs = frozenset({Fact.WEIGHTS})
    frameworks = ("g7-sbom-ai:bases",)

    def check(self, repo: Repository) -> Iterator[Finding | NotChecked]:
        told = repo.weights
        yield from (
            gap for gap in told.not_checked if told.best is None or gap.what != "candidates"
        )
        if told.best is None or told.best.verdict.kind in (
            Kind.IDENTICAL, Kind.REENCODED, Kind.PERMUTED,
        ):  # fmt: skip
            return  # weights/copy-of-upstream tells a copy
        extra = _measured.undeclared(told.best, told.declared)
        if not extra:
            return
        if told.best.verdict.kind is Kind.MERGE:
            yield self._merge(repo, told.best, extra, told.declared)
        else:
            yield self._nearer(repo, told.best, extra[0], told.declared)

    def _merge(
        self, repo: Repository, best: Comparison, extra: list[str], declared: tuple[str, ...]
    ) -> Finding:
        said = best.verdict
        proved = said.confidence is Confidence.CERTAIN and all(c.failed for c in best.controls)
        bases = ", ".join(declared)
        subject = (
            f"The declared base {bases} alone does not account for the weights"
            if declared
            else "No base is declared that accounts for the weights"
        )
        # A recipe that also uses what the declared parents themselves descend from hides nobody.
        known = set(extra) <= set(repo.upstream.ancestors)
        severity = Severity.ERROR if proved and not known else Severity.WARNING
        return self.finding(
            f"{subject}; they are consistent with {_measured.recipe_text(said)} "
            f"({_measured.proof_text(said)})"
            + (f"; {' and '.join(extra)} is upstream of what is declared." if known else "."),
            _measured.base_place(repo),
            next_step=f"Add {' and '.join(extra)} to base_model, with base_model_relation: merge.",
            severity=Severity.INFO if known else severity,
            confidence=said.confidence,
            evidence={
                **_measured.figures(best),
                "undeclared": list(extra),
                "candidates": dict(repo.weights.candidates),
            },
        )

    def _nearer(
        self, repo: Repository, best: Comparison, extra: str, declared: tuple[str, ...]
    ) -> Finding:
        near = best.relation(extra)
        figures = (
            f" (similarity {near.similarity:.4f}, distance {near.distance:.4f})" if near else ""
        )
        subject = (
            f"The weights are much nearer to {extra}{figures} than to the declared base "
            f"{', '.join(declared)}"
            if declared
            else f"The weights and {extra} are related as a fine-tune and its base are{figures}, and "
            + ("no declared base could be read" if repo.lineage.parents else "no base is declared")
        )
        return self.finding(
            f"{subject}. Weights alone do not tell surely which came first, or whether both were made "
            "from a third.",
            _measured.base_place(repo),
            next_step=f"If the model was made from {extra}, add it to base_model.",
            severity=Severity.INFO,
            confidence=Confidence.MEDIUM,
            evidence={**_measured.figures(best), "undeclared": [extra]},
        )
