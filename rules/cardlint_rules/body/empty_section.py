"""``body/empty-section``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import zip_longest

from cardlint.card import sections
from cardlint.card.body import COMMENT, Block, BlockKind
from cardlint.findings import Finding, Severity
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule


class EmptySection(Rule):
    """A heading has nothing below it.

    ## What it checks
    Headings of the second level and below that are followed by a heading of the same or a higher
    level, or by the end of the card, with nothing but comments between. A heading that is followed
    by a deeper one is not empty; neither is the card's title. Sentences and links that are only set
    in large type are no headings of sections.

    ## Why it matters
    An empty "Limitations" reads as if there were none.

    ## Example
    ```markdown
    ### Limitations

    ### Training data
    Public web pages.
    ```

    ## How to fix
    Write the section, or remove its heading.

    ## Sources
    - Mitchell et al., "Model Cards for Model Reporting", 2019
    """

    id = "body/empty-section"
    severity = Severity.INFO
    needs = frozenset({Fact.CARD})

    def check(self, repo: Repository) -> Iterator[Finding]:
        card = repo.card
        if card.body.count("#") < 2:
            return
        found = sections.sections(card.markdown)
        for here, after in zip_longest(found, found[1:]):
            heading = here.heading
            if heading.level < 2 or any(_says(b) for b in here.blocks) or not _is_title(heading):
                continue
            if after is not None and after.heading.level > heading.level:
                continue
            yield self.finding(
                f"Nothing stands below the heading “{' '.join(heading.text.split())[:80]}”.",
                card.location(heading.start, heading.end),
                next_step="Write the section, or remove its heading.",
                evidence={"heading": heading.text[:200]},
            )


def _is_title(heading: Block) -> bool:
    """Whether the heading names a section; many are sentences or links set in large type."""
    title = sections.plain(heading.text)
    if not title or re.search(r"[:!?<\]]", heading.text) or title.count(" ") > 5:
        return False
    return bool(sections.about(title)) or re.fullmatch(r"[^\W\d]+(?: [^\W\d]+)?", title) is not None


def _says(block: Block) -> bool:
    if block.kind is BlockKind.RULE:
        return False
    return block.kind is not BlockKind.HTML or bool(COMMENT.sub("", block.text).strip())
