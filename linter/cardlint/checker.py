"""Checks targets under the settings that are in force for each; the command line and the API use it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cardlint import baseline, engine
from cardlint.errors import Unavailable
from cardlint.findings import (
    Finding,
    Location,
    NotChecked,
    Report,
    RuleInfo,
    TargetReport,
)
from cardlint.repository import Options, Repository
from cardlint.rule import registry
from cardlint.settings import Selection, Settings, load, selection
from cardlint.settings_file import shown

if TYPE_CHECKING:
    from cardlint.source.interface import Source
    from cardlint.source.resolve import Resolver


@dataclass
class Checker:
    """One run: each settings file is read once, and the rules are chosen once for each.

    Args:
        resolver: opens repositories.
        options: what the facts may cost.
        overrides: key → value as in a settings file, above every settings file.
        origin: key → where an override comes from.
        settings_file: instead of the nearest one.
        isolated: whether no settings file counts.
        no_ignores: whether everything that would be ignored is told.
    """

    resolver: Resolver
    options: Options
    overrides: Mapping[str, Any] = field(default_factory=dict)
    origin: Mapping[str, str] = field(default_factory=dict)
    settings_file: Path | None = None
    isolated: bool = False
    no_ignores: bool = False
    failing: bool = False
    """Whether a finding of any target is at or above the severity that fails there."""
    _settings: dict[Path, Settings] = field(default_factory=dict)
    _selected: dict[int, Selection] = field(default_factory=dict)

    def settings(self, target: str) -> Settings:
        """What is in force for a target: the nearest file upwards from it, or from here.

        Raises:
            UsageError: a settings file or a profile is wrong.
        """
        path = Path(target)
        start = path if path.is_dir() else path.parent if path.exists() else Path()
        if start not in self._settings:
            found = load(
                start,
                self.overrides,
                file=self.settings_file,
                isolated=self.isolated,
                origin=self.origin,
            )
            same = (s for s in self._settings.values() if s.file == found.file)
            self._settings[start] = next(same, found)
        return self._settings[start]

    def selection(self, settings: Settings) -> Selection:
        """The rules that run under ``settings``."""
        key = id(settings)
        if key not in self._selected:
            self._selected[key] = selection(settings)
        return self._selected[key]

    @property
    def notes(self) -> list[str]:
        """What there is to say about how rules were chosen, each once."""
        return list(dict.fromkeys(n for s in self._selected.values() for n in s.notes))

    def check(self, target: str) -> TargetReport:
        """Check one target; that it cannot be read is a result.

        Raises:
            UsageError: it is neither a path nor an id, or its settings are wrong.
        """
        settings = self.settings(target)
        rules = self.selection(settings).rules
        try:
            source = self.resolver.target(target)
            repo = Repository(source, self.resolver, self.options)
            repo.files  # noqa: B018  # a repository without a file list is not there
        except Unavailable as reason:
            gap = NotChecked("repository", reason.message, reason.remedy)
            return TargetReport(target, None, None, (), (gap,), checked=False)
        policy = settings.policy(target, no_ignores=self.no_ignores)
        report = replace(
            _placed(engine.run(repo, rules, target, policy), source),
            settings=shown(settings.file) if settings.file else None,
            profile=settings.profile,
        )
        if Path(target).exists():  # a remote one stays open: another target may have it as a parent
            source.close()
        return report

    def report(self, reports: Iterable[TargetReport]) -> Report:
        """Put a run together: the baselines applied, the verdict in :attr:`failing`.

        Raises:
            UsageError: a baseline cannot be read.
        """
        targets = list(reports)
        stale: list[str] = []
        for file, members in self._by_baseline(targets).items():
            entries = baseline.read(file)
            after, left = baseline.apply([targets[n] for n in members], file, entries)
            for number, target in zip(members, after, strict=True):
                targets[number] = target
            stale += [f"{e.key[1]}: {e.key[0]} in {e.key[2]} (×{e.count})" for e in left]
        self.failing = any(
            f.severity.rank <= self.settings(t.target).fail_on.rank
            for t in targets
            for f in t.findings
        )
        told = [f for t in targets for f in t.findings]
        return Report(tuple(targets), _infos(told), tuple(stale), self.resolver.cost)

    def _by_baseline(self, targets: Sequence[TargetReport]) -> dict[Path, list[int]]:
        files: dict[Path, list[int]] = {}
        for number, target in enumerate(targets):
            file = self.settings(target.target).baseline
            if file and not self.no_ignores:
                files.setdefault(file, []).append(number)
        return files


def _infos(findings: Iterable[Finding]) -> dict[str, RuleInfo]:
    known = registry()
    return {
        id_: RuleInfo(
            id=id_,
            summary=cls.summary(),
            manual=cls.manual(),
            severity=cls.severity,
            confidence=cls.confidence,
            since=cls.since,
            status=cls.status.value,
            frameworks=cls.frameworks,
        )
        for id_ in sorted({f.rule for f in findings})
        if (cls := known.get(id_))
    }


def _placed(report: TargetReport, source: Source) -> TargetReport:
    """The report with paths as the user can open them: a folder, and a card's own file name."""
    where = Path(source.identity.location)
    if where.is_file():
        named = replace(report, root=str(where.parent))
        return named if where.name == "README.md" else _renamed(named, where.name)
    if not source.identity.revision and where.is_dir() and not (where / "HEAD").is_file():
        return replace(report, root=str(where))
    return report


def _renamed(report: TargetReport, card: str) -> TargetReport:
    """The report with ``README.md`` under the name that the single file has."""

    def here(at: Location) -> Location:
        return replace(at, path=card) if at.path == "README.md" else at

    def finding(f: Finding) -> Finding:
        fix = f.fix and replace(
            f.fix,
            edits=tuple(replace(e, path=card) if e.path == "README.md" else e for e in f.fix.edits),
        )
        return replace(f, location=here(f.location), related=tuple(map(here, f.related)), fix=fix)

    return replace(
        report,
        findings=tuple(map(finding, report.findings)),
        ignored=tuple(replace(i, finding=finding(i.finding)) for i in report.ignored),
    )
