"""cardlint: a linter for model repositories on the Hugging Face Hub.

::

    import cardlint

    report = cardlint.check("org/name", settings={"profile": "strict"})
    for target in report.targets:
        for finding in target.findings:
            ...

Names are imported when they are first used: ``import cardlint`` costs next to nothing.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cardlint.access import Access
    from cardlint.api import Target, check, compare, history, trace
    from cardlint.errors import CardlintError, Unavailable, UsageError
    from cardlint.findings import (
        Confidence,
        Edit,
        Finding,
        Fix,
        Ignored,
        Location,
        NotChecked,
        Report,
        Severity,
        TargetReport,
    )
    from cardlint.repository import Repository
    from cardlint.rule import Fact, Rule, Status

__version__ = "0.1.0"

__all__ = [
    "Access",
    "CardlintError",
    "Confidence",
    "Edit",
    "Fact",
    "Finding",
    "Fix",
    "Ignored",
    "Location",
    "NotChecked",
    "Report",
    "Repository",
    "Rule",
    "Severity",
    "Status",
    "Target",
    "TargetReport",
    "Unavailable",
    "UsageError",
    "__version__",
    "check",
    "compare",
    "history",
    "trace",
]

_HOMES = {
    "access": ("Access",),
    "api": ("Target", "check", "compare", "history", "trace"),
    "errors": ("CardlintError", "Unavailable", "UsageError"),
    "repository": ("Repository",),
    "rule": ("Fact", "Rule", "Status"),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}


class _Package(ModuleType):
    """Keeps ``cardlint.history`` the function: importing the package of that name would set it."""

    def __setattr__(self, name: str, value: Any) -> None:
        if not (name in __all__ and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package


def __getattr__(name: str) -> Any:
    """Import a public name from its module."""
    import importlib

    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"cardlint.{_HOME.get(name, 'findings')}"), name)


def __dir__() -> list[str]:
    """The public names."""
    return __all__
