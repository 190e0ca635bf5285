"""``license/link-unanswered``."""

from __future__ import annotations

from collections.abc import Iterator

from cardlint.findings import Confidence, Finding, Severity
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule


class LinkUnanswered(Rule):
    """The web address under `license_link` answers that there is nothing.

    ## What it checks
    With `--check-links`, one HEAD request is sent to an `http` or `https` address, to public addresses
    only, and redirects are followed. Without the option the rule says that it did not look.

    ## Why it matters
    `license: other` is only a name; the terms are behind the link.

    ## Example
    ```yaml
    license: other
    license_name: my-license
    license_link: https://example.org/gone
    ```

    ## How to fix
    Put the text into the repository as `LICENSE` and write `license_link: LICENSE`.

    ## Sources
    - Hub documentation, `modelcard.md`: `license_link` is a file of the repository or an address
    """

    id = "license/link-unanswered"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    needs = frozenset({Fact.LICENSES})
    frameworks = ("eu-ai-act:license",)

    def check(self, repo: Repository) -> Iterator[Finding]:
        link = repo.licenses.link
        if link is None or not link.text.startswith(("http://", "https://")):
            return
        # No answer may be this network's fault, 401 or 403 a page for people only, and 5xx passes:
        # only an answer that there is nothing is a finding.
        status = repo.answers(link.text)
        if status in {404, 410}:
            yield self.finding(
                f"The license link {link.text[:200]} leads nowhere: it answers {status}.",
                link.span.location(repo.card.path),
                next_step="Put the text into the repository as LICENSE and link to that.",
                evidence={"link": link.text[:500], "status": status},
            )
