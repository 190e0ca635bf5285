"""What a rule is, and how rules are found.

A rule is one class in one file. It is handed a :class:`~cardlint.repository.Repository`, takes the
narrowest fact that answers its question, and yields findings. It never prints, reads settings
files, opens sockets or knows about ignoring.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any, ClassVar, final

from cardlint.errors import UsageError
from cardlint.findings import Confidence, Finding, Fix, Json, Location, NotChecked, Severity

if TYPE_CHECKING:
    from types import ModuleType

    from cardlint.ignoring import Outcome
    from cardlint.repository import Repository

ENTRY_POINT_GROUP = "cardlint.rules"
ID = re.compile(r"[a-z]+/[a-z0-9]+(?:-[a-z0-9]+)*")


class Fact(StrEnum):
    """What a rule may need to know; the engine marks a rule "not checked" when one cannot be had."""

    FILES = "files"
    """The file list. Local or one request."""
    CARD = "card"
    """README.md: front matter and body."""
    LINEAGE = "lineage"
    """Who the parents are said to be, in this repository's own files."""
    UPSTREAM = "upstream"
    """The declared parents' own repositories: network unless mirrored or cached."""
    LICENSES = "licenses"
    """License, NOTICE and similar files of this repository, and what their text is."""
    HISTORY = "history"
    """What card and files were at each commit."""
    IDENTITY = "identity"
    """Who the chat template says the model is."""
    WEIGHTS = "weights"
    """Measured relation of the weights to parents."""


class Status(StrEnum):
    """Where a rule is in its life."""

    PREVIEW = "preview"
    STABLE = "stable"
    DEPRECATED = "deprecated"


class Rule(ABC):
    """One rule. The docstring of the subclass is its manual, with the fixed headings.

    Headings: ``What it checks``, ``Why it matters``, ``Example``, ``How to fix``, ``Sources``.
    """

    id: ClassVar[str]
    """``family/what-is-wrong``: it names the fault and reads well after "ignore"."""
    severity: ClassVar[Severity]
    """The usual severity; a finding may be less severe where the evidence is weaker."""
    confidence: ClassVar[Confidence] = Confidence.CERTAIN
    needs: ClassVar[frozenset[Fact]]
    """The facts without which the rule can say nothing."""
    frameworks: ClassVar[tuple[str, ...]] = ()
    """Items of compliance frameworks that it serves, ``framework-id:item-id``; () for none."""
    status: ClassVar[Status] = Status.STABLE
    since: ClassVar[str] = "0.1.0"
    aliases: ClassVar[tuple[str, ...]] = ()
    """Earlier ids of this rule; they keep working."""
    profiles: ClassVar[frozenset[str]] = frozenset({"default"})
    """The profiles that switch it on. ``default`` is in every stricter profile."""
    options: ClassVar[Mapping[str, Json]] = {}
    """Option name → default value; the type of the default is the type of the option."""

    def __init__(self, options: Mapping[str, Json] | None = None) -> None:
        self.option: dict[str, Any] = {**self.options, **(options or {})}

    @abstractmethod
    def check(self, repo: Repository) -> Iterator[Finding | NotChecked]:
        """Yield what is wrong with ``repo``, or what could not be looked at.

        Raises:
            Unavailable: a fact cannot be had; the engine turns it into "not checked".
        """

    @final
    def finding(
        self,
        message: str,
        at: Location,
        *,
        next_step: str,
        evidence: Mapping[str, Json] | None = None,
        severity: Severity | None = None,
        confidence: Confidence | None = None,
        related: Sequence[Location] = (),
        fix: Fix | None = None,
    ) -> Finding:
        """Build a finding of this rule; severity and confidence default to the rule's."""
        return Finding(
            rule=self.id,
            severity=severity or self.severity,
            confidence=confidence or self.confidence,
            message=message,
            location=at,
            next_step=next_step,
            evidence=dict(evidence or {}),
            related=tuple(related),
            fix=fix,
        )

    @classmethod
    def manual(cls) -> str:
        """The manual, as Markdown: the class docstring."""
        return inspect.getdoc(cls) or ""

    @classmethod
    def summary(cls) -> str:
        """The first line of the manual."""
        return cls.manual().partition("\n")[0]


class RunRule(Rule):
    """A rule about the run itself, asked when all the others have spoken; it is always on."""

    needs = frozenset()

    @final
    def check(self, repo: Repository) -> Iterator[Finding | NotChecked]:  # noqa: ARG002  # of the repository it says nothing
        """Nothing: what it has to say is about the run."""
        return iter(())

    @abstractmethod
    def review(self, outcome: Outcome) -> Iterator[Finding]:
        """Yield what is wrong with how the run went."""


def _modules(package: ModuleType) -> Iterator[ModuleType]:
    """The modules of a rule package, by name; those with a ``_`` are shared by rules."""
    yield package
    infos = pkgutil.walk_packages(getattr(package, "__path__", []), package.__name__ + ".")
    for name in sorted(info.name for info in infos if not info.ispkg):
        if not name.rpartition(".")[2].startswith("_"):
            yield importlib.import_module(name)


def _loaded(entry: EntryPoint) -> list[ModuleType]:
    """The modules behind one entry point.

    Raises:
        UsageError: a package that somebody installed cannot be imported.
    """
    try:
        return list(_modules(entry.load()))
    except ImportError as error:
        raise UsageError(
            f"the rules of {entry.value} ({entry.name}) cannot be imported: {error}",
            remedy="Mend that package, or uninstall it.",
        ) from error


@cache
def registry() -> Mapping[str, type[Rule]]:
    """Every installed rule by id, in order of id.

    Raises:
        UsageError: two rules claim one id, or an id is not ``family/name``.
    """
    found: dict[str, type[Rule]] = {}
    for entry in sorted(entry_points(group=ENTRY_POINT_GROUP), key=lambda e: e.name):
        for module in _loaded(entry):
            for cls in vars(module).values():
                if not (
                    isinstance(cls, type) and issubclass(cls, Rule) and not inspect.isabstract(cls)
                ):
                    continue
                if cls.__module__ != module.__name__:
                    continue
                if not ID.fullmatch(getattr(cls, "id", "")):
                    raise UsageError(
                        f"{cls.__module__}.{cls.__name__} has no id of the form family/name",
                        remedy="Give it one, or move it to a module whose name begins with `_`.",
                    )
                if cls.id in found and found[cls.id] is not cls:
                    raise UsageError(f"two rules are called {cls.id}: {found[cls.id]} and {cls}")
                found[cls.id] = cls
    return dict(sorted(found.items()))


@cache
def aliases() -> Mapping[str, str]:
    """Earlier id → present id, for every rule that was once called something else."""
    return {old: id_ for id_, cls in registry().items() for old in cls.aliases}


def canonical(id_: str) -> str:
    """The present id of a rule; anything else is returned as it is."""
    return aliases().get(id_, id_)
