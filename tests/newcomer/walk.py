"""Follow a document word for word: every console block in it is typed as it stands.

A block is fenced as ``console``. A line that begins with ``$`` is a command; the lines below it, up
to the next command, are what it must print on stdout, to the character; a command without such
lines may print anything. ``# exit N`` at the end of a command is the exit code that it must end
with, by default 0.

``python tests/newcomer/walk.py`` writes what the commands print now into the documents of
``examples``, so that nothing in them was ever typed by hand.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

BLOCK = re.compile(r"^(`{3,})console\n(.*?)^\1$", re.MULTILINE | re.DOTALL)
DOCUMENTS = ("tutorial", "policy", "api")
EXIT = re.compile(r"\s+# exit (\d+)$")


@dataclass(frozen=True, slots=True)
class Step:
    """One command of a document."""

    command: str
    code: int
    printed: str | None
    """``None`` when the document does not show what it prints."""


def steps(text: str) -> Iterator[Step]:
    """The commands of a document, in order."""
    for block in BLOCK.finditer(text):
        for part in re.split(r"^\$ ", block[2], flags=re.MULTILINE)[1:]:
            command, _, printed = part.partition("\n")
            ends = EXIT.search(command)
            yield Step(
                EXIT.sub("", command), int(ends[1]) if ends else 0, printed.rstrip("\n") or None
            )


def run(command: str, folder: Path, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Type one command."""
    return subprocess.run(
        ["bash", "-c", command], cwd=folder, env=env, capture_output=True, text=True, check=False
    )


def follow(document: Path, folder: Path, env: Mapping[str, str]) -> None:
    """Type every command of a document in a folder, and hold what it prints against the text."""
    for step in steps(document.read_text("utf-8")):
        done = run(step.command, folder, env)
        said = f"$ {step.command}\n{done.stdout}{done.stderr}"
        assert done.returncode == step.code, said
        if step.printed is not None:
            assert done.stdout.rstrip("\n") == step.printed, said


def rewrite(document: Path, folder: Path) -> None:
    """Put into a document what its commands print, where it shows something."""
    text = document.read_text("utf-8")

    def block(match: re.Match[str]) -> str:
        out = ""
        for step in steps(match[0]):
            done = run(step.command, folder, os.environ)
            code = f"  # exit {done.returncode}" if done.returncode else ""
            out += f"$ {step.command}{code}\n"
            if step.printed is not None:
                out += f"{done.stdout.rstrip()}\n"
        fence = "`" * max(
            3, 1 + max((len(t) for t in re.findall("^`+", out, re.MULTILINE)), default=0)
        )
        return f"{fence}console\n{out}{fence}"

    document.write_text(BLOCK.sub(block, text), encoding="utf-8")


def main() -> None:
    """Bring every document up to date, each in a copy of the examples."""
    import shutil
    import tempfile

    examples = Path(__file__).parent.parent.parent / "examples"
    for name in DOCUMENTS:
        with tempfile.TemporaryDirectory() as scratch:
            shutil.copytree(examples, Path(scratch, "examples"))
            rewrite(examples / name / "README.md", Path(scratch, "examples", name))


if __name__ == "__main__":
    main()
