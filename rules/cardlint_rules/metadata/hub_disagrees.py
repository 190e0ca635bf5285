"""``metadata/hub-disagrees``."""

from __future__ import annotations

from collections.abc import Iterator

from cardlint.errors import Offline
from cardlint.findings import Finding, Severity
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule


class HubDisagrees(Rule):
    """The Hub's own check refuses this card.

    ## What it checks
    With `--hub-validate`, the card is sent to the Hub's check, as `huggingface_hub` does before a
    commit, and every error that the Hub names is told as it stands. Where no rule of cardlint found an
    error, that is a gap in cardlint and worth a report.

    ## Why it matters
    The Hub is what decides: a card that it refuses cannot be committed through its API.

    ## Example
    ```yaml
    license: my-own
    ```

    ## How to fix
    Mend what the Hub names. If `cardlint check` found nothing there, please report it.

    ## Sources
    - huggingface_hub, `HfApi.create_commit` (`POST /api/validate-yaml`)
    """

    id = "metadata/hub-disagrees"
    severity = Severity.ERROR
    needs = frozenset({Fact.CARD})
    frameworks = ("hf:metadata",)

    def check(self, repo: Repository) -> Iterator[Finding]:
        if not repo.options.hub_validate:
            return  # asked for by name only: not a part of the check that could be missing
        if repo.options.offline:
            raise Offline("the Hub was not asked (offline)", remedy="Leave out --offline.")
        for message in repo.resolver.validate(repo.card.text).errors:
            yield self.finding(
                f"The Hub refuses the card: {message}",
                repo.card.top(),
                next_step="Mend it; if no other finding speaks of it, report that as a bug of cardlint.",
                evidence={"hub": message},
            )
