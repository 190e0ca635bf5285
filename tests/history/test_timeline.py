"""What happened to card and weights, commit by commit."""

from __future__ import annotations

import json
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import jsonschema
import pytest

import cardlint
from cardlint.errors import Unavailable
from cardlint.history import figure, reading, table, telling
from cardlint.history.changes import Kind, summary
from cardlint.history.reading import is_weight_file
from cardlint.history.results import read as results
from cardlint.history.results import same_figure
from cardlint.history.timeline import Timeline, read
from cardlint.history.wording import size, span
from cardlint.report.interface import Style
from cardlint.source.resolve import Resolver
from tests.kit.repos import write_git


def history(root: Path, *files: dict[str, Any], bare: bool = False) -> Timeline:
    """Of a git repository with one commit a day."""
    rows = [{"date": f"2026-06-{n + 1:02}T12:00", "files": f} for n, f in enumerate(files)]
    write_git(root / "r", rows, bare=bare)
    return read(Resolver(offline=True).target(str(root / "r")))


def kinds(timeline: Timeline) -> list[tuple[int, str, str]]:
    """Day, kind and subject of each change."""
    return [(c.commit.date.day, c.kind.value, c.subject) for c in timeline.changes]


@pytest.mark.parametrize("bare", [True, False])
def test_each_change_is_told_at_its_commit(tmp_path: Path, *, bare: bool) -> None:
    """Fields, license, bases and weights, in a work tree and in a bare repository."""
    found = history(
        tmp_path,
        {"README.md": "---\nlicense: mit\n---\n# M\n"},
        {"model.safetensors": {"hex": "00"}},
        {"README.md": "---\nlicense: apache-2.0\nbase_model: a/b\ntags: [x]\n---\n# M\n"},
        {"model.safetensors": {"hex": "01"}},
        {"model.safetensors": None, "new.safetensors": {"hex": "01"}},
        {"new.safetensors": None},
        {"README.md": None, "config.json": "{}"},
        bare=bare,
    )
    assert kinds(found) == [
        (1, "card-added", "README.md"),
        (2, "weights-added", "model.safetensors"),
        (3, "license-changed", "license"),
        (3, "field-changed", "tags"),
        (3, "base-added", "a/b"),
        (4, "weights-replaced", "model.safetensors"),
        (5, "weights-renamed", "model.safetensors"),
        (6, "weights-removed", "new.safetensors"),
        (7, "card-removed", "README.md"),
        (7, "license-changed", "license"),
        (7, "field-changed", "tags"),
        (7, "base-removed", "a/b"),
    ]
    assert found.complete


def test_a_card_that_cannot_be_read_is_passed_over_and_said(tmp_path: Path) -> None:
    """Between two readable cards it counts as neither removed nor emptied."""
    found = history(
        tmp_path,
        {"README.md": "---\nlicense: mit\n---\n"},
        {"README.md": {"hex": "ff00ff"}},
        {"README.md": "---\nlicense: gpl-3.0\n---\n"},
    )
    assert kinds(found) == [(1, "card-added", "README.md"), (3, "license-changed", "license")]
    assert [g.what for g in found.gaps] == ["history"]


def test_a_branch_that_was_merged_is_seen_in_its_merge(tmp_path: Path) -> None:
    """Only first parents are followed: a side branch does not look like removals."""
    from dulwich.repo import Repo

    write_git(tmp_path / "r", [{"date": "2026-06-01", "files": {"README.md": "# M\n"}}])
    with Repo(str(tmp_path / "r")) as repo:
        first = repo.head()
        tree = repo[first].tree  # type: ignore[attr-defined]  # a commit has one
        side = repo.get_worktree().commit(
            b"side",
            committer=b"a <a@b>",
            tree=tree,
            ref=None,
            commit_timestamp=1,
            commit_timezone=0,
        )
        merge = repo.get_worktree().commit(
            b"merge",
            committer=b"a <a@b>",
            tree=tree,
            merge_heads=[side],
            commit_timestamp=1_790_000_000,
            commit_timezone=0,
        )
    found = read(Resolver(offline=True).target(str(tmp_path / "r")))
    assert [s.commit.id for s in found.states] == [first.decode(), merge.decode()]


def test_a_folder_has_no_history(tmp_path: Path) -> None:
    """And says so."""
    (tmp_path / "README.md").write_text("# M\n")
    with pytest.raises(Unavailable, match="not a git repository"):
        read(Resolver(offline=True).target(str(tmp_path)))


