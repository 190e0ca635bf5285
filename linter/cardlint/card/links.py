"""Links and images of a block, with the place of each target."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from cardlint.card import commonmark
from cardlint.card.blocks import Block, BlockKind, Link

if TYPE_CHECKING:
    from markdown_it.token import Token

MAX_INLINE = 20_000
"""A paragraph beyond this is searched for links by a plain expression: the inline parser takes
quadratic time on unclosed marks."""
DEFINITION = re.compile(r"^ {0,3}\[[^\[\]\n]{1,300}\]:", re.MULTILINE)
"""A reference that is defined apart from its links: ``[name]: target``."""
_ATTRIBUTE = re.compile(
    r"""<(?P<tag>[a-zA-Z][\w-]*)\b[^<>]{0,2000}?\s(?:href|src)\s*=\s*(?:"(?P<a>[^"<>]*)"|'(?P<b>[^'<>]*)'|(?P<c>[^\s"'<>]+))"""
)
_PLAIN_LINK = re.compile(r"(!?)\[([^\[\]]{0,300})\]\([ \t]{0,9}<?([^\s()<>]{1,1000})")


def of(block: Block, environment: dict[str, Any]) -> Iterator[Link]:
    """The links and images of a block.

    Args:
        block: any.
        environment: what the parser found when it read the blocks: the definitions of references.
    """
    if block.kind in {BlockKind.CODE, BlockKind.RULE}:
        return
    if block.kind is BlockKind.HTML:
        yield from _html_links(block, block.text)
        return
    text = block.text
    if len(text) > MAX_INLINE:
        yield from _plain_links(block)
    elif "[" in text or "<" in text:
        yield from _inline_links(block, environment)


def _inline_links(block: Block, environment: dict[str, Any]) -> Iterator[Link]:
    parser = commonmark.parser()
    children: list[Token] = []
    parser.inline.parse(block.text, parser, environment, children)
    behind: dict[str, int] = {}  # text already found → where to look for it the next time
    for index, token in enumerate(children):
        if token.type == "html_inline":
            # Inside a paragraph each tag is a token of its own.
            place = max(block.text.find(token.content, behind.get(token.content, 0)), 0)
            behind[token.content] = place + 1
            yield from _html_links(block, token.content, place)
            continue
        if token.type not in {"link_open", "image"}:
            continue
        image = token.type == "image"
        target = str(token.attrs.get("src" if image else "href", ""))
        label = token.content if image else _label(children, index)
        place = _target(block.text, target, behind.get(target, 0))
        if place < 0:  # a reference: its definition is elsewhere
            yield Link(target, label, block.start, block.end, image)
            continue
        behind[target] = place + 1
        yield Link(target, label, block.at(place), block.at(place) + len(target), image)


def _label(tokens: list[Token], index: int) -> str:
    """The text of the link that opens at ``index``."""
    parts: list[str] = []
    for token in tokens[index + 1 :]:
        if token.type == "link_close":
            break
        if token.content:
            parts.append(token.content)
    return "".join(parts)


def _target(text: str, target: str, cursor: int) -> int:
    """Where a link's target stands in the text of its block; -1 where it does not."""
    if not target:
        return -1
    for opening in ("](", "](<", "<"):
        place = text.find(opening + target, max(cursor - len(opening), 0))
        if place >= 0:
            return place + len(opening)
    return text.find(target, cursor)


def _plain_links(block: Block) -> Iterator[Link]:
    for match in _PLAIN_LINK.finditer(block.text):
        start = block.at(match.start(3))
        yield Link(match[3], match[2], start, start + len(match[3]), bool(match[1]))
    yield from _html_links(block, block.text)


def _html_links(block: Block, html: str, offset: int = 0) -> Iterator[Link]:
    for match in _ATTRIBUTE.finditer(html):
        group = str(match.lastgroup)
        start = block.at(offset + match.start(group))
        image = match["tag"].lower() not in {"a", "area", "link"}
        yield Link(match[group], "", start, start + len(match[group]), image)
