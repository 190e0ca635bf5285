"""``weights/recipe-mismatch``."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cardlint.findings import Confidence, Finding, Location, NotChecked, Severity
from cardlint.lineage.declared import Declaration, Origin
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule
from cardlint.weights.evidence import Comparison, Kind, Verdict
from cardlint_rules.weights import _measured

METHOD = re.compile(r"^[ \t{,-]*[\"']?merge_method[\"']?[ \t]*:[ \t]*[\"']?([\w.-]+)", re.MULTILINE)
LAMBDA = re.compile(r"^[ \t{,-]*[\"']?lambda[\"']?[ \t]*:[ \t]*([-+.\deE]+)[ \t,}]*$", re.MULTILINE)
NORMALIZE = re.compile(r"\bnormalize[\"']?[ \t]*:[ \t]*(true|false)", re.IGNORECASE)
SAME = (
    {"linear", "task_arithmetic"},
    {"slerp", "nuslerp", "multislerp", "karcher"},
)
"""Methods that give the same numbers for some parameters."""
SUMS = frozenset({"linear", "task_arithmetic"})
"""Methods whose weights are the coefficients."""
OF_CHANGES = frozenset({
    "ties", "dare_ties", "dare_linear", "della", "della_linear", "breadcrumbs", "breadcrumbs_ties",
    "sce", "model_stock", "ram", "ramplus_tl",
})  # fmt: skip
"""Methods of changes to a base: with a single change kept whole they are a plain sum."""
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
        text = self._text(repo, said)
        methods = METHOD.findall(text)
        if verdict.kind is not Kind.MERGE or verdict.confidence not in _measured.SURE:
            # Passing one model through also changes a number format or lays an adapter on.
            if verdict.kind in (Kind.IDENTICAL, Kind.REENCODED) and "passthrough" not in methods:
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
        if len(methods) > 1:
            yield NotChecked("the merge recipe", "it has several stages; only one was measured")
            return
        method = methods[0] if methods else ""
        donors = {d.parent for d in said if d.weight is not None}
        if method and not _alike(method, verdict, len(donors)):
            yield from self._method(method, said[0].location.path, found)
            return
        if method in SUMS:
            yield from self._weights(said, found, _scale(text, method, said))

    @staticmethod
    def _text(repo: Repository, said: list[Declaration]) -> str:
        return repo.source.read_text(said[0].location.path)

    def _method(self, method: str, path: str, found: Comparison) -> Iterator[Finding | NotChecked]:
        """Only a replay tells methods apart: without one another method may fit as well."""
        verdict = found.verdict
        if verdict.confidence is not Confidence.CERTAIN:
            yield NotChecked(
                "the method of the merge recipe",
                f"no recipe gives the weights to the bit; {verdict.method} comes near",
            )
            return
        yield self.finding(
            f"The recipe says merge_method: {method}; the weights are consistent with "
            f"{_measured.recipe_text(verdict)} ({verdict.method}).",
            Location(path, 1, 1),
            next_step="Publish the recipe that gives these weights.",
            confidence=verdict.confidence,
            evidence=_measured.figures(found),
        )

    def _weights(
        self, said: list[Declaration], found: Comparison, scale: float | None
    ) -> Iterator[Finding]:
        measured = found.verdict.coefficients
        told = {d.parent: d for d in said if d.weight is not None and d.parent in measured}
        if found.verdict.method not in SUMS or not told or scale is None:
            return
        for parent, d in told.items():
            want, got = scale * (d.weight or 0.0), measured[parent]
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


def _scale(text: str, method: str, said: list[Declaration]) -> float | None:
    """What the weights of a recipe are multiplied by; ``None`` where that is no one number."""
    weighted = [d for d in said if d.weight is not None]
    switches = {found.lower() for found in NORMALIZE.findall(text)}
    factors = LAMBDA.findall(text)
    if len({d.parent for d in weighted}) < len(weighted) or len(switches) > 1:
        return None  # slices, or settings of parts
    if len(factors) != text.count("lambda") or len(factors) > 1:
        return None
    # mergekit normalizes the weights of linear unless told not to; of task_arithmetic if told to.
    normalized = switches == {"true"} or (method == "linear" and not switches)
    total = sum(d.weight or 0.0 for d in weighted) if normalized else 1.0
    try:
        return float(factors[0] if factors else 1) / total
    except (ValueError, ZeroDivisionError):
        return None


def _alike(declared: str, measured: Verdict, donors: int) -> bool:
    """Whether the declared method can give what was measured."""
    method = measured.method or ""
    if declared == method or any({declared, method} <= s for s in SAME):
        return True
    if method not in SUMS:
        return False
    # Near parents: along the arc and along the chord the rounded numbers are the same.
    round_ = str(measured.parameters.get("same_as", "")).partition(" ")[0]
    return (declared in OF_CHANGES and donors <= 1) or any({declared, round_} <= s for s in SAME)
