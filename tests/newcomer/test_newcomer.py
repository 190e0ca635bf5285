"""As a newcomer: every document is followed word for word, also from an empty environment."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.kit.cli import bare
from tests.newcomer.walk import DOCUMENTS, follow, steps

ROOT = Path(__file__).parent.parent.parent
EXAMPLES = ROOT / "examples"
PARTS = (
    "linter",
    "rules",
    "licenses",
    "tests",
    "examples",
    "README.md",
    "LICENSE",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "pyproject.toml",
)


def _environment(bin_: Path, home: Path) -> dict[str, str]:
    """A shell in which ``cardlint`` is the one in ``bin_``, and nothing is known of the user."""
    home.mkdir(exist_ok=True)
    return {
        **{k: v for k, v in bare().items() if not k.startswith(("PYTHON", "VIRTUAL"))},
        "PATH": f"{bin_}:/usr/local/bin:/usr/bin:/bin",
        "HOME": str(home),
        "HF_HOME": str(home / "hf"),
        "LC_ALL": "C.UTF-8",
    }


def _copy(folder: Path) -> Path:
    """The examples, where they may be changed."""
    shutil.copytree(EXAMPLES, folder, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_documents_show_what_the_program_prints(name: str, tmp_path: Path) -> None:
    """Every command ends as the text says; what is shown is what is printed, to the character.

    ``python tests/newcomer/walk.py`` brings the documents up to date.
    """
    env = _environment(Path(sys.executable).parent, tmp_path / "home")
    folder = _copy(tmp_path / "examples") / name
    follow(folder / "README.md", folder, env)


def test_the_walker_notices(tmp_path: Path) -> None:
    """A wrong exit code and a stale output are both found."""
    document = tmp_path / "x.md"
    for text in ("$ false\n", "$ true  # exit 3\n", "$ echo one\ntwo\n"):
        document.write_text(f"```console\n{text}```\n", encoding="utf-8")
        with pytest.raises(AssertionError):
            follow(document, tmp_path, os.environ)
    document.write_text("```console\n$ echo one\none\n$ exit 3  # exit 3\n```\n", encoding="utf-8")
    follow(document, tmp_path, os.environ)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout as a newcomer has it, and an environment with nothing but pip.

    ``pip install cardlint`` finds the wheel that was built from this checkout.
    """
    root = tmp_path_factory.mktemp("newcomer")
    checkout = root / "cardlint"
    checkout.mkdir()
    for part in PARTS:
        if (ROOT / part).is_dir():
            shutil.copytree(
                ROOT / part, checkout / part, ignore=shutil.ignore_patterns("__pycache__", "*.pyc")
            )
        elif (ROOT / part).exists():
            shutil.copy(ROOT / part, checkout / part)
    subprocess.run([sys.executable, "-m", "venv", root / "venv"], check=True)
    subprocess.run(
        [
            root / "venv" / "bin" / "pip",
            "wheel",
            "-q",
            "--no-deps",
            "-w",
            root / "wheels",
            checkout,
        ],
        check=True,
    )
    return root


def _newcomer(empty: Path) -> dict[str, str]:
    return {
        **_environment(empty / "venv" / "bin", empty / "home"),
        "PIP_FIND_LINKS": str(empty / "wheels"),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }


@pytest.mark.slow
def test_readme_from_an_empty_environment(empty: Path) -> None:
    """The two commands of the README, but for the suite itself, and every other one."""
    text = (ROOT / "README.md").read_text("utf-8")
    assert "pip install" in text
    env = _newcomer(empty)
    env["PATH"] = f"{empty / 'cardlint' / '.venv' / 'bin'}:{env['PATH']}"  # as if it was activated
    for step in steps(text):
        if re.match(r"(?:uv|pipx|git|pre-commit|hf) ", step.command):
            continue  # those programs are not in an empty environment
        command = step.command.partition(" && .venv/bin/python -m pytest")[0]  # it is running
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=empty / "cardlint",
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )
        codes = {step.code, 1} if "check" in step.command else {step.code}  # 1: it found something
        assert done.returncode in codes, f"$ {step.command}\n{done.stdout}{done.stderr}"


@pytest.mark.slow
def test_documents_from_an_empty_environment(empty: Path) -> None:
    """Install as the README says, then tutorial, policy and rules of one's own, in that order."""
    env = _newcomer(empty)
    subprocess.run(["bash", "-c", "pip install -q cardlint"], env=env, check=True)
    folder = _copy(empty / "examples")
    for name in (*DOCUMENTS, "custom-rules"):
        follow(folder / name / "README.md", folder / name, env)
    done = subprocess.run(
        [empty / "venv" / "bin" / "cardlint", "rules", "--format", "json"],
        env=env,
        capture_output=True,
        text=True,
        check=True,
    )
    assert '"city/contact-missing"' in done.stdout