RESULTS = """---
model-index:
- name: M
  results:
  - dataset: {name: MMLU, type: mmlu}
    metrics:
    - {type: acc, value: 71.5}
---
| Test | **Ours** | Base |
|---|:-:|--:|
| GSM8K | 80.1% | ~70 |
| Date | 2024-01-01 | n/a |

It reaches HumanEval 61.2 and 5-shot MMLU.

```
| Code | X |
|---|---|
| A | 1 |
```
"""


def test_results_are_read_from_tables_index_and_prose() -> None:
    """Numbers with a name; dates, code and bare counts are none."""
    from cardlint.card.card import Card

    assert [(r.name, r.value) for r in results(Card(RESULTS))] == [
        ("MMLU, acc", "71.5"),
        ("GSM8K, Ours", "80.1"),
        ("GSM8K, Base", "70"),
        ("HumanEval", "61.2"),
    ]


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ("94.6", "94.60", True),
        ("94.62", "94.6", True),
        ("94.6", "94.7", False),
        ("1,5", "1.5", True),
        ("x", "y", False),
    ],
)
def test_a_figure_is_the_same_with_more_digits(a: str, b: str, *, same: bool) -> None:
    """Rounding is no change."""
    assert same_figure(a, b) is same


@pytest.mark.parametrize(
    ("path", "weights"),
    [
        ("a/model.safetensors", True),
        ("pytorch_model.bin", True),
        ("training_args.bin", False),
        ("optimizer.pt", False),
        ("x.gguf", True),
        ("model.safetensors.index.json", False),
        ("README.md", False),
    ],
)
def test_what_a_weight_file_is(path: str, *, weights: bool) -> None:
    """A trainer's own state is none."""
    assert is_weight_file(path) is weights


def test_words() -> None:
    """Spans have two units at most, sizes three digits, and shards are summed up."""
    spans = [
        timedelta(minutes=5),
        timedelta(hours=30, minutes=30),
        timedelta(days=400),
        timedelta(),
    ]
    assert [span(t) for t in spans] == [
        "5 min",
        "1 day 6 h",
        "1 year 1 month",
        "less than a minute",
    ]
    assert [size(n) for n in (999, 398_000, 7_240_000_000)] == ["999 B", "398 kB", "7.24 GB"]
    shards = [f"model-{n:05}-of-00097.safetensors" for n in range(1, 98)]
    assert summary(shards) == "model-00001…00097.safetensors"
    assert summary(["a.bin", "b.bin", "c.bin"]) == "a.bin, b.bin and 1 more"


def test_the_json_keeps_to_its_schema(tmp_path: Path) -> None:
    """Every key that is promised is there, with its type."""
    found = history(
        tmp_path,
        {"README.md": "# M\n", "model.safetensors": {"hex": "00"}},
        {"README.md": "---\nbase_model: a/b\n---\n"},
    )
    folder = Path(cardlint.__file__).parent / "schemas"
    schema = json.loads((folder / "history.json").read_text())
    document = telling.document(found, "o/m")
    jsonschema.validate(document, schema)
    assert document["bases"][0]["hours_after_weights"] == 24.0  # type: ignore[index,call-overload]  # JSON


def test_the_figure_is_one_document_that_nothing_can_leave(tmp_path: Path) -> None:
    """Titles and ids from strangers are text in it; the same history gives the same bytes."""
    evil = "</text><script>alert(1)</script>&\x1b[31m"
    rows = [
        {"date": "2026-06-01", "message": evil, "files": {"README.md": "# M\n"}},
        {
            "date": "2026-06-03",
            "message": evil,
            "files": {f"{'a' * 5}<b>.safetensors": {"hex": "00"}},
        },
    ]
    write_git(tmp_path / "r", rows, bare=True)
    found = read(Resolver(offline=True).target(str(tmp_path / "r")))
    text = figure.svg(found, evil)
    root = ET.fromstring(text)  # noqa: S314  # our own output
    assert {e.tag.rpartition("}")[2] for e in root.iter()} <= {
        "svg",
        "title",
        "desc",
        "rect",
        "text",
        "line",
        "circle",
    }
    assert "\x1b" not in text
    assert text == figure.svg(found, evil)
    assert "\x1b" not in table.text(found, evil, Style())


