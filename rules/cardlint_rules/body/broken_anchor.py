"""``body/broken-anchor``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches
from urllib.parse import unquote

from cardlint.card.body import BlockKind, Link, Markdown
from cardlint.findings import Finding, Severity
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule

MAX_TOLD = 50
"""Anchors told of one card; the evidence of each says how many there are."""
WORTH = re.compile(r"\]\(\s*<?#|href\s*=\s*[\"']?#|\]:\s*#")
_ID = re.compile(r"<[a-zA-Z][^<>]{0,500}?\s(?:id|name)\s*=\s*[\"']?([^\"'\s<>]+)")


class BrokenAnchor(Rule):
    """A link within the card leads to no heading.

    ## What it checks
    Links to `#…` against the headings of the card and the `id` and `name` attributes of its HTML.
    Marks, spaces and case are left out of the comparison, because renderers make anchors from
    headings in different ways; only what no renderer can resolve is told.

    ## Why it matters
    A table of contents that leads nowhere hides the section that it promises.

    ## Example
    ```markdown
    See [the limits](#limitations).

    # Known limits
    ```

    ## How to fix
    Link to the heading's anchor: lower case, hyphens for spaces, no punctuation.

    ## Sources
    - GitHub Docs, "Basic writing and formatting syntax", section links
    """

    id = "body/broken-anchor"
    severity = Severity.WARNING
    needs = frozenset({Fact.CARD})

    def check(self, repo: Repository) -> Iterator[Finding]:
        card = repo.card
        if not WORTH.search(card.body):
            return
        links: dict[str, list[Link]] = {}  # one finding for each anchor, wherever it is linked
        for link in card.markdown.links_where(WORTH):
            if link.target.startswith("#") and len(link.target) > 1:
                links.setdefault(link.target, []).append(link)
        if not links:
            return
        known = anchors(card.markdown)
        bare = {"", "top", *(_bare(a) for a in known)}
        broken = [t for t in links if _bare(unquote(t[1:])) not in bare]
        for target in broken[:MAX_TOLD]:
            link, *others = links[target]
            name = unquote(target[1:])
            close = get_close_matches(name.lower(), known, n=1, cutoff=0.7)
            yield self.finding(
                f"No heading of the card has the anchor {target}.",
                card.location(link.start, link.end),
                next_step=f"Did you mean #{close[0]}?"
                if close
                else "Add the section, or remove the link.",
                evidence={"target": target, "text": link.text[:100], "broken": len(broken)},
                related=[card.location(x.start, x.end) for x in others[:MAX_TOLD]],
            )


def anchors(markdown: Markdown) -> list[str]:
    """The anchors of the card, as GitHub makes them: the second of one name gets ``-1``."""
    found: list[str] = []
    count: dict[str, int] = {}
    for block in markdown.blocks:
        if block.kind is BlockKind.HEADING:
            slug = _slug(block.text)
            number = count.get(slug, 0)
            count[slug] = number + 1
            found.append(f"{slug}-{number}" if number else slug)
        if block.kind is not BlockKind.CODE and "<" in block.text:
            found += _ID.findall(block.text)
            found += [
                _slug(t)
                for t in re.findall(r"<h[1-6][^<>]*>(.{1,300}?)</h[1-6]>", block.text, re.DOTALL)
            ]
    return found


def _slug(heading: str) -> str:
    text = re.sub(r"!?\[([^\[\]]*)\]\([^()]*\)", r"\1", heading)
    text = re.sub(r"<[^<>]{0,500}>", "", text).strip().lower()
    return re.sub(r"\s", "-", re.sub(r"[^\w\s-]", "", text))


def _bare(anchor: str) -> str:
    """Letters and digits only: what all renderers keep."""
    return re.sub(r"[\W_]", "", re.sub(r"<[^<>]{0,500}>", "", anchor.lower()))
