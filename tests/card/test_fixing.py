"""Fixes are minimal: they mend what was found, and touch nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardlint.card.front_matter import parse
from cardlint.engine import run
from cardlint.errors import UsageError
from cardlint.findings import (
    Confidence,
    Edit,
    Finding,
    Fix,
    Location,
    Severity,
)
from cardlint.fixing import apply, write
from cardlint.repository import Options, Repository
from cardlint.rule import registry
from tests.kit.memory import MemorySource

RULES = [rule() for id_, rule in registry().items() if id_.startswith("metadata/")]


def lint(text: str) -> tuple[Finding, ...]:
    """What the rules about metadata say of a card."""
    repo = Repository(MemorySource({"README.md": text}), None, Options(offline=True))  # type: ignore[arg-type]  # nothing is resolved
    return run(repo, RULES, "card").findings


def mend(text: str, findings: Iterable[Finding], *, unsafe: bool) -> str:
    """The card after one round of fixes."""
    return apply({"README.md": text}, findings, unsafe=unsafe)["README.md"]


def finding(*edits: Edit, safe: bool = True) -> Finding:
    """A finding with a fix."""
    fix = Fix("x", edits, safe)
    return Finding(
        "a/b", Severity.INFO, Confidence.CERTAIN, "x", Location(), next_step="x", fix=fix
    )


def test_fixes_that_touch_are_not_taken_together() -> None:
    """The second waits for the next round, whole."""
    first = finding(Edit("f", 0, 2, "X"))
    second = finding(Edit("f", 2, 3, "Y"), Edit("f", 5, 6, "Z"))
    third = finding(Edit("f", 4, 5, "W"))
    assert apply({"f": "abcdef"}, [first, second, third]) == {"f": "XcdWf"}


def test_unsafe_fixes_are_asked_for() -> None:
    """What changes the meaning of a card is left unless wanted."""
    risky = finding(Edit("f", 0, 1, "X"), safe=False)
    assert apply({"f": "a"}, [risky], unsafe=False) == {"f": "a"}
    assert apply({"f": "a"}, [risky], unsafe=True) == {"f": "X"}


def test_a_file_can_be_created() -> None:
    """An edit at the beginning of a file that is not there."""
    assert apply({}, [finding(Edit("new", 0, 0, "text"))]) == {"new": "text"}


def test_writing_keeps_permissions_line_ends_and_links(tmp_path: Path) -> None:
    """The new text stands where the old one stood, to the byte, and nothing is left beside it."""
    card = tmp_path / "README.md"
    card.write_text("old", "utf-8")
    card.chmod(0o640)
    link = tmp_path / "link.md"
    link.symlink_to(card)
    write(link, "a\r\nb\n")
    assert card.read_bytes() == b"a\r\nb\n"
    assert card.stat().st_mode & 0o777 == 0o640
    assert sorted(p.name for p in tmp_path.iterdir()) == ["README.md", "link.md"]


def test_what_cannot_be_written_is_left_as_it_was(tmp_path: Path) -> None:
    """With the reason and one step."""
    with pytest.raises(UsageError, match="cannot be written") as error:
        write(tmp_path / "no" / "README.md", "text")
    assert error.value.remedy


# Top-level entries: (as written, keys). Each has a fault with a fix, or none at all.
_ENTRIES = {
    "license": ["license: apache2", "license: 'MIT'", "license: gpl-2.0-or-later", "license: mit"],
    "language": ["language: English", "language:\n- no\n- pt-BR # x", 'language: ["EN"]'],
    "pipeline_tag": ["pipeline_tag: text-genration", "pipeline_tag:\n  - text-generation"],
    "base_model": ["base_model: https://hf.co/org/name", "base_model:\n  - 'hf.co/o/n/tree/main'"],
    "tags": ["tags: merge", "tags: a, b", "tags: [x, 012, 1e3]", "tags:\n- é # 🤖\n- y"],
    "licence": ["licence: mit"],
    "library_name": ["library_name: PEFT", "library_name: transformer"],
    "base_model_relation": ["base_model_relation: fine-tuned"],
    "datasets": ["datasets:\n- https://huggingface.co/datasets/o/d\n- squad"],
    "widget": ["widget:\n- text: 1\n- txet: Hi"],
    "model-index": [
        "model-index:\n- name: 5\n  results:\n  - task: {type: x}\n    dataset: {type: d, name: n, config: 1:30}"
    ],
    "extra": ["extra: off", "extra: |\n  keep  \n  this\n", "extra: !x [1]", "# a comment", ""],
    "again": ["again: 1\nagain: 1", "again: [a]\n\nagain:\n- a"],
}


@st.composite
def cards(draw: st.DrawFn) -> str:
    """A card with faults, in either kind of line ends, with comments between."""
    keys = draw(st.lists(st.sampled_from(sorted(_ENTRIES)), unique=True, min_size=1, max_size=6))
    lines = [draw(st.sampled_from(_ENTRIES[key])) for key in keys]
    comment = draw(st.sampled_from(["", "# left alone  ", "#\tü"]))
    close = draw(st.sampled_from(["---", "---", "---", "---  ", "..."]))
    body = draw(st.sampled_from(["# M\n", "", "\ttext with tabs\n\n---\n", "no end"]))
    text = "\n".join(["---", *lines, comment, close, body])
    return text.replace("\n", draw(st.sampled_from(["\n", "\r\n"])))


@settings(max_examples=150, deadline=None)
@given(cards(), st.booleans())
def test_fixing_changes_nothing_else(text: str, unsafe: bool) -> None:  # noqa: FBT001  # Hypothesis passes by position
    """Every character that differs lies in a place that a fix names; line ends stay what they are."""
    findings = lint(text)
    after = mend(text, findings, unsafe=unsafe)
    edits = [e for f in findings if f.fix and (f.fix.safe or unsafe) for e in f.fix.edits]
    kept, done = [], 0
    for edit in sorted(edits, key=lambda e: e.start):
        if edit.start >= done:
            kept.append(text[done : edit.start])
        done = max(done, edit.end)
    kept.append(text[done:])
    assert re.fullmatch(".*".join(map(re.escape, kept)), after, re.DOTALL), (text, after)
    assert bool(re.search("(?<!\r)\n", after)) == bool(re.search("(?<!\r)\n", text))
    front, mended = parse(text), parse(after)
    if front and front.root and mended and mended.root:
        touched = {f.location.line for f in findings}
        same = {f.name: f.value.data for f in front.root.fields if not _lines(f.value) & touched}
        now = {f.name: f.value.data for f in mended.root.fields}
        assert {name: now.get(name) for name in same} == same


def _lines(value: object) -> set[int]:
    span = value.span  # type: ignore[attr-defined]  # a Value
    return set(range(span.line - 1, span.lines.place(span.end)[0] + 1))


@settings(max_examples=150, deadline=None)
@given(cards(), st.booleans())
def test_fixing_ends_and_twice_changes_nothing(text: str, unsafe: bool) -> None:  # noqa: FBT001  # same
    """After few rounds nothing is left to mend, and then fixing is the identity."""
    for _round in range(4):
        before, text = text, mend(text, lint(text), unsafe=unsafe)
        if before == text:
            break
    left = [f for f in lint(text) if f.fix and (f.fix.safe or unsafe)]
    assert left == []
    assert mend(text, lint(text), unsafe=unsafe) == text


@pytest.mark.parametrize("entry", sorted({e for es in _ENTRIES.values() for e in es}))
def test_every_fix_relints_clean(entry: str) -> None:
    """A finding whose fix was taken is gone, and no other has come."""
    text = f"---\n{entry}\n---\n"
    before = lint(text)
    after = lint(mend(text, before, unsafe=True))
    assert {f.rule for f in after} <= {f.rule for f in before if not f.fix}


def test_the_cases_of_every_rule_end_clean() -> None:
    """What the tables of cases call fixed is free of findings that could be mended."""
    import yaml

    cases = Path(__file__).parents[1] / "rules" / "metadata"
    for file in sorted(cases.glob("*/cases.yaml")):
        for case in yaml.safe_load(file.read_text("utf-8")):
            for text in case.get("fixed", {}).values():
                left = [f for f in lint(text) if f.fix and f.fix.safe]
                assert left == [], (file.parent.name, case["name"])
