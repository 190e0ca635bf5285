"""Run one rule over a small repository made from a table."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypedDict

import pytest

from cardlint.engine import run
from cardlint.findings import Finding, NotChecked, Severity, TargetReport
from cardlint.ignoring import Policy
from cardlint.repository import Options, Repository
from cardlint.rule import Rule, registry
from cardlint.source.resolve import Resolver
from tests.kit.repos import write_files, write_git


class Case(TypedDict, total=False):
    """A row of a ``cases.yaml``; see tests/rules/test_cases.py."""

    name: str
    kind: str
    id: str
    files: dict[str, Any]
    commits: list[dict[str, Any]]
    upstream: dict[str, dict[str, Any]]
    settings: dict[str, Any]
    expect: list[dict[str, Any]]
    not_checked: str
    fixed: dict[str, str]


def build(case: Case, root: Path) -> tuple[Path, str]:
    """Write the folder hub of a case; return it and the id of the repository under test."""
    hub = root / "hub"
    id_ = case.get("id", "org/model")
    for name, what in {**case.get("upstream", {}), id_: dict(case)}.items():
        if "commits" in what:
            write_git(hub / name, what["commits"], bare=bool(what.get("bare")))
        else:
            write_files(hub / name, what.get("files", {}))
    return hub, id_


def check(hub: Path, target: str, rule: str, /, **settings: Any) -> TargetReport:
    """Run one rule with the given options over one repository of a folder hub."""
    if settings.pop("online", False):  # with a test Hub that serves the same repositories
        with _served(hub):
            return check(hub, target, rule, **settings, offline=False)
    options = {k: v for k, v in settings.items() if k not in {"rule", "beside"}}
    resolver = Resolver(hub=hub, offline=options.get("offline", True))
    repo = Repository(resolver.target(target), resolver, Options(**{"offline": True, **options}))
    rules = [registry()[rule](settings.get("rule"))]
    rules += [_beside(name) for name in settings.get("beside", ())]
    return run(repo, rules, target, _policy(hub, target))


@contextmanager
def _served(hub: Path) -> Iterator[None]:
    from tests.hub.server import HubServer

    with HubServer(hub) as server, pytest.MonkeyPatch.context() as patch:
        for name, value in server.environment(hub.parent).items():
            patch.setenv(name, value)
        # Links of a card are asked at public addresses only; the test Hub stands for one.
        patch.setattr("cardlint.source.links.public", lambda address: address == "127.0.0.1")
        for card in hub.rglob("README.md"):
            text = card.read_bytes()
            if b"{endpoint}" in text:
                card.write_bytes(text.replace(b"{endpoint}", server.endpoint.encode()))
        yield


def _policy(hub: Path, target: str) -> Policy | None:
    """What a ``cardlint.toml`` of the repository says about findings."""
    from cardlint.settings import load

    file = hub / target / "cardlint.toml"
    return load(file=file).policy(str(file.parent)) if file.is_file() else None


def _beside(name: str) -> Rule:
    """A rule that runs beside the one under test: its id, or ``crashing``."""
    return Crashing() if name == "crashing" else registry()[name]()


class Crashing(Rule):
    """A rule with a bug."""

    id = "metadata/crashing"
    severity = Severity.WARNING
    needs = frozenset()

    def check(self, repo: Repository) -> Iterator[Finding | NotChecked]:
        """Fail as a bug fails."""
        raise KeyError(repo.id)


def run_case(rule: str, case: Case, root: Path) -> None:
    """Assert that the rule says exactly what the case expects."""
    hub, id_ = build(case, root)
    report = check(hub, id_, rule, **case.get("settings", {}))
    said = [f for f in report.findings if f.rule == rule]
    assert [f for f in report.findings if f.rule != rule] == []
    expected = case.get("expect", [])
    assert len(said) == len(expected), [(f.location, f.message) for f in said]
    for finding, wanted in zip(said, expected, strict=True):
        at = finding.location
        actual = {
            "path": at.path,
            "line": at.line,
            "column": at.column,
            "severity": finding.severity.value,
            "confidence": finding.confidence.value,
        }
        assert {k: actual[k] for k in wanted if k in actual} == {
            k: v for k, v in wanted.items() if k in actual
        }
        assert wanted.get("message", "") in finding.message
        assert wanted.get("next_step", "") in finding.next_step
        for key, value in wanted.get("evidence", {}).items():
            assert finding.evidence[key] == value
    why = "; ".join(f"{n.what}: {n.why}" for n in report.not_checked)
    if "not_checked" in case:
        assert case["not_checked"] in why
    else:
        assert why == ""
    if "fixed" in case:
        from cardlint.fixing import apply

        after = apply(
            {
                p: (hub / id_ / p).read_bytes().decode("utf-8")
                for p in case["fixed"]
                if (hub / id_ / p).exists()
            },
            said,
        )
        assert after == case["fixed"]
