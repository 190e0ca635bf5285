"""``provenance/base-cycle``."""

from __future__ import annotations

from collections.abc import Iterator

from cardlint.findings import Finding, Severity
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule


class BaseCycle(Rule):
    """The declared parents lead back to the model.

    ## What it checks
    The chain of `base_model`, `adapter_config.json` and merge recipes, followed upstream as far as
    the repositories can be opened, never comes back to this repository. A model that names itself
    is told by `provenance/base-self-reference`.

    ## Why it matters
    Two models cannot each be made from the other. One of the declarations is wrong, and licenses
    and credits that follow the chain go round.

    ## Example
    `org/a` declares `base_model: org/b`, and `org/b` declares `base_model: org/a`.

    ## How to fix
    Find out which of them was there first, and mend the other's card.

    ## Sources
    - Stalnaker et al., "The ML Supply Chain in the Era of Software 2.0", arXiv 2502.04484
    """

    id = "provenance/base-cycle"
    severity = Severity.WARNING
    needs = frozenset({Fact.CARD, Fact.UPSTREAM})
    frameworks = ("g7-sbom-ai:bases",)

    def check(self, repo: Repository) -> Iterator[Finding]:
        upstream = repo.upstream
        for cycle in upstream.cycles:
            members = set(cycle)
            if upstream.root not in members or len(members) < 2:
                continue
            # Told from this repository: its own first step.
            start = cycle.index(upstream.root)
            ring = (*cycle[start:-1], *cycle[:start], upstream.root)
            step = next(
                e for e in upstream.edges if e.child == upstream.root and e.parent == ring[1]
            )
            yield self.finding(
                f"The declared parents go round: {' → '.join(ring)}.",
                step.location,
                next_step="Find out which of them was there first, and mend the other's card.",
                evidence={"cycle": list(ring)},
            )
