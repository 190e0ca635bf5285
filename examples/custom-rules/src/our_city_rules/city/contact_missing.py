"""``city/contact-missing``."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cardlint import Fact, Finding, Repository, Rule, Severity


class ContactMissing(Rule):
    """The card names no address of the office that answers for the model.

    ## What it checks
    The card holds an e-mail address of our city's domain (option `domain`).

    ## Why it matters
    By our ordinance 12/2026 every published model names the office that answers for it.

    ## Example
    A card without an address.

    ## How to fix
    Add a line such as `Contact: models@city.example`.

    ## Sources
    - Ordinance 12/2026, section 3 (made up for this example)
    """

    id = "city/contact-missing"
    severity = Severity.WARNING
    needs = frozenset({Fact.CARD})
    options = {"domain": "city.example"}  # noqa: RUF012  # read only, as the base class says

    def check(self, repo: Repository) -> Iterator[Finding]:
        """Look for the address."""
        domain = self.option["domain"]
        if not re.search(rf"[\w.+-]+@{re.escape(domain)}\b", repo.card.text):
            yield self.finding(
                f"The card names no address at {domain}.",
                repo.card.top(),
                next_step=f"Add a line such as `Contact: models@{domain}`.",
                evidence={"domain": domain},
            )
