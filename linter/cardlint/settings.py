"""What a run is asked to do, and who asked: profile, settings file, command line.

Each value has one origin: the most specific that sets it, in the order default, profile, settings
file, environment and command line. Lists that add (``extend-select``, ``ignore``) add up; ``select``
replaces. Where selectors disagree about a rule, one that names the rule beats one that names its
family; then the more specific origin wins; then ``ignore``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cardlint import profiles
from cardlint.errors import UsageError
from cardlint.findings import Confidence, IgnoredBy, Json, Location, Severity
from cardlint.ignoring import Ignore, Policy
from cardlint.rule import Rule, RunRule, Status, canonical, registry
from cardlint.settings_file import Place, find, read, shown

if TYPE_CHECKING:
    from cardlint.licensing.waivers import Waiver

NEVER_OFF = "internal/rule-crashed"


@dataclass(frozen=True, slots=True)
class Selectors:
    """What one origin says about which rules run."""

    origin: str
    select: tuple[str, ...] = ()
    extend: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()


@dataclass(frozen=True)
class Settings:
    """Settings in force for one target."""

    file: Path | None = None
    """The settings file, where there is one."""
    profile: str = "default"
    profile_chain: tuple[str, ...] = ("default",)
    """The profile and those it extends."""
    preview: bool = False
    fail_on: Severity = Severity.ERROR
    min_confidence: Confidence = Confidence.LOW
    select: tuple[str, ...] = ()
    """Rule ids or families; empty means: the profile decides."""
    ignore: tuple[str, ...] = ()
    selectors: tuple[Selectors, ...] = ()
    """By origin, the least specific first; ``select`` and ``ignore`` above come after all."""
    severity: Mapping[str, Severity] = field(default_factory=dict)
    rules: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    """Rule id → option → value."""
    per_path: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    ignores: tuple[Ignore, ...] = ()
    waivers: tuple[Mapping[str, Any], ...] = ()
    waiver_lines: tuple[int, ...] = ()
    """Where in the file each waiver begins."""
    baseline: Path | None = None
    hub: Path | None = None
    offline: bool = False
    weights: str = "auto"
    budget: str | int = "64MiB"
    candidates: tuple[str, ...] = ()
    origins: Mapping[str, str] = field(default_factory=dict)
    """Key → what set it; a key that nothing set is not there."""

    @property
    def folder(self) -> Path | None:
        """The folder that paths in the settings are seen from."""
        return self.file.parent if self.file else None

    def policy(self, target: str, *, no_ignores: bool = False) -> Policy:
        """What holds for the findings of one target.

        Args:
            target: a path or an id, as the user typed it.
            no_ignores: whether everything that would be ignored is told.
        """
        prefix = self._prefix(target)
        return Policy(
            severities=self.severity,
            ignores=() if no_ignores else self._ignores(prefix),
            directives=not no_ignores,
            min_confidence=self.min_confidence,
            prefix=prefix,
            waivers=() if no_ignores else self._waivers(),
            folder=self.folder,
            per_path=tuple(
                (glob, {canonical(r): Severity(s) for r, s in table.get("severity", {}).items()})
                for glob, table in self.per_path.items()
            ),
        )

    def _waivers(self) -> tuple[Waiver, ...]:
        if not self.waivers:
            return ()
        from cardlint.licensing.waivers import parse

        name = self.file.name if self.file else "cardlint.toml"
        lines = self.waiver_lines or (1,) * len(self.waivers)
        return tuple(
            parse(table, Location(name, line))
            for table, line in zip(self.waivers, lines, strict=True)
        )

    def _ignores(self, prefix: str) -> tuple[Ignore, ...]:
        if self.file is None:
            return ()
        name = self.file.name if not prefix else shown(self.file)
        at = Location(name)
        standing = (
            Ignore(rule, IgnoredBy.SETTINGS, at, f'per-path "{glob}"', path=glob, standing=True)
            for glob, table in self.per_path.items()
            for rule in table.get("ignore", ())
        )
        from dataclasses import replace

        single = (replace(i, at=Location(name, i.at.line)) for i in self.ignores)
        return (*single, *standing)

    def _prefix(self, target: str) -> str:
        folder = self.folder
        path = Path(target)
        if folder is None:
            return ""
        if not path.exists():
            return target.removeprefix("hf://").partition("@")[0] + "/"
        here = path.resolve() if path.is_dir() else path.resolve().parent
        try:
            relative = here.relative_to(folder.resolve()).as_posix()
        except ValueError:
            return here.name + "/"
        return "" if relative == "." else relative + "/"


def load(
    start: Path | None = None,
    overrides: Mapping[str, Any] | None = None,
    *,
    file: Path | None = None,
    isolated: bool = False,
    origin: Mapping[str, str] | None = None,
) -> Settings:
    """Put together what is in force.

    Args:
        start: the folder from which a settings file is looked for upwards; by default the
            current one.
        overrides: key → value as in a settings file, from the command line or the caller.
        file: the settings file, instead of looking for one.
        isolated: whether no settings file counts.
        origin: key → where an override comes from, by default ``command line``.

    Raises:
        UsageError: a settings file, a profile or a selector is wrong; with its position.
    """
    from_file, place = _read(start, file, isolated=isolated)
    given = {k: v for k, v in (overrides or {}).items() if v not in (None, (), [])}
    profile = given.get("profile") or from_file.get("profile") or "default"
    in_file = "profile" not in given and "profile" in from_file
    layers = profiles.chain(profile, place.path.parent if place and in_file else None)
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    selectors: list[Selectors] = []
    tables: dict[str, dict[str, Any]] = {"severity": {}, "rules": {}}
    stack: list[tuple[str, Mapping[str, Any], Place | None]] = [
        *((f"profile {layer.name}", layer.values, layer.place) for layer in layers),
        (shown(place.path) if place else "settings", from_file, place),
        ("command line", given, None),
    ]
    for name, layer, where in stack:
        selectors.append(
            Selectors(
                name,
                tuple(layer.get("select", ())),
                tuple(layer.get("extend-select", ())),
                tuple(layer.get("ignore", ())),
            )
        )
        for key, value in layer.items():
            if key in {"description", "extends"}:
                continue
            _check_rules(key, value, where)
            if key in tables:
                _merge(tables[key], value)
            else:
                values[key] = value
            line = f":{where.line(key)}" if where and where is place else ""
            origins[key] = (origin or {}).get(key, name) if layer is given else f"{name}{line}"
    folder = place.path.parent if place else Path()
    return Settings(
        file=place.path if place else None,
        profile=profile,
        profile_chain=tuple(layer.name for layer in layers),
        preview=bool(values.get("preview", False)),
        fail_on=Severity(values.get("fail-on", "error")),
        min_confidence=Confidence(values.get("min-confidence", "low")),
        selectors=tuple(selectors),
        severity={canonical(r): Severity(s) for r, s in tables["severity"].items()},
        rules={canonical(r): o for r, o in tables["rules"].items()},
        per_path=values.get("per-path", {}),
        ignores=_ignores(values.get("ignores", ()), place),
        waivers=tuple(values.get("waivers", ())),
        waiver_lines=tuple(
            place.line("waivers", index=n) if place else 1
            for n in range(len(values.get("waivers", ())))
        ),
        baseline=_path("baseline", values, given, folder),
        hub=_path("hub", values, given, folder),
        offline=bool(values.get("offline", False)),
        weights=values.get("weights", "auto"),
        budget=values.get("budget", "64MiB"),
        candidates=tuple(values.get("candidates", ())),
        origins=origins,
    )


def _read(
    start: Path | None, file: Path | None, *, isolated: bool
) -> tuple[dict[str, Any], Place | None]:
    found = None if isolated else file or find(start or Path())
    return read(found) if found else ({}, None)


def _path(
    key: str, values: Mapping[str, Any], given: Mapping[str, Any], folder: Path
) -> Path | None:
    """A path of the settings is seen from their folder, one of the command line from here."""
    if not values.get(key):
        return None
    return Path(values[key]) if key in given else folder / values[key]


def _merge(into: dict[str, Any], more: Mapping[str, Any]) -> None:
    for key, value in more.items():
        into[key] = {**into.get(key, {}), **value} if isinstance(value, Mapping) else value


def _ignores(tables: Sequence[Mapping[str, Any]], place: Place | None) -> tuple[Ignore, ...]:
    return tuple(
        Ignore(
            rule=table["rule"],
            by=IgnoredBy.SETTINGS,
            at=Location(
                place.path.name if place else "", place.line("ignores", index=n) if place else 1
            ),
            reason=table["reason"],
            path=table.get("path"),
            contains=table.get("contains"),
            expires=table.get("expires"),
        )
        for n, table in enumerate(tables)
    )


def _check_rules(key: str, value: Any, place: Place | None) -> None:
    """Whether every rule that a setting names is there, and every option of it."""
    if key in {"select", "extend-select", "ignore"}:
        for selector in value:
            _known(selector, place, key, families=True)
    elif key == "severity":
        for rule in value:
            _known(rule, place, key, rule)
    elif key == "rules":
        for rule, options in value.items():
            _known(rule, place, key, rule)
            _check_options(canonical(rule), options, place)
    elif key == "ignores":
        for number, table in enumerate(value):
            _known(table["rule"], place, key, index=number)
    elif key == "per-path":
        for glob, table in value.items():
            for selector in table.get("ignore", ()):
                _known(selector, place, key, glob, families=True)
            for rule in table.get("severity", {}):
                _known(rule, place, key, glob)


def _known(
    selector: str, place: Place | None, *keys: str, families: bool = False, index: int = 0
) -> None:
    rules = registry()
    every = [*rules, *{r.partition("/")[0] for r in rules}] if families else list(rules)
    if canonical(selector) in every:
        return
    close = get_close_matches(selector, every, n=1)
    message = f"no rule{' or family' if families else ''} is called {selector}"
    remedy = f"Did you mean {close[0]}?" if close else "`cardlint rules` lists them all."
    if place:
        raise place.error(message, *keys, remedy=remedy, index=index)
    raise UsageError(message, remedy=remedy)


def _check_options(rule: str, options: Mapping[str, Any], place: Place | None) -> None:
    known = registry()[rule].options
    for name, value in options.items():
        if name not in known:
            close = get_close_matches(name, known, n=1)
            message = f"{rule} has no option {name}"
            remedy = f"Did you mean {close[0]}?" if close else f"`cardlint rule {rule}` names them."
        elif known[name] is not None and type(value) is not type(known[name]):
            message = f"{rule}: {name} is {value!r}, and {known[name]!r} by default"
            remedy = f"Write a value of the same type ({type(known[name]).__name__})."
        else:
            continue
        if place:
            raise place.error(message, "rules", rule, name, remedy=remedy)
        raise UsageError(message, remedy=remedy)


@dataclass(frozen=True, slots=True)
class Selection:
    """The rules that run, and what there is to say about how they were chosen."""

    rules: tuple[Rule, ...]
    notes: tuple[str, ...] = ()


def selection(settings: Settings) -> Selection:
    """The rules that these settings switch on, in order of id.

    Raises:
        UsageError: a selector names no rule and no family.
    """
    _check_rules("select", (*settings.select, *settings.ignore), None)
    layers = [
        *settings.selectors,
        Selectors("caller", select=settings.select, ignore=settings.ignore),
    ]
    chosen: list[Rule] = []
    notes: list[str] = []
    for id_, cls in registry().items():
        on, by_name = _decide(id_, cls, layers, settings.profile_chain)
        if cls.status is Status.PREVIEW and not settings.preview:
            if by_name:
                notes.append(f"{id_} is in preview: it runs with --preview only")
            continue
        if cls.status is Status.DEPRECATED:
            if not by_name:
                continue
            notes.append(f"{id_} is deprecated; `cardlint rule {id_}` says what replaces it")
        if on or id_ == NEVER_OFF:
            chosen.append(cls(settings.rules.get(id_)))
    named = {s for layer in layers for s in (*layer.select, *layer.extend, *layer.ignore)}
    notes += [f"{s} is called {canonical(s)} now" for s in sorted(named) if canonical(s) != s]
    return Selection(tuple(chosen), tuple(notes))


def selected(settings: Settings) -> list[Rule]:
    """The rules of :func:`selection`."""
    return list(selection(settings).rules)


def _decide(
    id_: str, cls: type[Rule], layers: Sequence[Selectors], profile: Sequence[str]
) -> tuple[bool, bool]:
    """Whether a rule is on, and whether somebody switched it on by its own name."""
    family = id_.partition("/")[0]
    last_select = max((n for n, x in enumerate(layers) if x.select), default=-1)
    verdicts: list[tuple[int, int, bool]] = []  # (names the rule itself, layer, off)
    for number, layer in enumerate(layers):
        selects = (*(layer.select if number == last_select else ()), *layer.extend)
        for names, off in ((selects, False), (layer.ignore, True)):
            for name in names:
                if canonical(name) == id_:
                    verdicts.append((1, number, off))
                elif name == family:
                    verdicts.append((0, number, off))
    if verdicts:
        own, _, off = max(verdicts)
        return not off, bool(own) and not off
    if issubclass(cls, RunRule):
        return True, False
    return last_select < 0 and not cls.profiles.isdisjoint(profile), False
