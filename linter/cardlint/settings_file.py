"""Reading a settings file: ``cardlint.toml``, ``.cardlint.toml`` or ``[tool.cardlint]``.

One table, :data:`KEYS`, says what may stand there; the JSON Schema that editors use
(``schemas/settings.json``) is made from it. The nearest file counts and no other: there is no
cascade.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from cardlint.errors import UsageError
from cardlint.findings import Confidence, Severity

NAMES = ("cardlint.toml", ".cardlint.toml")
MAX_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Key:
    """One thing that may be set."""

    kind: str
    """``string``, ``bool``, ``strings``, ``size``, ``severities``, ``options``, ``per-path``,
    ``tables`` or, with ``choices``, ``choice``."""
    help: str
    choices: tuple[str, ...] = ()
    fields: Mapping[str, Key] = field(default_factory=dict)
    """The keys of each table, for ``tables`` and ``per-path``."""
    required: tuple[str, ...] = ()
    env: str | None = None
    """The environment variable that overrides it."""


SEVERITIES = tuple(s.value for s in Severity)
CONFIDENCES = tuple(c.value for c in Confidence)

KEYS: Mapping[str, Key] = {
    "profile": Key(
        "string",
        "A built-in profile (default, strict, public-sector, hobby) or a TOML file of your own.",
        env="CARDLINT_PROFILE",
    ),
    "preview": Key(
        "bool", "Whether rules in preview run; nothing else runs them.", env="CARDLINT_PREVIEW"
    ),
    "select": Key("strings", "Rules or families to run instead of those of the profile."),
    "extend-select": Key("strings", "Rules or families to run besides those of the profile."),
    "ignore": Key("strings", "Rules or families that do not run."),
    "fail-on": Key(
        "choice",
        "The least severity that makes the exit code 1.",
        choices=SEVERITIES,
        env="CARDLINT_FAIL_ON",
    ),
    "min-confidence": Key(
        "choice",
        "Findings that are less sure than this are counted and not shown.",
        choices=CONFIDENCES,
        env="CARDLINT_MIN_CONFIDENCE",
    ),
    "baseline": Key(
        "string",
        "A baseline file, from this file's folder: what it lists is counted and not shown.",
        env="CARDLINT_BASELINE",
    ),
    "hub": Key(
        "string",
        "A folder hub, from this file's folder: hub/org/name is a folder or a bare repository.",
        env="CARDLINT_HUB",
    ),
    "offline": Key("bool", "Never ask the network.", env="CARDLINT_OFFLINE"),
    "weights": Key(
        "choice",
        "How much of the weights is read.",
        choices=("auto", "off", "sample", "full"),
        env="CARDLINT_WEIGHTS",
    ),
    "budget": Key("size", "Bytes of weights read from one model at most.", env="CARDLINT_BUDGET"),
    "candidates": Key("strings", "Models to hold against the weights besides the declared bases."),
    "severity": Key("severities", "Rule id → severity."),
    "rules": Key("options", "Rule id → that rule's options; `cardlint rule ID` names them."),
    "per-path": Key(
        "per-path",
        "Glob → what holds for the files it matches, seen from this file's folder.",
        fields={
            "ignore": Key("strings", "Rules or families whose findings there are ignored."),
            "severity": Key("severities", "Rule id → severity there."),
        },
    ),
    "ignores": Key(
        "tables",
        "Single findings that are ignored, each with its reason.",
        fields={
            "rule": Key("string", "The rule's id."),
            "reason": Key("string", "Why; shown wherever the finding is counted."),
            "path": Key("string", "A glob that the finding's file matches."),
            "contains": Key("string", "Words that its message contains."),
            "expires": Key("date", "The last day on which this counts."),
        },
        required=("rule", "reason"),
    ),
    "waivers": Key(
        "tables",
        "Rights that settle a license conflict: the proof is a file with its hash.",
        fields={
            "rule": Key("string", "The rule's id."),
            "subject": Key("string", "The upstream repository or file that it is about."),
            "reason": Key(
                "string", "licensed, own-work, upstream-changed, not-derived or counsel."
            ),
            "statement": Key("string", "From whom, to do what: the words that grant it."),
            "expires": Key("date", "The last day on which it counts."),
            "file": Key("string", "The document, from this file's folder."),
            "sha256": Key("string", "Its SHA-256, 64 hex digits."),
        },
        required=("rule", "subject", "reason", "statement"),
    ),
}

PROFILE_KEYS: Mapping[str, Key] = {
    "description": Key("string", "One line about who it is for."),
    "extends": Key("string", "The profile that this one builds on; by default `default`."),
    "frameworks": Key("strings", "The frameworks that its compliance report answers."),
    **{
        name: KEYS[name]
        for name in (
            "select",
            "extend-select",
            "ignore",
            "fail-on",
            "min-confidence",
            "severity",
            "rules",
        )
    },
}


@dataclass(frozen=True, slots=True)
class Place:
    """A settings file and where to find things in it."""

    path: Path
    text: str
    section: str = ""
    """``tool.cardlint`` in a pyproject.toml."""

    def line(self, *keys: str, index: int = 0) -> int:
        """The line of a key (or of the ``index``-th table of that name); 1 where not found."""
        header = ".".join(filter(None, (self.section, *keys[:-1])))
        wanted, inside, seen = keys[-1], header == "", 0
        full = ".".join(filter(None, (header, wanted)))
        for number, raw in enumerate(self.text.splitlines(), 1):
            line = raw.strip()
            if line.startswith("["):
                name = re.sub(r"[\"'\s]", "", line.partition("#")[0]).strip("[]")
                inside = name == header
                if name == full:
                    if seen == index:
                        return number
                    seen += 1
            elif inside and re.match(rf"[\"']?{re.escape(wanted)}[\"']?\s*[=.]", line):
                return number
        return self.line(*keys[:-1], index=index) if len(keys) > 1 else 1

    def error(self, message: str, *keys: str, remedy: str, index: int = 0) -> UsageError:
        """An error that names the place."""
        where = shown(self.path) + (f":{self.line(*keys, index=index)}" if keys else "")
        return UsageError(f"{where}: {message}", remedy=remedy)


def shown(path: Path) -> str:
    """A path as the user would write it: from the current folder, if it is in there."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def find(start: Path) -> Path | None:
    """The nearest settings file, from ``start`` upwards.

    Raises:
        UsageError: a folder has two of them.
    """
    folder = start.resolve()
    return next(filter(None, map(_in, (folder, *folder.parents))), None)


