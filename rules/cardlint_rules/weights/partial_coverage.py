"""``weights/partial-coverage``."""

from __future__ import annotations

from collections.abc import Iterator

from cardlint.findings import Finding, Json, Severity
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule
from cardlint_rules.weights import _measured


class PartialCoverage(Rule):
    """What is said about the weights rests on a part of the layers or components.

    ## What it checks
    How many of the model's layers and components (attention, MLP, experts, embeddings, …) had
    elements among those that were read. A sample of each counts as read.

    ## Why it matters
    A merge of layers, or training of a few of them, can hide in what was not read. Findings about
    weights hold for the layers and components that were compared.

    ## Example
    ```
    41 of 60 layers were read
    ```

    ## How to fix
    Give a larger `--budget`, or `--weights full` where the files are on this machine.

    ## Sources
    - The cardlint manual, "Weight evidence", on sampling and coverage
    """

    id = "weights/partial-coverage"
    severity = Severity.INFO
    needs = frozenset({Fact.WEIGHTS})

    def check(self, repo: Repository) -> Iterator[Finding]:
        found = repo.weights.comparison or repo.weights.best
        if found is None:
            return
        short = {}
        for what in ("layers", "components"):
            pair = found.coverage.get(what)
            read, of = _numbers(pair)
            if read < of:
                short[what] = f"{read} of {of} {what}"
        if short:
            yield self.finding(
                f"What is said about the weights rests on {' and '.join(short.values())}.",
                _measured.base_place(repo),
                next_step="Give a larger --budget.",
                evidence={"coverage": dict(found.coverage)},
            )


def _numbers(pair: Json) -> tuple[int, int]:
    """(read, of) of a coverage figure."""
    if isinstance(pair, dict):
        read, of = pair.get("read"), pair.get("of")
        if isinstance(read, int) and isinstance(of, int):
            return read, of
    return 0, 0