def test_many_commits_cost_little(tmp_path: Path) -> None:
    """A thousand commits that do not touch the card read it once."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    rows = [
        {"date": (start + timedelta(hours=n)).isoformat(), "files": {"x.txt": str(n)}}
        for n in range(300)
    ]
    rows[0]["files"] = {"README.md": "# M\n"}
    write_git(tmp_path / "r", rows, bare=True)
    source = Resolver(offline=True).target(str(tmp_path / "r"))
    found = read(source)
    assert len({id(s.card_text) for s in found.states}) == 1
    assert [c.kind for c in found.changes] == [Kind.CARD_ADDED]


def test_what_is_older_than_what_was_read_is_not_taken_for_new(tmp_path: Path) -> None:
    """A shallow clone begins in the middle: its first card and weights were there before."""
    history(
        tmp_path,
        {"README.md": "# M\n", "model.safetensors": {"hex": "00"}},
        {"README.md": "---\nbase_model: a/b\n---\n# M\n"},
        {"model.safetensors": {"hex": "01"}},
        bare=True,
    )
    url = f"file://{tmp_path / 'r'}"
    command = ["git", "clone", "-q", "--bare", "--depth", "2", url, str(tmp_path / "shallow")]
    subprocess.run(command, check=True)
    found = read(Resolver(offline=True).target(str(tmp_path / "shallow")))
    assert kinds(found) == [(3, "weights-replaced", "model.safetensors")]
    assert [s.after_gap for s in found.states] == [True, False]
    why = "the history is not complete: older commits are not in this clone (it is shallow)"
    assert [gap.why for gap in found.open_ends] == [why]
    said = [*telling.conclusions(found)]
    assert said[0].startswith("Weights were here on 2026-06-02")
    assert "not all that came before could be read" in table.text(found, "m", Style())


def test_a_first_card_that_nobody_could_read_makes_nothing_new(tmp_path: Path) -> None:
    """Nor can it be said since when the next one says what it says."""
    found = history(
        tmp_path,
        {"README.md": {"hex": "ff00ff"}, "model.safetensors": {"hex": "00"}},
        {"README.md": "---\nbase_model: a/b\n---\n# M\n"},
        {"README.md": "---\nbase_model: [a/b, c/d]\n---\n# M\n"},
    )
    assert [(day, kind) for day, kind, _ in kinds(found)] == [
        (1, "weights-added"),
        (3, "base-added"),
    ]
    assert [c.subject for c in found.dated(Kind.BASE_ADDED)] == ["c/d"]


def test_the_reasons_of_many_commits_are_one(tmp_path: Path) -> None:
    """A hundred cards that cannot be read are not a hundred lines."""
    found = history(tmp_path, *({"README.md": {"hex": f"ff0{n}ff"}} for n in range(5)))
    assert len(found.gaps) == 1
    assert "and 4 more could not be read: README.md is not UTF-8" in found.gaps[0].why


def test_what_was_copied_and_moved_keeps_its_pairs(tmp_path: Path) -> None:
    """Two files of one content become two others."""
    found = history(
        tmp_path,
        {"a.bin": "x", "b.bin": "x"},
        {"a.bin": None, "b.bin": None, "c.bin": "x", "d.bin": "x", "e.bin": "x"},
    )
    assert [(c.kind, c.before, c.after) for c in found.changes[1:]] == [
        (Kind.WEIGHTS_RENAMED, ["a.bin", "b.bin"], ["c.bin", "d.bin"]),
        (Kind.WEIGHTS_ADDED, [], ["e.bin"]),
    ]


def test_too_many_words_are_read_from_the_newest_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is left out is said, and nothing after it is taken for new."""
    monkeypatch.setattr(reading, "MAX_CARDS", 250)
    found = history(
        tmp_path,
        {"README.md": "# M\n" + "x" * 90, "model.safetensors": {"hex": "00"}},
        {"a.txt": "1"},
        {"README.md": "---\nbase_model: a/b\n---\n# M\n" + "x" * 90},
        {"a.txt": "2"},
        {"README.md": "---\nbase_model: [a/b, c/d]\n---\n# M\n" + "x" * 90},
    )
    assert [bool(s.card_unread) for s in found.states] == [True, True, False, False, False]
    assert [s.after_gap for s in found.states] == [False, False, True, False, False]
    assert kinds(found) == [(1, "weights-added", "model.safetensors"), (5, "base-added", "c/d")]
    (gap,) = found.open_ends
    assert gap.why.endswith(
        "could not be read: the cards of this history have more than 250 characters"
    )


def test_words_of_the_card_are_not_nothing(tmp_path: Path) -> None:
    """A commit that changes prose alone is counted apart from one that leaves the card as it is."""
    found = history(
        tmp_path, {"README.md": "# M\n"}, {"README.md": "# Me\n"}, {"a.txt": "1"}, {"a.txt": "2"}
    )
    short = table.text(found, "m", Style())
    assert "  1 commit changed only words of the card\n" in short
    assert "  2 commits changed neither card nor weights\n" in short
    whole = table.text(found, "m", Style(), every=True)
    assert (whole.count("(only words"), whole.count("(neither card")) == (1, 2)
    assert "changed" not in whole