def _in(folder: Path) -> Path | None:
    here = [folder / name for name in NAMES if (folder / name).is_file()]
    project = folder / "pyproject.toml"
    if project.is_file() and _has_section(project):
        here.append(project)
    if len(here) > 1:
        raise UsageError(
            f"{folder} has two settings files: {' and '.join(p.name for p in here)}",
            remedy="Keep one of them.",
        )
    return here[0] if here else None


def _has_section(project: Path) -> bool:
    try:
        data = project.read_bytes()
    except OSError:
        return False
    return re.search(rb"^\s*\[\[?\s*tool\s*\.\s*cardlint\b", data, re.MULTILINE) is not None


def read(path: Path, keys: Mapping[str, Key] = KEYS) -> tuple[dict[str, Any], Place]:
    """Read and check a settings file or a profile.

    Returns:
        What it sets, and where to find things in it.

    Raises:
        UsageError: it cannot be read, or holds what it may not; with the line.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise UsageError(
                f"{shown(path)} has more than {MAX_BYTES:,} bytes", remedy="Name a settings file."
            )
        text = path.read_text(encoding="utf-8")
        data = tomllib.loads(text)
    except OSError as error:
        raise UsageError(
            f"{shown(path)} cannot be read: {error.strerror}",
            remedy="Name a file that you may read.",
        ) from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{shown(path)} is not UTF-8 text", remedy="Save it as UTF-8.") from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise UsageError(
            f"{shown(path)} is not TOML: {error}", remedy="https://toml.io/en/v1.0.0"
        ) from error
    place = Place(path, text)
    if path.name == "pyproject.toml":
        data = data.get("tool", {}).get("cardlint", {})
        place = Place(path, text, "tool.cardlint")
    _check_table(data, keys, place, ())
    return data, place


def _check_table(
    data: Mapping[str, Any],
    keys: Mapping[str, Key],
    place: Place,
    above: tuple[str, ...],
    index: int = 0,
) -> None:
    for name, value in data.items():
        if name not in keys:
            underscored = name.replace("_", "-")
            close = [underscored] if underscored in keys else get_close_matches(name, keys, n=1)
            raise place.error(
                f"unknown key {name}",
                *above,
                name,
                index=index,
                remedy=f"Did you mean {close[0]}?" if close else f"Known here: {', '.join(keys)}.",
            )
        _check_value(value, keys[name], place, (*above, name), index)


def _check_value(value: Any, key: Key, place: Place, path: tuple[str, ...], index: int = 0) -> None:
    expected, fits = _SHAPES[key.kind]
    if not fits(value):
        raise place.error(
            f"{'.'.join(path)} is {value!r}, not {expected}",
            *path,
            index=index,
            remedy=f"Write {expected}.",
        )
    if key.choices:
        _choose(value, key.choices, place, path, index)
    if key.kind == "severities":
        for rule, severity in value.items():
            _choose(severity, SEVERITIES, place, (*path, rule), index)
    elif key.kind == "per-path":
        for glob, table in value.items():
            _check_table(table, key.fields, place, (*path, glob))
    elif key.kind == "tables":
        for number, table in enumerate(value):
            _check_table(table, key.fields, place, path, number)
            for wanted in key.required:
                if not table.get(wanted):
                    raise place.error(
                        f"[[{path[-1]}]] has no {wanted}",
                        *path,
                        index=number,
                        remedy=f"Add {wanted}: {key.fields[wanted].help}",
                    )


def _choose(
    value: Any, choices: tuple[str, ...], place: Place, path: tuple[str, ...], index: int
) -> None:
    if value not in choices:
        close = get_close_matches(str(value), choices, n=1)
        raise place.error(
            f"{'.'.join(path)} is {value!r}",
            *path,
            index=index,
            remedy=f"Did you mean {close[0]}?" if close else f"Write one of {', '.join(choices)}.",
        )


def _strings(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(v, str) for v in value)


def _tables(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(v, dict) for v in value.values())


_SHAPES: Mapping[str, tuple[str, Callable[[Any], bool]]] = {
    "string": ("a string", lambda v: isinstance(v, str)),
    "choice": ("a string", lambda v: isinstance(v, str)),
    "bool": ("true or false", lambda v: isinstance(v, bool)),
    "strings": ("a list of strings", _strings),
    "size": (
        'a size such as "64MiB"',
        lambda v: isinstance(v, str) or (isinstance(v, int) and not isinstance(v, bool) and v > 0),
    ),
    "date": ("a date such as 2026-12-31", lambda v: type(v) is date),
    "severities": ("a table of severities", lambda v: isinstance(v, dict)),
    "options": ("a table of tables", _tables),
    "per-path": ("a table of tables", _tables),
    "tables": (
        "an array of tables",
        lambda v: isinstance(v, list) and all(isinstance(t, dict) for t in v),
    ),
}


def schema() -> dict[str, Any]:
    """The JSON Schema of a settings file, for editors."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "cardlint/settings/1",
        "title": "Settings of cardlint: cardlint.toml, .cardlint.toml or [tool.cardlint]",
        **_table_schema(KEYS),
    }


def _table_schema(keys: Mapping[str, Key], required: tuple[str, ...] = ()) -> dict[str, Any]:
    table: dict[str, Any] = {
        "type": "object",
        "additionalProperties": False,
        "properties": {n: {"description": k.help, **_schema(k)} for n, k in keys.items()},
    }
    return {**table, "required": list(required)} if required else table


def _schema(key: Key) -> dict[str, Any]:
    severities = {"type": "object", "additionalProperties": {"enum": list(SEVERITIES)}}
    simple: dict[str, dict[str, Any]] = {
        "string": {"type": "string"},
        "choice": {"enum": list(key.choices)},
        "bool": {"type": "boolean"},
        "strings": {"type": "array", "items": {"type": "string"}},
        "size": {"type": ["string", "integer"]},
        "date": {"type": "string", "format": "date"},
        "severities": severities,
        "options": {"type": "object", "additionalProperties": {"type": "object"}},
    }
    if key.kind == "per-path":
        return {"type": "object", "additionalProperties": _table_schema(key.fields)}
    if key.kind == "tables":
        return {"type": "array", "items": _table_schema(key.fields, key.required)}
    return simple[key.kind]
