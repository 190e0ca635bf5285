"""Every rule's table of cases: pass, fail with its exact position, edge, ignored.

``tests/rules/FAMILY/RULE_NAME/cases.yaml`` is a list of cases. A case is::

    - name: notice_is_missing          # reads as what must hold
      kind: fail                       # pass | fail | edge | ignored
      id: org/model                    # where the repository stands in the folder hub (optional)
      files: {README.md: "…"}          # a files table, see tests/kit/repos.py
      commits: [{date: …, message: …, files: {…}}]     # instead of files: a git repository
      upstream:                        # other repositories of the folder hub: files or commits
        org/base: {files: {…}}
      settings: {…}                    # keyword arguments of tests.kit.run.check (optional);
                                       # `beside: [rule ids]` run too (for rules about ignores)
      expect:                          # what this rule says; [] or absent: nothing
        - {line: 3, column: 1, path: README.md, message: "part of the message",
           severity: warning, evidence: {key: value}}
      not_checked: "part of the reason"    # optional: the rule must say that it could not look
      fixed: {README.md: "…"}          # optional: the files after all fixes, to the byte
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from cardlint.rule import registry
from tests.kit.run import Case, run_case

HERE = Path(__file__).parent


def _cases() -> list[Any]:
    rows = []
    for file in sorted(HERE.glob("*/*/cases.yaml")):
        rule = f"{file.parent.parent.name}/{file.parent.name.replace('_', '-')}"
        cases = yaml.safe_load(file.read_text(encoding="utf-8"))
        rows += [pytest.param(rule, case, id=f"{rule}:{case['name']}") for case in cases]
    return rows


@pytest.mark.parametrize(("rule", "case"), _cases())
def test_case(rule: str, case: Case, tmp_path: Path) -> None:
    """The rule says exactly what the table says, where it says it."""
    run_case(rule, case, tmp_path)


@pytest.mark.parametrize("rule", sorted(registry()))
def test_every_rule_has_a_passing_and_a_failing_case(rule: str) -> None:
    """A rule without both is not proved."""
    file = HERE / rule.replace("-", "_") / "cases.yaml"
    kinds = {c["kind"] for c in yaml.safe_load(file.read_text(encoding="utf-8"))}
    assert {"pass", "fail"} <= kinds


@pytest.mark.parametrize("rule", sorted(registry()))
def test_every_rule_has_a_manual(rule: str) -> None:
    """The docstring has the fixed headings, in order, and each says something."""
    text = registry()[rule].manual()
    wanted = ["What it checks", "Why it matters", "Example", "How to fix", "Sources"]
    found = [line.removeprefix("## ") for line in text.splitlines() if line.startswith("## ")]
    assert found == wanted
    assert all(part.strip() for part in text.split("## "))
