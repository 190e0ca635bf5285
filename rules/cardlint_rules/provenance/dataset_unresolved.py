"""``provenance/dataset-unresolved``."""

from __future__ import annotations

from collections.abc import Iterator

from cardlint.errors import NotFound, Offline, Unavailable
from cardlint.findings import Confidence, Finding, NotChecked, Severity
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule
from cardlint.source.interface import is_repo_id

MOST = 20
"""Data sets that are asked for, one request each."""


class DatasetUnresolved(Rule):
    """A data set that the card names is not on the Hub.

    ## What it checks
    Each `owner/name` under `datasets` leads to a data set on the Hub. This needs the network: one
    request for each of the first 20. A name without an owner is an old, canonical one and is not
    looked at. The Hub answers alike for a data set that does not exist and for a private one, and
    so does the finding.

    ## Why it matters
    Training data that nobody can find are training data that nobody can look at.

    ## Example
    ```yaml
    datasets:
    - org/data-that-was-renamed
    ```

    ## How to fix
    Mend the id; or say in the text that the data set is private, and remove the entry.

    ## Sources
    - Hub documentation, Model Cards, `datasets`
    """

    id = "provenance/dataset-unresolved"
    severity = Severity.INFO
    confidence = Confidence.MEDIUM
    needs = frozenset({Fact.CARD})
    frameworks = ("eu-ai-act:datasets", "g7-sbom-ai:datasets")
    profiles = frozenset({"strict"})

    def check(self, repo: Repository) -> Iterator[Finding | NotChecked]:
        matter = repo.card.front_matter
        named = (
            {v.text: v for v in matter.strings("datasets") if is_repo_id(v.text)} if matter else {}
        )
        for id_, value in [*named.items()][:MOST]:
            try:
                repo.resolver.dataset(id_)
            except NotFound as reason:
                yield self.finding(
                    f"The data set {reason.message}.",
                    value.span.location(repo.card.path),
                    next_step="Mend the id, or say in the text that the data set is private.",
                    evidence={"dataset": id_},
                )
            except Offline as reason:
                yield NotChecked("datasets", reason.message, reason.remedy)
                return
            except Unavailable as reason:
                yield NotChecked(f"data set {id_}", reason.message, reason.remedy)
        if len(named) > MOST:
            yield NotChecked(
                "datasets", f"of {len(named)} data sets the first {MOST} were asked for"
            )
