"""A model repository and what is known about it: each fact computed once, when first asked for.

Data flows one way: a source is distilled into facts here, and rules judge the facts. A fact that
cannot be had raises :class:`~cardlint.errors.Unavailable`, each time it is asked for.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from cardlint.errors import Malformed, NotFound, Offline, Unavailable

if TYPE_CHECKING:
    from cardlint.card.card import Card
    from cardlint.history.timeline import Timeline
    from cardlint.identity.template import TemplateIdentity
    from cardlint.licensing.files import LicenseFiles
    from cardlint.lineage.declared import Lineage
    from cardlint.lineage.upstream import Upstream
    from cardlint.source.interface import Entry, Source
    from cardlint.source.resolve import Resolver
    from cardlint.weights.evidence import WeightEvidence

T = TypeVar("T")


class fact(Generic[T]):  # noqa: N801  # used as a decorator, like functools.cached_property
    """A property computed once; that it cannot be had is remembered as well."""

    def __init__(self, compute: Callable[[Any], T]) -> None:
        self.compute = compute
        self.__doc__ = compute.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, repo: None, owner: type) -> fact[T]: ...
    @overload
    def __get__(self, repo: Repository, owner: type) -> T: ...
    def __get__(self, repo: Repository | None, owner: type) -> fact[T] | T:
        """Compute on first use."""
        if repo is None:
            return self
        if self.name not in repo.known:
            try:
                repo.known[self.name] = self.compute(repo)
            except Unavailable as reason:
                repo.known[self.name] = reason
        answer = repo.known[self.name]
        if isinstance(answer, Unavailable):
            raise answer.with_traceback(None)  # or it grows by each caller
        return answer  # type: ignore[no-any-return]  # the cache holds what `compute` returned


@dataclass(frozen=True, slots=True)
class Options:
    """What the user allows the facts to cost and where they may look."""

    weights: str = "auto"
    """``auto``, ``off``, ``sample`` or ``full``."""
    budget: int = 64 << 20
    """Bytes of weights read from one model at most."""
    offline: bool = False
    links: bool = False
    """Whether web addresses that the card names are asked whether they answer."""
    hub_validate: bool = False
    """Whether the Hub is asked to check the card as well."""
    candidates: tuple[str, ...] = ()
    """Models to hold against the weights besides the declared ones."""


@dataclass
class Repository:
    """One model repository, its facts lazy.

    Args:
        source: where it is read from.
        resolver: opens the repositories that this one names.
        options: what the facts may cost.
    """

    source: Source
    resolver: Resolver
    options: Options = field(default_factory=Options)
    known: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def id(self) -> str | None:
        """``org/name`` where known."""
        return self.source.identity.repo_id

    @fact
    def files(self) -> Mapping[str, Entry]:
        """Every file by path."""
        return self.source.entries()

    @fact
    def card(self) -> Card:
        """``README.md``.

        Raises:
            Unavailable: there is none, or it cannot be read.
        """
        from cardlint.card.card import Card

        return Card(self.source.read_text("README.md"))

    def json(self, path: str) -> dict[str, Any]:
        """A JSON object in a file of the repository, such as ``config.json``.

        Raises:
            NotFound: no such file.
            Malformed: it is not a JSON object.
        """
        key = f"json:{path}"
        if key not in self.known:
            try:
                data = json.loads(self.source.read_text(path))
                if not isinstance(data, dict):
                    raise Malformed(f"{path} holds no JSON object")
                self.known[key] = data
            except (ValueError, RecursionError) as error:
                self.known[key] = Malformed(f"{path} is not JSON: {error}")
            except Unavailable as error:
                self.known[key] = error
        answer = self.known[key]
        if isinstance(answer, Unavailable):
            raise answer
        return answer  # type: ignore[no-any-return]  # checked above

    def answers(self, url: str) -> int:
        """The status with which a web address answers.

        Raises:
            Unavailable: it was not asked, is not public, or does not answer.
        """
        from cardlint.source.links import status

        if not self.options.links or self.options.offline:
            raise Offline(
                "web addresses were not asked", remedy="Use --check-links, without --offline."
            )
        return status(url)

    def has(self, path: str) -> bool:
        """Whether the file list has ``path``."""
        try:
            return path in self.files
        except NotFound:
            return False

    @fact
    def lineage(self) -> Lineage:
        """Who the parents are said to be, in this repository's own files."""
        from cardlint.lineage.declared import read

        return read(self)

    @fact
    def upstream(self) -> Upstream:
        """The declared parents' repositories, to any depth, opened as far as they can be."""
        from cardlint.lineage.upstream import resolve

        return resolve(self)

    @fact
    def licenses(self) -> LicenseFiles:
        """License, NOTICE and similar files of this repository, and what their text is."""
        from cardlint.licensing.files import read

        return read(self)

    @fact
    def history(self) -> Timeline:
        """What card and files were at each commit."""
        from cardlint.history.timeline import read

        return read(self.source)

    @fact
    def identity(self) -> TemplateIdentity:
        """Who the chat template says the model is."""
        from cardlint.identity.template import read

        return read(self)

    @fact
    def weights(self) -> WeightEvidence:
        """How the weights relate to the declared parents and to the other candidates."""
        from cardlint.lineage.weighing import weigh

        return weigh(self)
