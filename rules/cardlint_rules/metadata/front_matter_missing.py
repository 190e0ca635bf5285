"""``metadata/front-matter-missing``."""

from __future__ import annotations

from collections.abc import Iterator

from cardlint.errors import Unavailable
from cardlint.findings import Edit, Finding, Fix, Severity
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule


class FrontMatterMissing(Rule):
    """The card does not begin with a YAML block that the Hub can find.

    ## What it checks
    `README.md` begins with a line `---`, and a later line `---` ends the block, which is not empty.

    ## Why it matters
    License, base models, languages and everything else that the Hub filters and shows come from
    this block. Without it the Hub knows nothing of the model.

    ## Example
    ```markdown
    # My model
    ```

    ## How to fix
    ```markdown
    ---
    license: apache-2.0
    base_model: org/name
    ---
    # My model
    ```

    ## Sources
    - Hub documentation, Model Cards, "Model card metadata"
    - huggingface_hub, `repocard.py`, `REGEX_YAML_BLOCK` ("exact same regex as in the Hub server")
    """

    id = "metadata/front-matter-missing"
    severity = Severity.WARNING
    needs = frozenset({Fact.CARD})
    frameworks = ("hf:metadata",)

    def check(self, repo: Repository) -> Iterator[Finding]:
        card = repo.card
        front = card.front_matter
        empty = front is not None and any(p.code == "empty" for p in front.problems)
        if front is not None and not empty:
            return
        if front is None and card.malformed:
            return  # metadata/front-matter-malformed says what is wrong with it
        yield self.finding(
            f"The card {'has an empty' if empty else 'has no'} front matter: "
            "the Hub sees no license, base model or language.",
            card.top(),
            next_step="Begin README.md with a block between two lines `---`.",
            fix=None if empty else _known(repo),
        )


def _known(repo: Repository) -> Fix | None:
    """A block with what the repository's own files say; nothing else is made up."""
    from cardlint.drafting import front_matter

    try:
        fields = front_matter(repo)
    except Unavailable:
        return None
    if not fields:
        return None
    card = repo.card
    block = "---\n" + "".join(fields.values()) + "---\n\n"
    if "\r\n" in card.text:
        block = block.replace("\n", "\r\n")
    mark = len(card.text) - len(card.text.lstrip("\ufeff"))  # it would hide the block from Python
    edit = Edit(card.path, 0, mark, block)
    return Fix("Write what the other files say", (edit,), safe=False)
