"""What an upgrade may change: nothing that was green turns red by itself."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from cardlint import rule as rule_module
from cardlint.findings import Finding, Location, Severity
from cardlint.repository import Repository
from cardlint.rule import Rule, Status, registry
from cardlint.settings import Settings, selection
from tests.kit.cli import run
from tests.kit.repos import write_files


class _Says(Rule):
    """A rule that always finds something."""

    severity = Severity.ERROR
    needs = frozenset()

    def check(self, repo: Repository) -> Iterator[Finding]:
        """Find it."""
        yield self.finding(f"{repo.id}: found", Location(), next_step="Nothing.")


class New(_Says):
    """Came with an upgrade."""

    id = "metadata/brand-new"
    status = Status.PREVIEW


class Renamed(_Says):
    """Had another name."""

    id = "metadata/new-name"
    aliases = ("metadata/old-name",)
    severity = Severity.WARNING


class Old(_Says):
    """Is on its way out."""

    id = "metadata/old-rule"
    status = Status.DEPRECATED


@pytest.fixture
def upgraded(monkeypatch: pytest.MonkeyPatch) -> Generator[None]:
    """cardlint, with three rules that the version before did not have so."""
    rules = {**registry(), **{r.id: r for r in (New, Renamed, Old)}}
    for module in ("cardlint.rule", "cardlint.settings", "cardlint.checker", "cardlint.engine"):
        monkeypatch.setattr(f"{module}.registry", lambda: rules)
    rule_module.aliases.cache_clear()
    yield
    monkeypatch.undo()
    rule_module.aliases.cache_clear()


def _ids(**settings: object) -> set[str]:
    return {r.id for r in selection(Settings(**settings)).rules}  # type: ignore[arg-type]  # a table


@pytest.mark.usefixtures("upgraded")
@pytest.mark.parametrize("profile", ["default", "hobby", "strict", "public-sector"])
@pytest.mark.parametrize("select", [(), ("--select", "metadata"), ("--select", New.id)])
def test_a_preview_rule_fails_nobody(tmp_path: Path, profile: str, select: tuple[str, ...]) -> None:
    """In every profile, with its family selected and even when named: no new failure."""
    write_files(tmp_path, {"README.md": "---\nlicense: mit\n---\n# Model\n"})
    ran = run("check", tmp_path, "--offline", "--profile", profile, *select)
    assert New.id not in ran.out
    assert (New.id in ran.err) is (select[-1:] == (New.id,))  # whoever names it is told why


@pytest.mark.usefixtures("upgraded")
def test_preview_switches_it_on(tmp_path: Path) -> None:
    """The same repository, on request."""
    write_files(tmp_path, {"README.md": "---\nlicense: mit\n---\n# Model\n"})
    ran = run("check", tmp_path, "--offline", "--preview", "--select", "metadata")
    assert ran.code == 1
    assert New.id in ran.out


@pytest.mark.usefixtures("upgraded")
def test_an_old_name_keeps_working(tmp_path: Path) -> None:
    """In selectors, settings and directives; and the new name is told once."""
    card = "---\nlicense: mit\n---\n# M\n<!-- cardlint: ignore[metadata/old-name] why not -->\n"
    write_files(
        tmp_path,
        {"README.md": card, "cardlint.toml": '[severity]\n"metadata/old-name" = "error"\n'},
    )
    ran = run("check", tmp_path, "--offline", "--select", "metadata/old-name")
    assert "1 ignored" in ran.out
    assert "metadata/old-name is called metadata/new-name now" in ran.err
    told = run("check", tmp_path, "--offline", "--select", "metadata/old-name", "--no-ignores")
    assert "error metadata/new-name" in told.out
    assert "metadata/new-name" in run("rule", "metadata/old-name").out


@pytest.mark.usefixtures("upgraded")
def test_a_deprecated_rule_runs_only_when_named() -> None:
    """Its family does not bring it back; its name does, with a word about it."""
    assert Old.id not in _ids()
    assert Old.id not in _ids(select=("metadata",))
    chosen = selection(Settings(select=(Old.id,)))
    assert Old.id in {r.id for r in chosen.rules}
    assert chosen.notes == (
        f"{Old.id} is deprecated; `cardlint rule {Old.id}` says what replaces it",
    )


def test_a_rule_package_that_cannot_be_imported_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """2, with the package's name: nobody takes it for a fault of their card."""
    from importlib.metadata import EntryPoint

    broken = EntryPoint("our-city", "no_such_rules", rule_module.ENTRY_POINT_GROUP)
    monkeypatch.setattr(rule_module, "entry_points", lambda **_: [broken])
    rule_module.registry.cache_clear()
    try:
        ran = run("check", tmp_path)
    finally:
        monkeypatch.undo()
        rule_module.registry.cache_clear()
    assert ran.code == 2
    assert "the rules of no_such_rules (our-city) cannot be imported" in ran.err
