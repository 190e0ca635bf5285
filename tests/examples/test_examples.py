"""The scripts and the rule package of ``examples`` run as they stand."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from cardlint.engine import run
from cardlint.repository import Options, Repository
from cardlint.rule import Rule
from cardlint.source.resolve import Resolver
from tests.kit.cli import bare
from tests.kit.repos import write_files

EXAMPLES = Path(__file__).parent.parent.parent / "examples"


def _script(*args: str | Path) -> str:
    done = subprocess.run(
        [sys.executable, *map(str, args)], capture_output=True, text=True, check=True, env=bare()
    )
    assert done.stderr == ""
    return done.stdout


def test_the_audit_script() -> None:
    """It prints the worst first."""
    out = _script(
        EXAMPLES / "api" / "audit.py",
        EXAMPLES / "rio" / "hub",
        "Qwen/Qwen3.5-397B-A17B",
        "prefeitura-rio/Rio-3.5-Open-397B",
    )
    assert out.startswith("prefeitura-rio/Rio-3.5-Open-397B: ")
    assert "warning  license/upstream-terms-dropped" in out


def test_the_merge_script() -> None:
    """It tells the recipe of the miniature."""
    out = _script(EXAMPLES / "api" / "merge.py", EXAMPLES / "rio" / "hub")
    assert "  0.5650 [0.5650, 0.5650]  nex-agi/Nex-N2-Pro" in out


@pytest.fixture
def contact_missing(monkeypatch: pytest.MonkeyPatch) -> type[Rule]:
    """The rule of the example's package."""
    monkeypatch.syspath_prepend(str(EXAMPLES / "custom-rules" / "src"))
    from our_city_rules.city.contact_missing import (  # type: ignore[import-not-found]  # the example is not installed
        ContactMissing,
    )

    found: type[Rule] = ContactMissing
    return found


def test_the_custom_rule(tmp_path: Path, contact_missing: type[Rule]) -> None:
    """It finds what it is for, takes its option, and says nothing of a card that is in order."""
    write_files(tmp_path / "bad", {"README.md": "# Model\n"})
    write_files(tmp_path / "good", {"README.md": "# Model\n\nContact: ai@rio.example\n"})

    def check(name: str) -> list[str]:
        resolver = Resolver(offline=True)
        repo = Repository(resolver.target(str(tmp_path / name)), resolver, Options(offline=True))
        report = run(repo, [contact_missing({"domain": "rio.example"})], name)
        return [f.message for f in report.findings]

    assert check("bad") == ["The card names no address at rio.example."]
    assert check("good") == []
