"""Real cases, as small repositories: what every license rule says of them, together.

``regressions.yaml`` names the public report behind each case. No case holds a real text or card.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from cardlint.engine import run
from cardlint.repository import Options, Repository
from cardlint.rule import RunRule, registry
from cardlint.source.resolve import Resolver
from tests.kit.repos import write_files

CASES = yaml.safe_load((Path(__file__).parent / "regressions.yaml").read_text("utf-8"))


@pytest.mark.parametrize("case", CASES, ids=lambda c: c["name"])
def test_regression(case: dict[str, Any], tmp_path: Path) -> None:
    """The rules that speak are exactly these, with these severities."""
    for name, files in {**case["upstream"], case["id"]: case["files"]}.items():
        write_files(tmp_path / name, files)
    resolver = Resolver(hub=tmp_path, offline=True)
    options = Options(offline=True, weights="off")
    repo = Repository(resolver.target(case["id"]), resolver, options)
    rules = [
        cls()
        for id_, cls in registry().items()
        if id_.startswith("license/") and not issubclass(cls, RunRule)
    ]
    report = run(repo, rules, case["id"])
    said = [f"{f.rule.removeprefix('license/')} {f.severity}" for f in report.findings]
    assert sorted(said) == sorted(case["expect"])
    assert [n.why for n in report.not_checked] == case.get("not_checked", [])
