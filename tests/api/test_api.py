"""The Python API: typed, quiet, light to import, and it keeps nothing."""

from __future__ import annotations

import importlib
import inspect
import json
import subprocess
import sys
from pathlib import Path

import pytest

import cardlint
from tests.kit.repos import write_files, write_git

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
BARE = "# Model\n"
OFFLINE = cardlint.Access(offline=True)
ONLY = {"select": ["metadata/front-matter-missing"]}


def test_check_returns_what_was_found(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """One target or many; nothing is printed."""
    write_files(tmp_path / "a", {"README.md": BARE})
    write_files(tmp_path / "b", {"README.md": "---\nlicense: mit\n---\n"})
    report = cardlint.check([tmp_path / "a", str(tmp_path / "b")], access=OFFLINE, settings=ONLY)
    assert [[f.rule for f in t.findings] for t in report.targets] == [
        ["metadata/front-matter-missing"],
        [],
    ]
    one = cardlint.check(tmp_path / "a", access=OFFLINE, settings=ONLY)
    assert one.targets[0].findings == report.targets[0].findings
    assert one.count(cardlint.Severity.WARNING) == 1
    assert capfd.readouterr() == ("", "")


def test_what_cannot_be_read_is_a_result(tmp_path: Path) -> None:
    """Not an exception; but a wrong argument is one."""
    access = cardlint.Access(hub=tmp_path, offline=True)
    target = cardlint.check("org/nowhere", access=access).targets[0]
    assert (target.checked, target.not_checked[0].what) == (False, "repository")
    with pytest.raises(cardlint.UsageError, match="neither a path"):
        cardlint.check(tmp_path / "no" / "such", access=access)
    with pytest.raises(cardlint.UsageError, match="no rule or family"):
        cardlint.check(tmp_path, access=access, settings={"select": ["metdata"]})


def test_the_caller_says_which_settings_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No file is looked for and no environment variable is read."""
    write_files(tmp_path, {"README.md": BARE, "cardlint.toml": 'ignore = ["metadata"]\n'})
    monkeypatch.setenv("CARDLINT_PROFILE", "nonsense")
    found = cardlint.check(tmp_path, access=OFFLINE, settings=ONLY)
    assert found.count(cardlint.Severity.WARNING) == 1
    from_file = cardlint.check(tmp_path, access=OFFLINE, settings_file=tmp_path / "cardlint.toml")
    assert not any(f.rule.startswith("metadata/") for f in from_file.targets[0].findings)


def test_history(tmp_path: Path) -> None:
    """Every commit's state."""
    commits = [
        {"date": "2026-01-01", "message": "one", "files": {"README.md": BARE}},
        {"date": "2026-01-02", "message": "two", "files": {"README.md": "# Other\n"}},
    ]
    write_git(tmp_path / "m", commits)
    assert len(cardlint.history(tmp_path / "m", access=OFFLINE).states) == 2
    importlib.import_module("cardlint.history.timeline")  # in a package of the same name
    assert len(cardlint.history(tmp_path / "m", access=OFFLINE).states) == 2


def test_compare(tmp_path: Path) -> None:
    """The verdict, as data."""
    for name in ("a", "b"):
        weights = {"weights": {"sum": [[1, 7, 0.02]]}, "layers": 2}
        write_files(tmp_path / name, {"README.md": BARE, "model.safetensors": weights})
    said = cardlint.compare(tmp_path / "a", [tmp_path / "b"], access=OFFLINE)
    assert said.verdict.kind.value == "identical"


def test_trace() -> None:
    """The parent that the card does not name is found in the weights."""
    access = cardlint.Access(hub=EXAMPLES / "rio" / "hub", offline=True)
    found = cardlint.trace("prefeitura-rio/Rio-3.5-Open-397B@launch", access=access)
    assert found.undeclared == ("nex-agi/Nex-N2-Pro",)


def test_importing_costs_next_to_nothing() -> None:
    """Neither numpy nor click nor the Hub's client is imported before it is needed."""
    code = (
        "import sys, json, cardlint; "
        "print(json.dumps(sorted(m.partition('.')[0] for m in sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"numpy", "click", "rich", "yaml", "huggingface_hub", "dulwich", "markdown_it"}
    assert heavy.isdisjoint(json.loads(done.stdout))


def test_every_public_name_is_there_and_documented() -> None:
    """``__all__`` is the promise; each function says what it takes, gives and raises."""
    assert set(dir(cardlint)) == set(cardlint.__all__)
    for name in cardlint.__all__:
        thing = getattr(cardlint, name)
        if inspect.isfunction(thing):
            text = inspect.getdoc(thing) or ""
            assert all(part in text for part in ("Args:", "Returns:", "Raises:")), name
            assert inspect.signature(thing).return_annotation is not inspect.Signature.empty
        elif inspect.isclass(thing):
            assert inspect.getdoc(thing), name
    with pytest.raises(AttributeError, match="no attribute 'chek'"):
        cardlint.chek  # noqa: B018  # that is the test


def test_the_version_is_that_of_the_package() -> None:
    """Written twice, so that ``import`` needs no metadata."""
    from importlib.metadata import version

    assert cardlint.__version__ == version("cardlint")
