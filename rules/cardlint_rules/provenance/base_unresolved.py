"""``provenance/base-unresolved``."""

from __future__ import annotations

from collections.abc import Iterator

from cardlint.errors import NotFound, Unavailable
from cardlint.findings import Confidence, Finding, NotChecked, Severity
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule


class BaseUnresolved(Rule):
    """A declared base model is not on the Hub, or not public.

    ## What it checks
    Each id under `base_model` is a repository that the Hub shows to the account that runs the check.
    It needs the network; without it the rule says that it did not look.

    ## Why it matters
    The Hub draws the model tree from these ids. A reader cannot follow one that leads nowhere, and
    nothing upstream can be checked: license, notices, weights.

    ## Example
    ```yaml
    base_model: my-org/removed-long-ago
    ```

    ## How to fix
    Correct the id; for a model that was renamed, give its new name. For a private base, say so in the
    card.

    ## Sources
    - Hub documentation, Model Cards, "Specifying a base model"
    - The Hub answers 401 for a missing repository as for a private one
    """

    id = "provenance/base-unresolved"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    needs = frozenset({Fact.UPSTREAM})
    frameworks = ("g7-sbom-ai:bases", "nist-ai-600-1:bases")

    def check(self, repo: Repository) -> Iterator[Finding | NotChecked]:
        upstream = repo.upstream
        said = set()
        for edge in upstream.edges:
            opened = upstream.repositories.get(edge.parent)
            if edge.child != upstream.root or edge.parent in said or opened is None:
                continue
            said.add(edge.parent)
            if isinstance(opened, NotFound):
                yield self.finding(
                    f"The base model {edge.parent} is not on the Hub, or not public.",
                    edge.location,
                    next_step="Correct the id, or say in the card that the base is private.",
                    evidence={"parent": edge.parent, "answer": opened.message},
                )
            elif isinstance(opened, Unavailable):
                yield NotChecked(f"base model {edge.parent}", opened.message, opened.remedy)
