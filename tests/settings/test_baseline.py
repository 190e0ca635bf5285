"""A baseline sets aside what was there, and only that."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.kit.cli import run
from tests.kit.repos import write_files

CARD = "---\nlicense: {}\nbase_model: {}\n---\n# Model\n"
RULES = ("--select", "metadata/license-unknown", "--offline")


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """A repository with one finding, and a baseline that lists it."""
    write_files(tmp_path / "m", {"README.md": CARD.format("mitt", "org/base")})
    ran = run("check", tmp_path / "m", *RULES, "--write-baseline", tmp_path / "baseline.json")
    assert "1 findings" in ran.err
    return tmp_path / "m"


def _check(repo: Path, *more: str) -> str:
    return run("check", repo, *RULES, "--baseline", repo.parent / "baseline.json", *more).out


def _entries(repo: Path) -> list[dict[str, object]]:
    data = json.loads((repo.parent / "baseline.json").read_text("utf-8"))
    rows: list[dict[str, object]] = data["entries"]
    return rows


def test_what_it_lists_is_counted_and_not_told(repo: Path) -> None:
    """The exit code is 0 and the summary says one."""
    assert _check(repo).endswith("0 waived, 1 in the baseline, 0 not checked\n")
    assert run("check", repo, *RULES, "--baseline", repo.parent / "baseline.json").code == 0


def test_lines_above_may_come_and_go(repo: Path) -> None:
    """The key is content, not the line number."""
    card = CARD.format("mitt", "org/base").replace("---\nlicense", "---\nlanguage: en\nlicense")
    write_files(repo, {"README.md": card})
    assert "1 in the baseline" in _check(repo)


def test_other_content_is_a_new_finding(repo: Path) -> None:
    """The old entry is told as stale."""
    write_files(repo, {"README.md": CARD.format("apachee", "org/base")})
    out = _check(repo)
    assert "metadata/license-unknown" in out
    assert "0 in the baseline" in out
    assert "baseline: m: metadata/license-unknown in README.md (×1) matches nothing" in out


def test_a_mended_finding_leaves_a_stale_entry_that_prune_removes(repo: Path) -> None:
    """Reported until it is taken out."""
    write_files(repo, {"README.md": CARD.format("mit", "org/base")})
    assert "matches nothing any more" in _check(repo)
    _check(repo, "--prune-baseline")
    assert _entries(repo) == []
    assert "matches nothing any more" not in _check(repo)


def test_prune_keeps_what_still_matches(repo: Path) -> None:
    """Nothing that is set aside now is taken out."""
    before = _entries(repo)
    _check(repo, "--prune-baseline")
    assert _entries(repo) == before


def test_a_rule_that_did_not_run_has_no_stale_entries(repo: Path) -> None:
    """What was not looked at is not judged."""
    ran = run(
        "check",
        repo,
        "--select",
        "metadata/yaml-syntax",
        "--offline",
        "--baseline",
        repo.parent / "baseline.json",
    )
    assert "matches nothing any more" not in ran.out


def test_rewriting_keeps_reasons_and_other_targets(repo: Path) -> None:
    """A reason that somebody wrote, and the entries of a model not checked now, stay."""
    file = repo.parent / "baseline.json"
    data = json.loads(file.read_text("utf-8"))
    data["entries"][0]["reason"] = "legal looks at it"
    data["entries"][0]["added"] = "2026-01-01"
    data["entries"].append({**data["entries"][0], "target": "other"})
    file.write_text(json.dumps(data), encoding="utf-8")
    run("check", repo, *RULES, "--write-baseline", file)
    assert [(e["target"], e["reason"], e["added"]) for e in _entries(repo)] == [
        ("m", "legal looks at it", "2026-01-01"),
        ("other", "legal looks at it", "2026-01-01"),
    ]


def test_one_entry_sets_aside_as_many_as_it_counts(repo: Path) -> None:
    """The second finding of the same content is new."""
    file = repo.parent / "baseline.json"
    data = json.loads(file.read_text("utf-8"))
    data["entries"][0]["count"] = 0
    file.write_text(json.dumps(data), encoding="utf-8")
    assert "0 in the baseline" in _check(repo)


def test_no_ignores_tells_it_again(repo: Path) -> None:
    """``--no-ignores`` covers baselines."""
    assert "0 in the baseline" in _check(repo, "--no-ignores")


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"schema": "cardlint/baseline/1"}', '{"schema": "x", "entries": []}']
)
def test_what_is_no_baseline_is_an_error(repo: Path, text: str) -> None:
    """2, with the file's name and how to make one."""
    (repo.parent / "baseline.json").write_text(text, encoding="utf-8")
    ran = run("check", repo, *RULES, "--baseline", repo.parent / "baseline.json")
    assert ran.code == 2
    assert "is no baseline" in ran.err
    assert "--write-baseline" in ran.err


def test_settings_name_a_baseline(repo: Path) -> None:
    """Seen from the settings file's folder."""
    write_files(repo.parent, {"cardlint.toml": 'baseline = "baseline.json"\n'})
    assert "1 in the baseline" in run("check", repo, *RULES).out


def test_the_file_is_sorted_and_reads_well(repo: Path) -> None:
    """A review shows what was set aside: rule, file, message, day."""
    entry = _entries(repo)[0]
    assert entry["rule"] == "metadata/license-unknown"
    assert entry["path"] == "README.md"
    assert entry["target"] == "m"
    assert "mitt" in str(entry["message"])
    assert entry["count"] == 1
