"""What a run is asked to do: selection of rules, severities, ignores."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cardlint.errors import UsageError
from cardlint.findings import Json, Severity
from cardlint.rule import Rule, registry


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings in force for one run."""

    select: tuple[str, ...] = ()
    """Rule ids or families; empty means: the profile decides."""
    ignore: tuple[str, ...] = ()
    fail_on: Severity = Severity.ERROR
    profile: str = "default"
    preview: bool = False
    rules: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    """Rule id → option → value."""


def selected(settings: Settings) -> list[Rule]:
    """The rules that these settings switch on, in order of id.

    Raises:
        UsageError: a selector names no rule and no family.
    """
    import difflib

    known = registry()
    families = {id_.partition("/")[0] for id_ in known}
    for selector in (*settings.select, *settings.ignore):
        if selector not in known and selector not in families:
            close = difflib.get_close_matches(selector, [*known, *families], n=1)
            raise UsageError(
                f"no rule or family is called {selector}",
                remedy=f"Did you mean {close[0]}?" if close else "`cardlint rules` lists them all.",
            )

    def named(id_: str, selectors: tuple[str, ...]) -> bool:
        return id_ in selectors or id_.partition("/")[0] in selectors

    return [
        cls(settings.rules.get(id_))
        for id_, cls in known.items()
        if (named(id_, settings.select) if settings.select else True)
        and not named(id_, settings.ignore)
    ]
