"""What a person at a terminal gets, and what a pipe gets."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.kit.cli import bare, child
from tests.kit.repos import write_files

SHAPE = ("--offline", "--select", "metadata/front-matter-missing")


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """A repository with one finding."""
    write_files(tmp_path / "m", {"README.md": "# Model\n"})
    return tmp_path / "m"


def _on_terminal(repo: Path, *args: str, **env: str) -> str:
    """What a terminal of 80 columns is sent."""
    reader, writer = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "cardlint", "check", str(repo), *SHAPE, *args],
        stdout=writer,
        stderr=writer,
        env={**bare(), "TERM": "xterm-256color", "COLUMNS": "80", **env},
    )
    os.close(writer)
    out = b""
    while True:
        try:
            piece = os.read(reader, 65536)
        except OSError:  # Linux: the other end is closed
            break
        if not piece:
            break
        out += piece
    process.wait()
    os.close(reader)
    return out.decode().replace("\r\n", "\n")


def test_a_terminal_gets_colors_links_and_lines_that_fit(repo: Path) -> None:
    """Positions are links to the file; long messages are wrapped and indented."""
    out = _on_terminal(repo)
    assert "\x1b[33mwarning" in out
    assert "\x1b]8;id=" in out
    assert f"file://{repo}/README.md" in out
    shown = re.sub(r"\x1b\[[0-9;]*m|\x1b\]8;[^\x1b]*\x1b\\", "", out)
    message = [line for line in shown.splitlines() if "front matter" in line or "language" in line]
    assert all(len(line) <= 80 and line.startswith("    ") for line in message)


@pytest.mark.parametrize(
    ("env", "args", "colors", "links"),
    [
        ({"NO_COLOR": "1"}, (), False, True),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, (), False, True),
        ({"CI": "true"}, (), True, False),
        ({"TERM": "dumb"}, (), False, False),
        ({}, ("--color", "never", "--hyperlinks", "never"), False, False),
    ],
)
def test_a_terminal_can_be_asked_for_less(
    repo: Path,
    env: dict[str, str],
    args: tuple[str, ...],
    colors: bool,
    links: bool,
) -> None:
    """``NO_COLOR`` wins over ``FORCE_COLOR``; links are switched on their own."""
    out = _on_terminal(repo, *args, **env)
    assert bool(re.search(r"\x1b\[[0-9;]*3[0-9]m", out)) is colors
    assert ("\x1b]8;" in out) is links


def test_a_pipe_gets_plain_text(repo: Path) -> None:
    """Nothing but text; ``FORCE_COLOR`` adds colors, but no links."""
    assert "\x1b" not in child("check", repo, *SHAPE).out
    forced = child("check", repo, *SHAPE, env={"FORCE_COLOR": "1"}).out
    assert "\x1b[33mwarning" in forced
    assert "\x1b]8;" not in forced


def test_progress_is_for_a_terminal_only(repo: Path) -> None:
    """A counter on stderr while a person watches; none in a pipe, in CI or beside data."""
    assert "1/2" in _on_terminal(repo, str(repo))
    assert "1/2" not in _on_terminal(repo, str(repo), "--no-progress")
    assert "1/2" not in _on_terminal(repo, str(repo), CI="1")
    assert "1/2" not in _on_terminal(repo, str(repo), "--format", "json")
    assert "1/2" not in child("check", repo, repo, *SHAPE).err


def test_data_on_stdout_is_nothing_but_data(repo: Path) -> None:
    """Notes go to stderr, so that JSON stays JSON."""
    import json

    ran = child("check", repo, "--format", "json", "--offline", "--write-baseline", repo / "b.json")
    json.loads(ran.out)
    assert "b.json" in ran.err


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_get_a_completion(shell: str) -> None:
    """The script that click makes, for `eval "$(_CARDLINT_COMPLETE=bash_source cardlint)"`."""
    done = child(env={"_CARDLINT_COMPLETE": f"{shell}_source"})
    assert done.code == 0
    assert "_CARDLINT_COMPLETE" in done.out


def test_completion_knows_rules() -> None:
    """`cardlint rule metadata/y…` is completed."""
    done = child(
        env={
            "_CARDLINT_COMPLETE": "bash_complete",
            "COMP_WORDS": "cardlint rule metadata/yaml-s",
            "COMP_CWORD": "2",
        }
    )
    assert "metadata/yaml-syntax" in done.out
