"""The front matter is found as the Hub finds it, and every value keeps its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from cardlint.card.front_matter import FrontMatter, parse
from cardlint.card.nodes import Kind, Value

CARDS = Path(__file__).parents[3] / "shared" / "cards"


def read(inner: str, loader: Any = None) -> FrontMatter:
    """The front matter of a card with this YAML."""
    front = parse(f"---\n{inner}\n---\n# M\n", loader=loader)
    assert front is not None
    return front


def flat(value: Value | None) -> list[tuple[Any, ...]]:
    """Everything about a tree of values."""
    walked = value.walk() if value else ()
    return [
        (v.kind, repr(v.data), v.span.start, v.span.end, v.text, v.plain, v.flow) for v in walked
    ]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("---\na: b\n---\n", True),
        ("---\r\na: b\r\n---\r\n", True),
        ("---\ra: b\r---\n", True),
        ("\n \n---\na: b\n---", True),
        ("\ufeff---\na: b\n---\n", True),
        ("---\na: b\n---  \t\n", True),
        ("--- \na: b\n---\n", False),
        ("----\na: b\n----\n", False),
        ("---\na: b\n", False),
        ("x\n---\na: b\n---\n", False),
        ("", False),
    ],
)
def test_found_as_the_hub_finds_it(text: str, found: bool) -> None:  # noqa: FBT001  # a table's column
    """The block is there exactly where the Hub's expression matches."""
    assert (parse(text) is not None) == found


def test_every_key_and_value_has_its_place() -> None:
    """Lines and columns count from 1 in the file, in characters; the text there is what is written."""
    text = "---\nname: 日本🤖 # x\ntags:\n- 'é'\n- b\nm: {k: [1, 2]}\n---\n"
    front = parse(text)
    assert front is not None
    assert front.root is not None
    said = [(v.span.text, v.span.line, v.span.column) for v in front.root.walk() if not v.fields]
    assert said == [
        ("name", 2, 1),
        ("日本🤖", 2, 7),
        ("tags", 3, 1),
        ("- 'é'\n- b", 4, 1),
        ("'é'", 4, 3),
        ("b", 5, 3),
        ("m", 6, 1),
        ("k", 6, 5),
        ("[1, 2]", 6, 8),
        ("1", 6, 9),
        ("2", 6, 12),
    ]


def test_anchor_and_tag_are_not_part_of_a_value() -> None:
    """What a fix writes over is the value alone."""
    root = read("a: &x !!str b\nc: *x\nd: &y\n- 1").root
    assert root is not None
    assert [f.value.span.text for f in root.fields] == ["b", "b", "- 1"]


def test_merge_keys_give_way_to_own_keys() -> None:
    """`<<` puts in what is not there, as js-yaml does it."""
    root = read("a: &a {x: 1, y: 2}\nb:\n  <<: *a\n  y: 3").root
    assert root is not None
    assert root.data == {"a": {"x": 1, "y": 2}, "b": {"x": 1, "y": 3}}


def test_line_separators_are_text_as_for_the_hub() -> None:
    """YAML 1.1 would end the line there; lines count as editors count them."""
    root = read("a: x\u2028y\nb: z").root
    assert root is not None
    assert root.data == {"a": "x\u2028y", "b": "z"}
    assert root.fields[1].key.span.line == 3


def test_an_entry_that_cannot_be_read_is_left_out_and_the_rest_is_read() -> None:
    """``root`` is for what is known whole; ``partial`` says what else stands there."""
    front = read("license: mit\ntags: [a\nlanguage: en\nbad: @x\nlast: 1")
    assert front.root is None
    assert front.partial is not None
    assert front.partial.data == {"license": "mit", "language": "en", "last": 1}
    assert [(p.code, p.span.line) for p in front.problems] == [("syntax", 3), ("syntax", 5)]


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? "])
def test_nesting_without_end_is_bounded(opening: str) -> None:
    """A file of brackets ends neither the process nor the patience."""
    front = read("a: b\nx:\n " + opening * 100_000)
    assert front.root is None
    assert front.problems


def test_aliases_are_counted_and_not_written_out() -> None:
    """Ten levels of ten would be ten thousand million values."""
    levels = "".join(f"l{i}: &l{i} [{', '.join([f'*l{i - 1}'] * 10)}]\n" for i in range(1, 11))
    front = read("l0: &l0 [x, x, x, x, x, x, x, x, x, x]\n" + levels + "license: mit")
    assert [p.code for p in front.problems] == ["alias-bomb"]
    assert front.root is None
    assert front.partial is not None
    assert front.partial.get("license") is not None


_LINES = st.sampled_from(
    [
        "license: mit",
        "language:\n- en\n- no",
        "tags: [a, 'b c', \"d\"]",
        "x: {y: 1, z: [~, 2.5, 1e3]}",
        "text: |\n  one\n\n  two",
        "text2: >-\n  one\n  two",
        "a: &a\n  b: c",
        "d: *a",
        "q: 'it''s'",
        'e: "\\u00e9\\n"',
        "# comment",
        "",
        "é: 🤖",
        "plain: one\n  two",
        "empty:",
        "bad: @",
        "open: [a",
        "n: 012",
        "m:\n  - k: v\n    l: [w]\n  -\n",
    ]
)


@settings(max_examples=150, deadline=None)
@given(st.lists(_LINES, max_size=8))
def test_both_parsers_give_the_same_answer(lines: list[str]) -> None:
    """Where libyaml is not built in, PyYAML's own parser finds the same values, places and faults."""
    inner = "\n".join(lines)
    fast, slow = read(inner), read(inner, yaml.SafeLoader)
    assert flat(fast.partial) == flat(slow.partial)
    assert [(p.code, p.message, p.span.start) for p in fast.problems] == [
        (p.code, p.message, p.span.start) for p in slow.problems
    ]


@settings(max_examples=300, deadline=None)
@given(
    st.text(
        alphabet=st.sampled_from(list("ab: -[]{}\"'#&*!|>%@`?,\n\r\t~0é🤖\u2028\ufeff\x85\\<")),
        max_size=60,
    )
)
def test_any_text_is_read_or_refused(inner: str) -> None:
    """No text raises; and what is found lies inside of the block."""
    front = parse(f"---\n{inner}\n---\n")
    assert front is not None
    values = list(front.partial.walk()) if front.partial else []
    for span in [*(v.span for v in values), *(p.span for p in front.problems)]:
        assert front.inner.start <= span.start <= span.end <= front.block.end


@pytest.mark.skipif(not CARDS.is_dir(), reason="the shared cards are not beside the checkout")
def test_real_cards_are_the_same_to_both_parsers() -> None:
    """On every fiftieth real card; each plain value stands where it is said to stand."""
    for path in sorted(CARDS.glob("*.md"))[::50]:
        text = path.read_bytes().decode("utf-8")
        fast, slow = parse(text), parse(text, loader=yaml.SafeLoader)
        assert flat(fast.root if fast else None) == flat(slow.root if slow else None)
        for value in fast.root.walk() if fast and fast.root else ():
            if value.plain and value.kind is Kind.STR and "\n" not in value.span.text:
                assert value.span.text == value.text
