"""Gathers candidates: what the repository itself names, then the family of its declared bases."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from cardlint.errors import Unavailable
from cardlint.findings import NotChecked
from cardlint.lineage.candidates import ASKED, Candidate
from cardlint.lineage.declared import Declaration, Origin

if TYPE_CHECKING:
    from cardlint.repository import Repository
    from cardlint.source.resolve import Resolver

MAX_CARDS = 2_000
"""Cards of a folder hub that are read to find the children of a base."""

MAX_CHILDREN = 100
"""Children of one base that the Hub is asked for, most downloaded first."""
_PROMISE = {"finetune": 0, "merge": 1, "quantized": 2, "adapter": 3}
_FRONT_MATTER = frozenset({Origin.FRONT_MATTER})


def gather(repo: Repository, limit: int) -> tuple[tuple[Candidate, ...], tuple[NotChecked, ...]]:
    """Candidates, most promising first, each once, at most ``limit``; and where nobody looked."""
    found: dict[str, Candidate] = {}
    never = {(repo.id or "").casefold(), *(p.casefold() for p in repo.lineage.parents)}
    offspring = _Offspring(repo.resolver)
    never |= {d.casefold() for d in offspring.descendants(repo.id)} if repo.id else set()
    for candidate in _all(repo, offspring):
        if candidate.id.casefold() not in never and not _is_itself(repo, candidate.id):
            found.setdefault(candidate.id.casefold(), candidate)
        if len(found) >= limit:
            break
    return tuple(found.values()), tuple(dict.fromkeys(offspring.gaps))


def _is_itself(repo: Repository, id_: str) -> bool:
    """Whether a folder without an id is that very repository, or a working copy under its id."""
    if repo.id:
        return False
    place = Path(repo.source.identity.location).resolve()
    return place.as_posix().casefold().endswith(f"/{id_.casefold()}")


def _all(repo: Repository, offspring: _Offspring) -> Iterator[Candidate]:
    yield from (Candidate(id_, ASKED) for id_ in repo.options.candidates)
    yield from (
        Candidate(d.parent, f"named in {_place(d)}")
        for d in repo.lineage.declarations
        if d.origin is not Origin.FRONT_MATTER
    )
    ancestors = repo.upstream.ancestors
    for id_ in ancestors:
        child = next(e.child for e in repo.upstream.edges if e.parent == id_)
        yield Candidate(id_, f"a parent of {child}")
    for id_ in (*repo.lineage.parents, *(a for a in ancestors if a not in repo.lineage.parents)):
        yield from (Candidate(c, _sibling(kind, id_)) for c, kind in offspring.of(id_))
    yield from (Candidate(id_, "in the folder hub") for id_ in offspring.elsewhere)


def _sibling(relation: str, base: str) -> str:
    return {
        "merge": f"also a merge of {base}",
        "adapter": f"an adapter of {base}",
        "quantized": f"a quantized {base}",
    }.get(relation, f"also made from {base}")


def _place(said: Declaration) -> str:
    where = said.location
    return f"{where.path} line {where.line}"


class _Offspring:
    """Who declares whom as its base: in the folder hub by reading its cards, then on the Hub."""

    def __init__(self, resolver: Resolver) -> None:
        self.resolver = resolver
        self.elsewhere = tuple(resolver.listing())
        self.gaps: list[NotChecked] = []
        self._declared: Mapping[str, tuple[str, ...]] | None = None

    @property
    def declared(self) -> Mapping[str, tuple[str, ...]]:
        """Base → ids of the folder hub that name it in their front matter."""
        if self._declared is None:
            self._declared = _read_bases(self.resolver, self.elsewhere[:MAX_CARDS])
            if len(self.elsewhere) > MAX_CARDS:
                why = f"only the first {MAX_CARDS:,} cards of the folder hub were read"
                self.gaps.append(NotChecked("candidates", why))
        return self._declared

    def of(self, base: str) -> Iterator[tuple[str, str]]:
        """The models that declare ``base`` and their relation to it, as far as places can tell."""
        yield from ((id_, "finetune") for id_ in self.declared.get(base.casefold(), ()))
        try:
            listed = self.resolver.children(base, MAX_CHILDREN)
        except Unavailable as reason:
            self.gaps.append(NotChecked("candidates", reason.message, reason.remedy))
            return
        yield from sorted(listed, key=lambda child: _PROMISE.get(child[1], 9))

    def descendants(self, id_: str) -> set[str]:
        """Those of the folder hub that say they come from ``id_``, in any generation."""
        found: set[str] = set()
        pending = [id_]
        while pending:
            for child in self.declared.get(pending.pop().casefold(), ()):
                if child not in found:
                    found.add(child)
                    pending.append(child)
        return found


def _read_bases(resolver: Resolver, ids: tuple[str, ...]) -> Mapping[str, tuple[str, ...]]:
    from cardlint.lineage.declared import read
    from cardlint.repository import Repository

    children: dict[str, list[str]] = {}
    for id_ in ids:
        try:
            lineage = read(Repository(resolver.upstream(id_), resolver), _FRONT_MATTER)
        except Unavailable:
            continue
        for parent in lineage.parents:
            children.setdefault(parent.casefold(), []).append(id_)
    return {base: tuple(names) for base, names in children.items()}
