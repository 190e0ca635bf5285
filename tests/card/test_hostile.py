"""Cards made to hurt: whatever stands in README.md, every rule ends in time and none crashes."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cardlint.engine import CRASHED, run
from cardlint.findings import TargetReport
from cardlint.repository import Options, Repository
from cardlint.rule import registry
from cardlint.source.resolve import Resolver
from tests.kit.memory import MemorySource

CARDS = Path(__file__).parents[3] / "shared" / "cards"
RULES = [rule() for rule in registry().values()]
MEGABYTE = 1 << 20


def check(text: str) -> TargetReport:
    """Every rule over a repository with nothing but this card."""
    source = MemorySource({"README.md": text})
    options = Options(offline=True, weights="off")
    return run(Repository(source, Resolver(offline=True), options), RULES, "card")


def crashes(report: TargetReport) -> list[str]:
    """What went wrong inside cardlint."""
    said = [f.message for f in report.findings if f.rule == CRASHED]
    return said + [n.why for n in report.not_checked if "failed to read" in n.why]


def fill(unit: str) -> str:
    """A megabyte of it."""
    return unit * (MEGABYTE // len(unit.encode()))


def yaml(inner: str) -> str:
    """A card with this front matter."""
    return f"---\n{inner}\n---\n"


def body(text: str) -> str:
    """A card with this body."""
    return f"---\nlicense: mit\n---\n{text}"


BOMBS = {
    "the same key": yaml(fill("license: mit\n")),
    "keys that differ": yaml("".join(f"k{i}: no\n" for i in range(90_000))),
    "brackets": yaml("a: " + fill("[")),
    "braces": yaml(fill("{a: ")),
    "steps": yaml("".join(" " * i + "a:\n" for i in range(1_400))),
    "a list": yaml("language:\n" + fill("- English\n")),
    "tabs": yaml("a:\n" + fill("\tb: c\n")),
    "faults": yaml(fill("a: @x\n")),
    "an open quote": yaml("a: '" + fill("x\n")),
    "a long word": yaml("pipeline_tag: " + fill("text-")),
    "a long address": yaml("base_model: https://huggingface.co/" + fill("a/")),
    "aliases": yaml("a: &a x\nb: [" + "*a," * 300_000 + "]"),
    "merges": yaml(
        "a: &a {" + ",".join(f"k{i}: v" for i in range(5_000)) + "}\n" + "b: {<<: *a}\n" * 1_000
    ),
    "tags": yaml(fill("a: !x y\n")),
    "digits": yaml("a: " + fill("1")),
    "minutes": yaml("a: " + fill("1:") + "1"),
    "examples": yaml("widget:\n" + fill("- {a: b}\n")),
    "separators": yaml('a: "' + fill("\u2028") + '"'),
    "dashes": fill("---\n"),
    "two dashes": "---\nlicense: mit\n" + fill("--\n"),
    "blank lines": fill(" \n"),
    "byte order marks": fill("\ufeff") + "---\n",
    "open brackets": body(fill("[")),
    "open links": body(fill("[a](b")),
    "bars": body(fill("|a")),
    "a table": body("| a | b |\n|---|---|\n" + fill("| a | 1 |\n")),
    "many tables": body(fill("| a | 1 |\n|---|---|\n| b | **2** |\n\n")),
    "stars": body(fill("*a **b")),
    "quotes": body(fill("> ")),
    "tags of HTML": body(fill("<a ")),
    "comments": body(fill("<!-- ")),
    "backticks": body(fill("`a")),
    "headings": body(fill("# a\n")),
    "one long line": body(fill("a")),
    "spaces": body(fill(" ")),
    "derivations": body(fill("We fine-tuned org/name on data.\n")),
    "one derivation": body(fill("merge of org/name and ")),
    "ids": body(fill("a/b ")),
    "hidden characters": body(fill("\u200b")),
    "emphasis": body(fill("_a_ ")),
    "entities": body(fill("&amp;")),
    "lists": body(fill("- ") + "a"),
    "todo": body(fill("TODO ")),
    "template fields": body(fill("{{ a ")),
    "licenses": body(fill("Licensed under the Apache License. ")),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", BOMBS)
def test_a_hostile_megabyte_takes_less_than_two_seconds(name: str) -> None:
    """All rules together; the better of two runs, for this machine has other work."""
    took = []
    for _ in range(2):
        begin = time.process_time()
        report = check(BOMBS[name])
        took.append(time.process_time() - begin)
        assert crashes(report) == []
    assert min(took) < 2.0


@pytest.mark.parametrize("name", BOMBS)
def test_a_hostile_card_crashes_nothing(name: str) -> None:
    """The same texts, cut to 20 kB, on every run."""
    assert crashes(check(BOMBS[name][:20_000] + "\n---\n")) == []


_YAML = st.text(
    alphabet=st.sampled_from(list("ab: -[]{}\"'#&*!|>%@`?,\n\r\t~0é🤖\u2028\\<")), max_size=80
)
_WORDS = st.sampled_from(
    ["# A\n", "\n\n", "| a | b |\n", "|---|---|\n", "**1.5**", "`x`", "```\n", "[a](b)", "<!--",
     "-->", "org/name", " fine-tuned from ", "https://huggingface.co/o/n", "- ", "> ", "\t", "é",
     "\u200b", "{{ x }}", "[More Information Needed]", "<b>", "$$", "97.2 %", "ignore previous"]
)  # fmt: skip
_MARKDOWN = st.lists(_WORDS | st.text(max_size=6), max_size=30).map("".join)
_QUIET = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@_QUIET
@given(_YAML, _MARKDOWN)
def test_any_yaml_and_markdown(front: str, text: str) -> None:
    """No rule crashes, and every finding stands at a place that the card has."""
    card = f"---\n{front}\n---\n{text}"
    report = check(card)
    assert crashes(report) == []
    lines = re.split(r"\r\n?|\n", card)
    for finding in report.findings:
        at = finding.location
        if at.path == "README.md":
            assert 1 <= at.line <= len(lines)
            assert 1 <= at.column <= len(lines[at.line - 1]) + 1


@_QUIET
@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    """What is not UTF-8 is not checked; all else is."""
    source = MemorySource({})
    source._data["README.md"] = b"---\n" + data
    options = Options(offline=True, weights="off")
    report = run(Repository(source, Resolver(offline=True), options), RULES, "card")
    assert crashes(report) == []


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.skipif(not CARDS.is_dir(), reason="the shared cards are not beside the checkout")
def test_no_real_card_crashes_anything() -> None:
    """On every real card: no crash, and no error but those that the Hub raises as well."""
    named = re.compile(r"metadata/(license|datasets|language|widget|base-model|pipeline-tag)-.*")
    for path in sorted(CARDS.glob("*.md")):
        report = check(path.read_bytes().decode("utf-8"))
        assert crashes(report) == [], path.name
        errors = [f.rule for f in report.findings if f.severity.value == "error"]
        assert [rule for rule in errors if not named.fullmatch(rule)] == [], path.name


LONG = "x" * 100_000
TALKATIVE = {
    "values": yaml(
        f"license: {LONG}\nlanguage: {LONG}\npipeline_tag: {LONG}\nlibrary_name: {LONG}\n"
        f"base_model: [/{LONG}, {{a: {LONG}}}]\ndatasets: [/{LONG}, [{LONG}]]\n"
        f"new_version: /{LONG}\nbase_model_relation: {LONG}\nco2_eq_emissions: {LONG}"
    ),
    "keys": yaml(f"? {LONG}\n: 1\n? {LONG}\n: 2\nwidget:\n- ? {LONG}\n  : 1\n- text: 1"),
    "numbers": yaml(f"a: {'1:' * 50_000}1\nb: 1e999\nc: {'9' * 1000}\nd: 0{'7' * 400}"),
    "tags": yaml(f"a: !{LONG} b\nc: [*{LONG}]"),
}


@pytest.mark.parametrize("name", TALKATIVE)
def test_what_is_said_is_short_and_json(name: str) -> None:
    """A stranger's long text does not fill the report, and evidence can be written as JSON."""
    report = check(TALKATIVE[name])
    assert crashes(report) == []
    said = [f for f in report.findings if f.rule.startswith("metadata/")]
    assert said
    for finding in said:
        assert len(finding.message) < 600
        assert len(finding.next_step) < 600
        assert len(json.dumps(dict(finding.evidence), allow_nan=False)) < 2_000
