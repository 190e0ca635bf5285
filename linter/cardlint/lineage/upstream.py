"""The declared parents' own repositories, and theirs, as far as they can be opened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cardlint.errors import Unavailable
from cardlint.findings import Location, NotChecked
from cardlint.lineage.declared import Lineage, Origin
from cardlint.source.interface import is_repo_id

if TYPE_CHECKING:
    from cardlint.repository import Repository

MAX_DEPTH = 8
"""Generations; the deepest real chain in public surveys of the Hub is shorter."""
MAX_REPOSITORIES = 64
"""Repositories opened for one model."""

FOLLOWED = frozenset({Origin.FRONT_MATTER, Origin.ADAPTER, Origin.MERGEKIT})
"""What is believed of a parent about its own parents. A sentence of its card, or the path that a
config was loaded from, is a hint for this repository's reader and not a step of a chain."""


@dataclass(frozen=True, slots=True)
class Edge:
    """``child`` says that ``parent`` is its parent."""

    child: str
    """``org/name``, or the location of a repository that has no id."""
    parent: str
    relation: str | None
    origin: Origin
    location: Location
    """In the child's repository."""
    depth: int
    """1 for the parents of the repository that was asked about, 2 for theirs, …"""


@dataclass(frozen=True, slots=True)
class Upstream:
    """All that is upstream of one repository."""

    root: str
    """The repository itself: ``org/name``, or its location."""
    edges: tuple[Edge, ...]
    """Nearest first."""
    repositories: Mapping[str, Repository | Unavailable]
    """Parent id → its repository, or why it cannot be had."""
    cycles: tuple[tuple[str, ...], ...] = ()
    """Ids along each cycle; the last one is the first one again."""
    gaps: tuple[NotChecked, ...] = field(default=())
    """What was not followed."""

    def parents_of(self, child: str) -> tuple[str, ...]:
        """The parents that ``child`` names, each once."""
        return tuple(dict.fromkeys(e.parent for e in self.edges if e.child == child))

    @property
    def ancestors(self) -> tuple[str, ...]:
        """Every id upstream, each once, nearest first; the repository itself is none."""
        return tuple(dict.fromkeys(e.parent for e in self.edges if e.parent != self.root))


def resolve(repo: Repository) -> Upstream:
    """Follow what the repository and its parents declare.

    Raises:
        Unavailable: the repository's own files cannot be read.
    """
    root = repo.id or repo.source.identity.location
    edges: list[Edge] = []
    opened: dict[str, Repository | Unavailable] = {}
    gaps: list[NotChecked] = []
    level: list[tuple[str, Repository, Lineage]] = [(root, repo, repo.lineage)]
    for depth in range(1, MAX_DEPTH + 1):
        following: list[tuple[str, Repository, Lineage]] = []
        for child, _, lineage in level:
            gaps.extend(lineage.gaps)
            for said in lineage.declarations:
                if not is_repo_id(said.parent):
                    continue
                edge = Edge(child, said.parent, said.relation, said.origin, said.location, depth)
                edges.append(edge)
                if said.parent == root or said.parent in opened:
                    continue
                if len(opened) >= MAX_REPOSITORIES:
                    gaps.append(_not_opened(said.parent))
                    continue
                parent, theirs = _open(repo, said.parent, said.revision)
                opened[said.parent] = parent
                if theirs is not None and not isinstance(parent, Unavailable):
                    following.append((said.parent, parent, theirs))
        level = following
        if not level:
            break
    for child, _, lineage in level:
        if lineage.parents:
            why = f"{child} is {MAX_DEPTH} generations away; its parents were not followed"
            gaps.append(NotChecked("upstream", why, "Check that model by itself."))
    return Upstream(root, tuple(edges), opened, _cycles(edges), tuple(dict.fromkeys(gaps)))


def _not_opened(parent: str) -> NotChecked:
    why = f"{parent} was not opened: {MAX_REPOSITORIES} upstream repositories were read already"
    return NotChecked("upstream", why, "Check that model by itself.")


def _open(
    repo: Repository, parent: str, revision: str | None
) -> tuple[Repository | Unavailable, Lineage | None]:
    """A parent, and what it says of its own parents.

    A parent whose file list cannot be had is not there; one whose list can be had and whose files
    cannot (a gated model) is, with a lineage that says so.
    """
    from cardlint.lineage.declared import read
    from cardlint.repository import Repository as Opened

    try:
        found = Opened(repo.resolver.upstream(parent, revision), repo.resolver, repo.options)
        found.files  # noqa: B018  # a repository without a file list is not there
    except Unavailable as reason:
        return reason, None
    return found, read(found, FOLLOWED)


def _cycles(edges: list[Edge]) -> tuple[tuple[str, ...], ...]:
    """Each cycle once, starting at its first id in order of appearance."""
    onward: dict[str, list[str]] = {}
    for edge in edges:
        children = onward.setdefault(edge.child, [])
        if edge.parent not in children:
            children.append(edge.parent)
    found: dict[frozenset[str], tuple[str, ...]] = {}
    done: set[str] = set()

    def walk(node: str, path: tuple[str, ...]) -> None:
        if node in path:
            cycle = (*path[path.index(node) :], node)
            found.setdefault(frozenset(cycle), cycle)
            return
        if node in done:
            return
        for parent in onward.get(node, ()):
            walk(parent, (*path, node))
        done.add(node)

    for node in list(onward):
        walk(node, ())
    return tuple(found.values())
