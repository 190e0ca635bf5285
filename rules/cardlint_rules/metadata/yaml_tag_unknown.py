"""``metadata/yaml-tag-unknown``."""

from __future__ import annotations

from collections.abc import Iterator

from cardlint.findings import Edit, Finding, Fix, NotChecked, Severity
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule
from cardlint_rules.metadata._front_matter import bounded, clip


class YamlTagUnknown(Rule):
    """A value of the front matter carries a YAML tag that the Hub does not know.

    ## What it checks
    No value is marked with a tag (`!name`, `!!python/tuple`) besides those of YAML's own schema, and a
    value that is marked with one of those is of that kind.

    ## Why it matters
    The Hub refuses the card (unknown tag). Such tags are left behind when a program writes its own
    objects as YAML; reading them back could run code, so safe readers refuse them.

    ## Example
    ```yaml
    tags: !!python/tuple [merge, chat]
    ```

    ## How to fix
    ```yaml
    tags: [merge, chat]
    ```

    ## Sources
    - huggingface_hub, issue 1950; datasets, issue 6919 (text of the Hub's answer)
    - PyYAML documentation, "YAML tags and Python types"
    """

    id = "metadata/yaml-tag-unknown"
    severity = Severity.ERROR
    needs = frozenset({Fact.CARD})
    frameworks = ("hf:metadata",)

    def check(self, repo: Repository) -> Iterator[Finding | NotChecked]:
        yield from bounded(self._tagged(repo), self.id, "the front matter")

    def _tagged(self, repo: Repository) -> Iterator[Finding]:
        card = repo.card
        for problem in card.front_matter.problems if card.front_matter else ():
            if problem.code != "tag":
                continue
            tag = problem.related[0] if problem.related else problem.span
            behind = len(card.text) - len(card.text[tag.end :].lstrip(" "))
            fix = None
            if problem.related and tag.text.startswith("!"):
                edit = Edit(card.path, tag.start, behind, "")
                fix = Fix("Take the tag out", (edit,), safe=False)
            yield self.finding(
                f"In the front matter {clip(problem.message, 200)}; the Hub refuses the card.",
                tag.location(card.path),
                next_step="Take the tag out.",
                evidence={"tag": clip(tag.text)},
                fix=fix,
            )
