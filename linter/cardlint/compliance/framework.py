"""Frameworks and the items that they ask for, as data: one YAML file a framework."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from cardlint.errors import UsageError


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that is asked for, however many frameworks ask for it."""

    id: str
    title: str
    rules: tuple[str, ...] = ()
    """Rules or families whose findings decide it."""
    answer: str | None = None
    """The function of :mod:`cardlint.compliance.answers` that fills in the value."""
    person: bool = False
    """The machine only collects; a person decides."""


@dataclass(frozen=True, slots=True)
class Clause:
    """One line of a framework."""

    ref: str
    """Article, section or control."""
    title: str
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Framework:
    """A law, guideline, standard or form."""

    id: str
    title: str
    kind: str
    source: str
    as_of: str
    """The date of what is said about it, ISO 8601."""
    verified: str
    """``text read``, ``second-hand`` or ``unverified``."""
    status: str
    clauses: tuple[Clause, ...]
    person: str | None = None
    """What a person must decide."""
    default: bool = True
    """False for what is switched on by name only (a bill that is not law)."""


def _load(name: str) -> Any:
    return yaml.safe_load(files("cardlint.compliance").joinpath(name).read_text("utf-8"))


@cache
def items() -> Mapping[str, Item]:
    """Every item by id, in the order of the table."""
    rows = (Item(**{**row, "rules": tuple(row.get("rules", ()))}) for row in _load("items.yaml"))
    return {item.id: item for item in rows}


@cache
def frameworks() -> Mapping[str, Framework]:
    """Every framework by id.

    Raises:
        UsageError: a framework names an item that does not exist.
    """
    found: dict[str, Framework] = {}
    folder = files("cardlint.compliance").joinpath("frameworks")
    for file in sorted(folder.iterdir(), key=lambda f: f.name):
        if not file.name.endswith(".yaml"):
            continue
        row = _load(f"frameworks/{file.name}")
        clauses = tuple(Clause(c["ref"], c["title"], tuple(c["items"])) for c in row.pop("items"))
        for clause in clauses:
            for item in clause.items:
                if item not in items():
                    raise UsageError(f"{file.name}: {clause.ref} asks for {item}, which is no item")
        row["as_of"] = str(row["as_of"])
        found[row["id"]] = Framework(**row, clauses=clauses)
    return found


def of_profile(profile: str) -> tuple[str, ...]:
    """The frameworks that a profile carries: its own, or those of the nearest that it extends.

    Raises:
        UsageError: there is no such profile.
    """
    from cardlint.profiles import chain

    sets = [layer.values["frameworks"] for layer in chain(profile) if "frameworks" in layer.values]
    return tuple(sets[-1]) if sets else ()


def chosen(names: tuple[str, ...], profile: str = "default") -> list[Framework]:
    """The frameworks by name, or those of a profile when none is named.

    Raises:
        UsageError: no framework has this name.
    """
    import difflib

    wanted = names or of_profile(profile)
    for name in wanted:
        if name not in frameworks():
            close = difflib.get_close_matches(name, list(frameworks()), n=1)
            raise UsageError(
                f"no framework is called {name}",
                remedy=f"Did you mean {close[0]}?"
                if close
                else "`cardlint frameworks` lists them.",
            )
    return [frameworks()[name] for name in wanted]
