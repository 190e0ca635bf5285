"""Markdown from nowhere: no crash, exact places, bounded time."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cardlint.card.card import Card
from cardlint.engine import CRASHED, run
from cardlint.errors import OverBudget
from cardlint.findings import Finding
from cardlint.lineage import prose
from cardlint.repository import Options, Repository
from cardlint.rule import registry
from cardlint.source.resolve import Resolver

FAMILIES = ("body", "claims", "provenance")
RULES = [r for r in registry() if r.partition("/")[0] in FAMILIES]

PIECES = [
    "# ", "## A\n", "\n", "\n\n", "- ", "1. ", "> ", "    ", "\t", "```", "~~~\n", "`", "``", "|", "|a|b|\n|-|-|\n",
    "|**1.5**|2|\n", "[", "]", "](", ")", "[a](b.md)", "[a](#b)", "![", "<", ">", "<a href=", "<!--", "-->", "<p>", "**",
    "_", "\\", "a/b-7b", "https://huggingface.co/org/model-7b", "fine-tuned version of ", "a merge of ", " and ", "基于",
    "微调", "{{ x }}", "[More Information Needed]", "\r", "\r\n", "\0", "\ufeff", "\u200b", "\u202e", "é", "😀", "&lt;",
    "\ue000", "---", "===\n", "context length of 8k", "Parameters: 7B", "from scratch",
]  # fmt: skip

text = st.one_of(st.text(max_size=200), st.lists(st.sampled_from(PIECES), max_size=60).map("".join))


@settings(max_examples=300, deadline=1000)
@example(" ```\n\t0")
@example("- 0\n\t[](0)")
@given(text)
def test_any_text_is_read(source: str) -> None:
    """Every block lies inside the body, in order, and nothing raises."""
    card = Card(source)
    markdown = card.markdown
    for block in markdown.blocks:
        assert card.body_start <= block.start <= block.end <= len(source)
    assert all(0 <= link.start <= link.end <= len(source) for link in markdown.links)
    _ = (markdown.tables, markdown.comments, markdown.directives)
    for said in prose.statements(card):
        assert said.location.line >= 1


@settings(max_examples=60, deadline=3000)
@given(text)
def test_no_rule_crashes(tmp_path_factory: pytest.TempPathFactory, source: str) -> None:
    """Whatever the text, a rule finds something, finds nothing or says why it did not look."""
    report = check(tmp_path_factory.getbasetemp() / "fuzz", source)
    assert [f.message for f in report if f.rule == CRASHED] == []


HOSTILE = {
    "quotations": "> " * 500_000,
    "lists": "- " * 500_000,
    "nested_lists": "".join("  " * i + "- a\n" for i in range(1000)),
    "brackets": "[" * 1_000_000,
    "images": "![a](" * 200_000,
    "open_tags": '<a href="x" ' * 80_000,
    "comments": "<!--" * 250_000,
    "backticks": "".join("`" * (i % 1400) + " " for i in range(1400)),
    "line_ends": "\n" * 1_000_000,
    "links": "[a](https://huggingface.co/a/b-7b) " * 7_000,
    "wide_table": "|" + "a|" * 60_000 + "\n|" + "-|" * 60_000 + "\n",
    "long_table": "|a|b|\n|-|-|\n" + "|**1.0**|2.0|\n" * 15_000,
    "merges": "merge of a/b-7b and " * 12_000,
    "sentences": "fine-tuned version of the " * 9_000 + "a/b-7b",
    "html": "<p>merge of a/b-7b</p>" * 11_000,
    "placeholders": "[TODO " * 160_000,
    "fields": "{{ a | " * 140_000,
    "invisible": "a\u200b" * 500_000,
    "anchors": "[a](#b)\n" * 19_000,
    "one_word": "a" * 1_000_000,
    "headings": "## Gains over base\n\n" * 9_000,
}


@pytest.mark.slow
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_card_takes_bounded_time(name: str, tmp_path: Path) -> None:
    """A card of up to 1 MB is done in seconds with all rules of the body; 2 s on a quiet machine."""
    started = time.process_time()
    report = check(tmp_path, "---\nbase_model: org/base-7b\n---\n" + HOSTILE[name])
    assert time.process_time() - started < 6
    assert [f.message for f in report if f.rule == CRASHED] == []


def check(folder: Path, source: str) -> list[Finding]:
    """Run the rules of these families over one card."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "README.md").write_text(source, encoding="utf-8", newline="", errors="replace")
    resolver = Resolver(offline=True)
    repo = Repository(resolver.local(folder), resolver, Options(offline=True, weights="off"))
    return list(run(repo, [registry()[r]() for r in RULES], "card").findings)


def test_too_long_to_parse_is_not_checked(tmp_path: Path) -> None:
    """A body beyond the limits is said to be not checked, for each rule that parses it."""
    with pytest.raises(OverBudget):
        _ = Card("a\n" * 30_000).markdown
    (tmp_path / "README.md").write_text("# a\n" * 30_000)
    resolver = Resolver(offline=True)
    repo = Repository(resolver.local(tmp_path), resolver, Options(offline=True, weights="off"))
    report = run(repo, [registry()["body/empty-section"]()], "card")
    assert report.findings == ()
    assert "30,001 lines" in report.not_checked[0].why
