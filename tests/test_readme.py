"""The README shows what the program prints, and every command in it runs.

``python -m tests.test_readme`` writes the outputs anew.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
SHOWN = re.compile(r"(<!-- shown: (?P<command>.*?) -->\n```text\n)(?P<output>.*?)(```)", re.DOTALL)
CONSOLE = re.compile(r"```console\n(.*?)```", re.DOTALL)


def run(command: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run a command of the README as on a plain terminal of 100 columns."""
    words = shlex.split(command)
    program = str(Path(sys.executable).parent / words[0])
    environment = {
        **os.environ,
        "COLUMNS": "100",
        "NO_COLOR": "1",
        "SOURCE_DATE_EPOCH": "1781400000",
    }
    return subprocess.run(
        [program, *words[1:]],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env=environment,
        timeout=120,
    )


def shown() -> list[tuple[str, str]]:
    """Commands and the outputs that the README shows for them."""
    return [(m["command"], m["output"]) for m in SHOWN.finditer(README.read_text("utf-8"))]


def commands() -> list[str]:
    """Every ``cardlint`` command that the README shows, in order."""
    text = README.read_text("utf-8")
    lines = [line for block in CONSOLE.findall(text) for line in block.splitlines()]
    return [line.removeprefix("$ ") for line in lines if line.startswith("$ cardlint ")]


@pytest.mark.parametrize(("command", "output"), shown(), ids=lambda x: x[:40])
def test_shown_output_is_what_is_printed(command: str, output: str) -> None:
    """Stale output is a false claim."""
    assert run(command).stdout == output


def test_every_command_runs(tmp_path: Path) -> None:
    """In order, in one folder: none is refused, none crashes."""
    for name in ("examples", "README.md"):
        (tmp_path / name).symlink_to(ROOT / name)
    for command in commands():
        done = run(command, tmp_path)
        assert done.returncode in {0, 1}, f"{command}\n{done.stdout}{done.stderr}"
        assert "Traceback" not in done.stderr


def test_the_two_commands_are_there_once() -> None:
    """``.ci/run`` takes the test command from here."""
    text = README.read_text("utf-8")
    for mark in ("<!-- run command -->", "<!-- test command -->"):
        after = text.split(mark)
        assert len(after) == 2
        assert after[1].startswith("\n```console\n$ python3 -m venv .venv && ")


def write() -> None:
    """Write every shown output anew."""

    def fresh(match: re.Match[str]) -> str:
        return f"{match[1]}{run(match['command']).stdout}{match[4]}"

    README.write_text(SHOWN.sub(fresh, README.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    write()
