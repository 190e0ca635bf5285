"""The contract: the real huggingface_hub client gets from the test Hub what it gets from the Hub.

``test_other_versions`` runs the same calls with the lowest and the newest supported version, each
in an environment of its own.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.hub.server import TOKEN, HubServer
from tests.kit.repos import write_files, write_git

SCRIPT = Path(__file__).with_name("real_client.py")
ROOT = Path(__file__).parents[2]
VERSIONS = ("huggingface_hub==1.31.*", "huggingface_hub>=2,<3")


def make_hub(root: Path) -> None:
    """A folder hub with a history, a plain folder and sharded weights."""
    weights = {"weights": {"sum": [[1, 7, 0.02]]}}
    card = "---\nlicense: mit\nbase_model: org/base\n---\n# Card {}\n"
    rows = [
        {
            "date": f"2026-06-{13 + i}T10:00:00",
            "message": f"commit {i}\n\nwhy {i}",
            "files": {"README.md": card.format(i), "model.safetensors": weights, "a/b c.txt": "y"},
        }
        for i in range(3)
    ]
    write_git(root / "org" / "tuned", rows, bare=True)
    files = {"README.md": "---\nlicense: apache-2.0\n---\n# Base\n", "model.safetensors": weights}
    write_files(root / "org" / "base", {**files, "config.json": {"json": {"model_type": "llama"}}})


def run_script(python: str, hub: HubServer, home: Path) -> None:
    """Run the calls; the script asserts what comes back."""
    env = {**hub.environment(home, TOKEN), "PATH": "/usr/bin:/bin", "HOME": str(home)}
    done = subprocess.run(
        [python, "-W", "error::DeprecationWarning", str(SCRIPT), hub.endpoint],
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.stderr.strip() == ""
    assert done.stdout.strip().splitlines()[-1:] == ["all as expected"]
    assert hub.ledger.leaks == []
    assert hub.crashes == []


def test_installed_version(tmp_path: Path) -> None:
    """Every call that this project or its users make gives what the Hub would give."""
    make_hub(tmp_path / "hub")
    with HubServer(tmp_path / "hub", page_size=2) as hub:
        run_script(sys.executable, hub, tmp_path / "home")


OWN = """
import sys
from cardlint.source.interface import Range
from cardlint.source.resolve import Resolver

source = Resolver().target("org/tuned")
size = source.entry("model.safetensors").size
parts = source.read_ranges([Range("model.safetensors", n, 50) for n in range(0, size - 50, 30_000)])
print(source.identity.commit, len(source.history().commits), len(b"".join(parts)))
print(source.read_text("README.md"))
for target in ("org/none", "org/tuned@none"):
    try:
        Resolver().target(target)
    except Exception as error:
        print(type(error).__name__, error)
"""
"""What this project itself asks of the library."""


def with_version(version: str, home: Path) -> str:
    """A Python with one version of huggingface_hub, and this project beside it."""
    venv = home / "venv"
    subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
    python = str(venv / "bin" / "python")
    pip = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    subprocess.run([*pip, version, "platformdirs", "dulwich>=1.2.10"], check=True, timeout=250)
    subprocess.run([*pip, "--no-deps", str(ROOT)], check=True, timeout=250)
    return python


@pytest.mark.slow
@pytest.mark.parametrize("version", VERSIONS)
def test_other_versions(version: str, tmp_path: Path) -> None:
    """The same holds for the lowest and the newest supported version, and cardlint reads with both."""
    python = with_version(version, tmp_path)
    make_hub(tmp_path / "hub")
    with HubServer(tmp_path / "hub", page_size=2) as hub:
        run_script(python, hub, tmp_path / "home")
        said = []
        for interpreter in (python, sys.executable):
            env = hub.environment(tmp_path / Path(interpreter).parent.parent.name, TOKEN)
            done = subprocess.run(
                [interpreter, "-W", "error", "-c", OWN],
                env={**env, "PATH": "/usr/bin:/bin"},
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.stderr == ""
            said.append(done.stdout)
        assert said[0] == said[1]
        assert said[0].count("NotFound org/") == 2
        assert hub.ledger.leaks == []
