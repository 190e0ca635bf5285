"""Every exit code, in every format, also when the output has nowhere to go."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cardlint.report.interface import formats
from tests.kit.cli import bare, child, run
from tests.kit.repos import write_files

GOOD = "---\nlicense: mit\n---\n# Model\n"
WARN = ("--select", "metadata/front-matter-missing")


@pytest.fixture
def clean(tmp_path: Path) -> Path:
    """A repository in which the selected rules find nothing."""
    write_files(tmp_path / "clean", {"README.md": GOOD})
    return tmp_path / "clean"


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    """A repository without front matter."""
    write_files(tmp_path / "bad", {"README.md": "# Model\n"})
    return tmp_path / "bad"


@pytest.mark.parametrize("name", formats())
def test_codes_are_the_same_in_every_format(name: str, clean: Path, bad: Path) -> None:
    """0 clean, 1 findings at or above --fail-on, 2 usage, 3 a target could not be checked."""
    shape = ("--format", name, "--offline", *WARN)
    codes = [
        run("check", clean, *shape).code,
        run("check", bad, *shape).code,
        run("check", bad, *shape, "--fail-on", "warning").code,
        run("check", bad, *shape, "--fail-on", "warning", "--exit-zero").code,
        run("check", clean.parent / "nowhere", *shape).code,
        run("check", "org/not-here", *shape).code,
        run("check", "org/not-here", *shape, "--exit-zero").code,
        run("check", clean, "org/not-here", *shape).code,
        run("check", bad, "org/not-here", *shape, "--fail-on", "warning").code,
    ]
    assert codes == [0, 0, 1, 0, 2, 3, 3, 3, 1]


def test_a_usage_error_is_told_on_stderr_with_a_remedy(clean: Path) -> None:
    """Nothing on stdout: it stays empty, so that a pipe gets no half result."""
    ran = run("check", clean, "--select", "metdata")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == (
        "cardlint: no rule or family is called metdata\n  → Did you mean metadata?\n"
    )


def test_the_current_folder_is_checked_by_default(
    clean: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As other linters do; a list of targets that is empty is no such default."""
    monkeypatch.chdir(clean)
    assert run("check", *WARN, "--format", "json").out.count('"target": "."') == 1
    (clean / "list").write_text("\n")
    ran = run("check", "--files-from", clean / "list")
    assert (ran.code, "names no target" in ran.err) == (2, True)


def test_targets_come_from_files_too(clean: Path, bad: Path) -> None:
    """One a line, beside those on the command line; a list that is not there is an error."""
    (clean / "list").write_text(f"{bad}\n\n")
    ran = run("check", clean, *WARN, "--files-from", clean / "list", "--fail-on", "warning")
    assert ran.code == 1
    assert "1 warning, 0 notes in 2 repositories" in ran.out
    assert run("check", "--files-from", clean / "nowhere").code == 2


def test_outputs_in_several_formats(bad: Path, tmp_path: Path) -> None:
    """A format and a file adds one; a file alone takes the place of stdout; a slip is guessed."""
    both = run("check", bad, *WARN, "-o", f"json:{tmp_path}/a.json", "-o", f"csv:{tmp_path}/a.csv")
    assert "metadata/front-matter-missing" in both.out
    assert (tmp_path / "a.json").read_text("utf-8").startswith("{")
    assert (tmp_path / "a.csv").read_text("utf-8").startswith("kind,")
    alone = run("check", bad, *WARN, "--format", "sarif", "-o", tmp_path / "b.sarif")
    assert alone.out == ""
    assert '"version": "2.1.0"' in (tmp_path / "b.sarif").read_text("utf-8")
    slip = run("check", bad, *WARN, "-o", "sarfi:x")
    assert (slip.code, "Did you mean sarif:x?" in slip.err) == (2, True)


def test_a_misspelt_option_is_guessed(clean: Path) -> None:
    """The suggestion of click suggestion is shown, and the code is 2."""
    ran = run("check", clean, "--profle", "strict")
    assert ran.code == 2
    assert "--profile" in ran.err


