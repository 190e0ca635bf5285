"""The body of a card: blocks, links, tables, comments, each with its exact place."""

from __future__ import annotations

import pytest

from cardlint.card.blocks import BlockKind
from cardlint.card.card import Card
from cardlint.card.commonmark import code_spans
from cardlint.errors import OverBudget

FRONT = "---\nlicense: mit\n---\n"


def shown(card: Card) -> list[tuple[str, str]]:
    """Kind and source text of each block, as its offsets find it."""
    return [(b.kind.value, card.text[b.start : b.end]) for b in card.markdown.blocks]


def test_every_block_is_where_it_stands() -> None:
    """Headings, paragraphs, items, quotations, cells, code, HTML, behind front matter and marks."""
    card = Card(
        FRONT
        + "# Title #\n\nOne\ntwo.\n\n> quoted\n\n1. item\n   - deep\n\n| a | b |\n|---|---|\n| 1 |  |\n\n"
        + "```py\nx = 1\n```\n\n    indented\n\n<p>html</p>\n\nSet\n===\n"
    )
    assert shown(card) == [
        ("heading", "Title"),
        ("paragraph", "One\ntwo."),
        ("paragraph", "quoted"),
        ("paragraph", "item"),
        ("paragraph", "deep"),
        ("cell", "a"),
        ("cell", "b"),
        ("cell", "1"),
        ("cell", ""),
        ("code", "x = 1"),
        ("code", "indented"),
        ("html", "<p>html</p>"),
        ("heading", "Set"),
    ]


def test_lists_and_quotations_are_told() -> None:
    """A block knows its list items and whether it is quoted."""
    blocks = Card("text\n\n- a\n  - b\n\n> c\n").markdown.blocks
    assert [(b.text, len(b.items), b.quoted) for b in blocks] == [
        ("text", 0, False),
        ("a", 1, False),
        ("b", 2, False),
        ("c", 0, True),
    ]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_line_ends_do_not_move_places(newline: str) -> None:
    """Line and column are the same with each of the three line ends."""
    card = Card("# A\n\nsome [link](x.md) here\nand ![i](y.png)\n".replace("\n", newline))
    places = [card.location(x.start, x.end) for x in card.markdown.links]
    assert [(p.line, p.column, p.end_column) for p in places] == [(3, 13, 17), (4, 10, 15)]


def test_links_of_every_kind() -> None:
    """Inline, image in a link, title, angle brackets, autolink, reference, HTML; none in code."""
    text = (
        '[a](one) [![b](two)](three) [c](<four five> "t") <https://x.y> [d][r] <a href="six">e</a> '
        "`[no](no)`\n\n[r]: seven\n\n<img src='eight'>\n\n```\n[no](no)\n```\n"
    )
    card = Card(text)
    links = card.markdown.links
    assert [(x.target, x.image) for x in links] == [
        ("one", False),
        ("three", False),
        ("two", True),
        ("four five", False),
        ("https://x.y", False),
        ("seven", False),
        ("six", False),
        ("eight", True),
    ]
    exact = [x for x in links if x.target != "seven"]
    assert [card.text[x.start : x.end] for x in exact] == [x.target for x in exact]


def test_the_same_target_twice_has_two_places() -> None:
    """Each link is found where it stands, not where the first one does."""
    links = Card("[a](x) and [b](x)\n").markdown.links
    assert [x.start for x in links] == [4, 15]


def test_cells_keep_their_columns() -> None:
    """Equal, empty and escaped cells are found in their own column."""
    card = Card("| a | a | b\\|c |\n|---|---|---|\n| 1 | 1 |  |\n")
    (table,) = card.markdown.tables
    assert [c.start for c in table.header] == [2, 6, 10]
    assert [c.text for c in table.header] == ["a", "a", "b|c"]
    assert [card.location(c.start).column for c in table.rows[0]][:2] == [3, 7]


def test_directives_are_comments_outside_of_code() -> None:
    """Verb, selectors and reason; code is left alone."""
    card = Card(
        "<!-- cardlint: ignore[body/placeholder, claims] agreed in June -->\n\n"
        "text <!-- cardlint: ignore -->\n\n`<!-- cardlint: ignore[a/b] -->`\n\n"
        "```\n<!-- cardlint: ignore[a/b] -->\n```\n\n<!-- other -->\n"
    )
    found = card.markdown.directives
    assert [(d.verb, d.selectors, d.reason) for d in found] == [
        ("ignore", ("body/placeholder", "claims"), "agreed in June"),
        ("ignore", (), None),
    ]
    assert card.text[found[1].start : found[1].end] == "<!-- cardlint: ignore -->"


def test_code_spans_are_equal_runs_of_backticks() -> None:
    """CommonMark 6.1: a run is closed by the next run of its length."""
    text = "`a` ``b ` c`` ``` d `e"
    assert [text[a:b] for a, b in code_spans(text)] == ["`a`", "``b ` c``"]


def test_a_body_beyond_the_limits_is_refused() -> None:
    """Too long to parse is a reason, not a crash and not a pass."""
    for body in ("a" * 250_001, "a\n" * 20_001):
        with pytest.raises(OverBudget, match="at most"):
            _ = Card(body).markdown


def test_an_empty_body() -> None:
    """A card of nothing, or of front matter alone, has no blocks."""
    assert Card("").markdown.blocks == ()
    assert Card(FRONT.rstrip("\n")).markdown.blocks == ()
    assert BlockKind.CODE not in {b.kind for b in Card(FRONT).markdown.blocks}


def test_a_tab_that_became_spaces_keeps_its_place() -> None:
    """The parser expands tabs inside of a fence that is indented; the block stays inside its line."""
    card = Card(" ```\n\t0")
    assert shown(card) == [("code", "0")]
