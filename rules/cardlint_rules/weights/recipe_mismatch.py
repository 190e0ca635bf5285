"""``weights/recipe-mismatch``."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cardlint.findings import Finding, Location, NotChecked, Severity
from cardlint.lineage.declared import Declaration, Origin
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule
from cardlint.weights.evidence import Comparison, Kind
from cardlint_rules.weights import _measured

METHOD = re.compile(r"^[ \t]*-?[ \t]*merge_method[ \t]*:[ \t]*[\"']?([\w.-]+)", re.MULTILINE)
SAME = ({"linear", "task_arithmetic"}, {"slerp", "nuslerp"})
"""Methods that give the same numbers for some parameters."""
SLACK = 0.01
"""What a coefficient may differ by; recipes are written with two decimals."""


class RecipeMismatch(Rule):
    """The merge recipe in the repository is not the one that gives the weights.

    ## What it checks
    Method and weights of `mergekit_config.yml` against the recipe measured in the weights, where
    that is sure: coefficients with their intervals, from the stored numbers.

    ## Why it matters
    The recipe is what others repeat, credit and check; a wrong one also means that the weights are
    not those that were meant to be published.

    ## Example
    ```yaml
    merge_method: linear
    models:
      - {model: org/a, parameters: {weight: 0.6}}   # measured: 0.565
      - {model: org/b, parameters: {weight: 0.4}}
    ```

    ## How to fix
    Publish the recipe that was run, or the weights that it gives.

    ## Sources
    - mergekit, "Merge Configuration"
    - cardlint, "Weight evidence"
    """

    id = "weights/recipe-mismatch"
    severity = Severity.WARNING
    needs = frozenset({Fact.WEIGHTS, Fact.LINEAGE})
    frameworks = ()

    def check(self, repo: Repository) -> Iterator[Finding | NotChecked]:
        said = [d for d in repo.lineage.declarations if d.origin is Origin.MERGEKIT]
        found = repo.weights.comparison
        if not said or found is None:
            return
        verdict = found.verdict
        if verdict.kind is not Kind.MERGE or verdict.confidence not in _measured.SURE:
            if verdict.kind in (Kind.IDENTICAL, Kind.REENCODED):
                yield self.finding(
                    f"{said[0].location.path} describes a merge; {verdict.statement}",
                    said[0].location,
                    next_step="Publish the merged weights, or remove the recipe.",
                    confidence=verdict.confidence,
                    evidence=_measured.figures(found),
                )
            else:
                yield NotChecked(
                    "the merge recipe",
                    "no recipe gives the weights to the bit: " + verdict.statement,
                )
            return
        method = METHOD.search(repo.source.read_text(said[0].location.path))
        if method and not _alike(method[1], verdict.method or ""):
            yield self.finding(
                f"The recipe says merge_method: {method[1]}; the weights are consistent with "
                f"{_measured.recipe_text(verdict)} ({verdict.method}).",
                Location(said[0].location.path, 1, 1),
                next_step="Publish the recipe that gives these weights.",
                confidence=verdict.confidence,
                evidence=_measured.figures(found),
            )
            return
        yield from self._weights(said, found)

    def _weights(self, said: list[Declaration], found: Comparison) -> Iterator[Finding]:
        measured = found.verdict.coefficients
        told = {d.parent: d for d in said if d.weight is not None and d.parent in measured}
        if found.verdict.method not in ("linear", "task_arithmetic") or not told:
            return
        total = 1.0
        if found.verdict.method == "linear" and found.verdict.parameters.get("normalize", True):
            total = sum(d.weight or 0.0 for d in told.values()) or 1.0
        for parent, d in told.items():
            want, got = (d.weight or 0.0) / total, measured[parent]
            if got.low - SLACK <= want <= got.high + SLACK:
                continue
            yield self.finding(
                f"The recipe gives {parent} the weight {want:.4g}; the weights are consistent with "
                f"{got.value:.4g} ({got.low:.4g} to {got.high:.4g}).",
                d.location,
                next_step="Publish the recipe that gives these weights.",
                confidence=found.verdict.confidence,
                evidence={**_measured.figures(found), "declared": want, "measured": got.value},
            )


def _alike(declared: str, measured: str) -> bool:
    return declared == measured or any({declared, measured} <= s for s in SAME)