@pytest.mark.parametrize("name", formats())
def test_a_closed_pipe_is_quiet(name: str, bad: Path) -> None:
    """``cardlint check | head -0`` ends with 0 and without a word."""
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as closed:
        done = subprocess.run(
            [sys.executable, "-m", "cardlint", "check", str(bad), "--format", name],
            stdout=closed,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            env=bare(),
        )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("name", formats())
def test_a_full_disk_is_an_error_with_a_remedy(name: str, clean: Path) -> None:
    """What was not written is not passed: 2, on stdout and in a file."""
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "cardlint", "check", str(clean), "--format", name, *WARN],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            env=bare(),
        )
    assert done.returncode == 2
    assert done.stderr.startswith("cardlint: the output cannot be written: No space left")
    assert "Traceback" not in done.stderr
    into_file = run("check", clean, *WARN, "-o", f"{name}:/dev/full")
    assert into_file.code == 2
    assert "/dev/full cannot be written" in into_file.err


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_folder_that_cannot_be_written(clean: Path) -> None:
    """A report or baseline that cannot be written there is an error; checking alone is none."""
    clean.chmod(0o555)
    try:
        assert run("check", clean, *WARN).code == 0
        for option in ("-o", "--write-baseline"):
            ran = run("check", clean, *WARN, option, clean / "new.json")
            assert ran.code == 2
            assert "cannot be written" in ran.err
    finally:
        clean.chmod(0o755)


@pytest.mark.skipif(not Path("/sys/kernel").is_dir(), reason="only Linux has /sys")
@pytest.mark.parametrize("option", ["-o", "--write-baseline"])
def test_a_folder_in_which_nobody_can_write(option: str, clean: Path) -> None:
    """Not even root can: 2, the file named, and what to do."""
    ran = run("check", clean, *WARN, option, "/sys/kernel/cardlint.json")
    assert ran.code == 2
    assert "/sys/kernel/cardlint.json cannot be written" in ran.err


@pytest.mark.parametrize("option", ["-o", "--write-baseline"])
def test_a_folder_that_is_not_there(option: str, clean: Path) -> None:
    """The file is named, and what to do."""
    ran = run("check", clean, *WARN, option, clean / "no" / "such" / "file.json")
    assert ran.code == 2
    assert "cannot be written: No such file or directory" in ran.err


def test_nothing_is_written_by_a_check(clean: Path) -> None:
    """A check leaves no trace in the folder that it reads."""
    before = sorted(p.name for p in clean.rglob("*"))
    run("check", clean)
    assert sorted(p.name for p in clean.rglob("*")) == before


def test_interrupted() -> None:
    """Ctrl-C ends with 130 and one line."""
    process = subprocess.Popen(
        [sys.executable, "-m", "cardlint", "check", "--files-from", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=bare(),
        # Where the tests run in the background SIGINT is ignored, and a child would inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509  # no threads
    )
    time.sleep(1)  # it is waiting for its targets
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (130, "", "\ninterrupted\n")


def test_an_internal_error_is_not_taken_for_findings(
    clean: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python's own code for an exception is 1, which would mean findings."""

    def broken(*_: object) -> None:
        raise ZeroDivisionError("oh")

    monkeypatch.setattr("cardlint.checker.Checker.check", broken)
    ran = run("check", clean)
    assert ran.code == 2
    assert "internal error: ZeroDivisionError: oh" in ran.err


def test_a_crashing_rule_is_code_2(clean: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The others run on, but the run did not check what it was asked to."""

    def broken(*_: object) -> None:
        raise KeyError("oh")

    monkeypatch.setattr(
        "cardlint_rules.metadata.front_matter_missing.FrontMatterMissing.check", broken
    )
    ran = run("check", clean, "--select", "metadata")
    assert ran.code == 2
    assert "internal/rule-crashed" in ran.out


def test_the_child_process_agrees(clean: Path, bad: Path) -> None:
    """The in-process runs above stand for the real program."""
    assert child("check", clean, *WARN).code == 0
    assert child("check", bad, *WARN, "--fail-on", "warning").code == 1
