"""Ignores: each names a rule and is counted, and none hides what it was not meant for."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from cardlint.findings import Confidence, Finding, IgnoredBy, Location, Severity
from cardlint.ignoring import Ignore, Policy, matches, settle
from tests.kit.cli import run
from tests.kit.repos import write_files

RULE = "metadata/front-matter-missing"
CARD = f"# Model\n<!-- cardlint: ignore[{RULE}] a test card -->\n"
ONLY = ("--select", RULE, "--offline")


def _finding(**changes: object) -> Finding:
    values: dict[str, object] = {
        "rule": RULE,
        "severity": Severity.WARNING,
        "confidence": Confidence.MEDIUM,
        "message": "The card has no front matter.",
        "location": Location(),
        "next_step": "Write one.",
    }
    return Finding(**{**values, **changes})  # type: ignore[arg-type]  # a table of keywords


def test_a_directive_is_counted_and_shown_with_its_reason(tmp_path: Path) -> None:
    """Not told, but never gone: in the counts, and with --explain in full."""
    write_files(tmp_path, {"README.md": CARD})
    ran = run("check", tmp_path, *ONLY, "--explain", "--fail-on", "info")
    assert ran.code == 0
    assert f"ignored {RULE} by card (README.md:2): a test card" in ran.out
    assert "No findings; 1 ignored, 0 waived, 0 in the baseline, 0 not checked" in ran.out


def test_no_ignores_tells_everything(tmp_path: Path) -> None:
    """Somebody else's card cannot keep its own findings from its reader."""
    write_files(
        tmp_path,
        {
            "README.md": CARD,
            "cardlint.toml": f'[[ignores]]\nrule = "{RULE}"\nreason = "x"\n',
        },
    )
    ran = run("check", tmp_path, *ONLY, "--no-ignores")
    assert "1 warning" in ran.out
    assert "0 ignored" in ran.out


def test_what_a_strangers_card_keeps_back_is_shown(tmp_path: Path) -> None:
    """One's own ignores are counted; those of a repository elsewhere are listed, unasked."""
    from tests.kit.repos import write_git

    rows = [{"date": "2026-01-01", "message": "one", "files": {"README.md": CARD}}]
    write_git(tmp_path / "hub" / "org" / "model", rows, bare=True)
    remote = run("check", "org/model", "--hub", tmp_path / "hub", *ONLY)
    assert f"ignored {RULE} by card (README.md:2): a test card" in remote.out
    write_files(tmp_path / "mine", {"README.md": CARD})
    assert "a test card" not in run("check", tmp_path / "mine", *ONLY).out


def test_a_directive_in_a_code_block_is_text(tmp_path: Path) -> None:
    """A card that documents cardlint ignores nothing by it."""
    write_files(tmp_path, {"README.md": f"# Model\n```\n{CARD}```\n"})
    assert "1 warning" in run("check", tmp_path, *ONLY).out


@pytest.mark.parametrize(
    ("table", "kept_back"),
    [
        (f'rule = "{RULE}"\nreason = "x"\n', True),
        (f'rule = "{RULE}"\nreason = "x"\npath = "README.md"\n', True),
        (f'rule = "{RULE}"\nreason = "x"\npath = "docs/**"\n', False),
        (f'rule = "{RULE}"\nreason = "x"\ncontains = "no front matter"\n', True),
        (f'rule = "{RULE}"\nreason = "x"\ncontains = "something else"\n', False),
        (f'rule = "{RULE}"\nreason = "x"\nexpires = 2999-01-01\n', True),
        (f'rule = "{RULE}"\nreason = "x"\nexpires = 2020-01-01\n', False),
        ('rule = "metadata/yaml-syntax"\nreason = "x"\n', False),
    ],
)
def test_settings_ignore_what_they_describe(tmp_path: Path, table: str, kept_back: bool) -> None:  # noqa: FBT001  # a table's column
    """Rule, path, words and day must all fit."""
    write_files(tmp_path, {"README.md": "# M\n", "cardlint.toml": f"[[ignores]]\n{table}"})
    assert ("1 ignored" in run("check", tmp_path, *ONLY).out) is kept_back


def test_per_path_settings(tmp_path: Path) -> None:
    """A part of the tree has its own severities and ignores; other parts do not."""
    write_files(
        tmp_path,
        {
            "cardlint.toml": f'[per-path."old/**"]\nignore = ["metadata"]\n'
            f'[per-path."new/*"]\nseverity = {{"{RULE}" = "error"}}\n',
            "old/a/README.md": "# A\n",
            "new/b/README.md": "# B\n",
            "new/README.md": "# New\n",
        },
    )
    old, deep, new = (
        run("check", tmp_path / p, *ONLY).out.splitlines()[-1] for p in ("old/a", "new/b", "new")
    )
    assert old.startswith("No findings; 1 ignored")
    assert deep.startswith("1 error,")  # a folder's name stands for all below it
    assert new.startswith("1 error,")


@pytest.mark.parametrize(
    ("glob", "path", "fits"),
    [
        ("README.md", "README.md", True),
        ("README.md", "a/README.md", False),
        ("**/README.md", "README.md", True),
        ("**/README.md", "a/b/README.md", True),
        ("*.md", "a/README.md", False),
        ("a/**", "a/b/c.md", True),
        ("a", "a/b/c.md", True),
        ("a/", "a/b/c.md", True),
        ("a", "ab/c.md", False),
        ("org/*/README.md", "org/model/README.md", True),
        ("model-?.bin", "model-1.bin", True),
        ("model-?.bin", "model-12.bin", False),
        ("a.b", "axb", False),
    ],
)
def test_globs(glob: str, path: str, fits: bool) -> None:  # noqa: FBT001  # a table's column
    """``**`` crosses folders, ``*`` and ``?`` do not, nothing else is special."""
    assert matches(glob, path) is fits


def test_what_is_less_sure_than_asked_for_is_counted() -> None:
    """It is set aside by confidence, not dropped."""
    policy = Policy(min_confidence=Confidence.HIGH)
    told, aside, _ = settle([_finding()], [], policy)
    assert (told, [i.by for i in aside]) == ([], [IgnoredBy.CONFIDENCE])


def test_settings_never_make_a_heuristic_an_error() -> None:
    """A severity of ``error`` stops at warning where the finding is not highly confident."""
    policy = Policy(severities={RULE: Severity.ERROR})
    told, _, _ = settle([_finding(), _finding(confidence=Confidence.HIGH)], [], policy)
    assert [f.severity for f in told] == [Severity.WARNING, Severity.ERROR]


def test_the_last_day_still_counts() -> None:
    """``expires`` is the last day, in UTC."""
    ignore = Ignore(RULE, IgnoredBy.SETTINGS, Location("cardlint.toml"), expires=date(2026, 3, 1))
    on, after = (
        settle([_finding()], [ignore], Policy(today=date(2026, 3, day)))[0] for day in (1, 2)
    )
    assert (on, len(after)) == ([], 1)


def test_a_flood_of_directives_takes_no_time(tmp_path: Path) -> None:
    """Ten thousand directives, and one of a million characters: seconds, and a bounded report."""
    import time

    lines = "".join(f"<!-- cardlint: ignore[no/such-{i}] x -->\n" for i in range(10_000))
    write_files(tmp_path, {"README.md": f"# M\n<!-- cardlint: ignore[{'x' * 10**6}] -->\n{lines}"})
    start = time.perf_counter()
    out = run("check", tmp_path, "--select", "internal", "--offline").out
    assert time.perf_counter() - start < 20
    assert out.count("internal/ignore-unknown") <= 200
    assert len(out) < 200_000
