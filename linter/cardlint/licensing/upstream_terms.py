"""Under which licenses the parents are, and what these say of this repository's own license.

One :class:`Terms` for each ancestor, nearest first, to any depth: what a grandparent asks for is
not settled by a parent that forgot it. Edges come from what is declared; those from prose and
config files, which may be wrong, are marked as less sure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cardlint.errors import Unavailable
from cardlint.findings import Confidence, Location, NotChecked
from cardlint.licensing.files import LicenseFiles
from cardlint.lineage.declared import Origin
from cardlint.source.interface import is_repo_id
from cardlint_licenses import License, Reuse
from cardlint_licenses.judge import Ruling, Verdict, judge

if TYPE_CHECKING:
    from cardlint.lineage.upstream import Edge
    from cardlint.repository import Repository

_SURE = (Origin.FRONT_MATTER, Origin.ADAPTER, Origin.MERGEKIT)
_CARD = "README.md"
_MEASURED = {
    "identical": Reuse.COPY,
    "reencoded": Reuse.QUANTIZED,
    "finetune": Reuse.FINETUNE,
    "adapter": Reuse.FINETUNE,
    "merge": Reuse.MERGE,
}
"""Kind of relation that the weights show → kind of reuse."""
_REUSE = {
    "finetune": Reuse.FINETUNE,
    "adapter": Reuse.ADAPTER,
    "merge": Reuse.MERGE,
    "quantized": Reuse.QUANTIZED,
}


@dataclass(frozen=True)
class Terms:
    """What one ancestor's license says of this repository."""

    parent: str
    """``org/name`` of the ancestor."""
    path: tuple[str, ...]
    """The chain from this repository's parent to the ancestor, both included."""
    location: Location
    """Where in this repository the chain begins."""
    reuse: Reuse
    sure: bool
    """Whether the chain is declared as such, not read out of prose or a config file."""
    repo: Repository
    """The ancestor."""
    licenses: tuple[License, ...]
    """What it is under; never empty."""
    verdict: Verdict
    """The worst over its licenses; where they disagree, a person must decide."""
    measured: bool = False
    """Whether the weights say so and no file does."""

    @property
    def confidence(self) -> Confidence:
        """Of a finding that rests on the edge."""
        return Confidence.HIGH if self.sure else Confidence.MEDIUM

    @property
    def label(self) -> str:
        """The ancestor, for messages, with how it is known where it is not declared."""
        return f"{self.parent} (by the weights)" if self.measured else self.parent

    def named(self) -> str:
        """The ancestor with its license, for messages: ``org/name (apache-2.0)``."""
        return f"{self.parent} ({', '.join(x.id for x in self.licenses)})"


@dataclass(frozen=True)
class Review:
    """All ancestors."""

    terms: tuple[Terms, ...]
    gaps: tuple[NotChecked, ...]
    """Ancestors whose license is not known, and why."""


def review(repo: Repository) -> Review:
    """Judge this repository's license against every ancestor's; computed once a repository.

    Raises:
        Unavailable: the repository's own files or lineage cannot be read.
    """
    key = "licensing:review"
    if key not in repo.known:
        repo.known[key] = _review(repo)
    found: Review = repo.known[key]
    return found


def _review(repo: Repository) -> Review:
    upstream = repo.upstream
    found: list[Terms | NotChecked] = [g for g in upstream.gaps if g.what == "upstream"]
    mine = repo.licenses
    taught_by = {t.casefold() for t in teachers(repo)}
    for parent in upstream.ancestors:
        chain = _chain(upstream.edges, upstream.root, parent)
        opened = upstream.repositories.get(parent)
        if opened is None or not chain:
            continue
        taught = chain[0].origin is Origin.PROSE and chain[0].parent.casefold() in taught_by
        if taught and len(chain) > 1:
            continue  # a teacher's own parents are the teacher's matter
        siblings = upstream.parents_of(upstream.root)
        one = _terms(
            parent,
            opened,
            mine,
            path=tuple(e.parent for e in chain),
            location=chain[0].location,
            reuse=Reuse.OUTPUTS if taught else reuse_of(repo, chain, siblings),
            sure=all(e.origin in _SURE for e in chain),
        )
        found.append(one)
    for parent, reuse in _measured(repo, upstream.ancestors):
        one = _terms(
            parent,
            _opened(repo, parent),
            mine,
            path=(parent,),
            location=repo.card.top() if repo.has(_CARD) else Location(),
            reuse=reuse,
            sure=True,
            measured=True,
        )
        found.append(one)
    return Review(
        tuple(x for x in found if isinstance(x, Terms)),
        tuple(x for x in found if isinstance(x, NotChecked)),
    )


def _terms(
    parent: str,
    opened: Repository | Unavailable,
    mine: LicenseFiles,
    *,
    path: tuple[str, ...],
    location: Location,
    reuse: Reuse,
    sure: bool,
    measured: bool = False,
) -> Terms | NotChecked:
    """The terms of one ancestor, or why they are not known."""
    what = f"license of {parent}"
    if isinstance(opened, Unavailable):
        return NotChecked(what, opened.message, opened.remedy)
    try:
        theirs = opened.licenses
    except Unavailable as reason:
        return NotChecked(what, reason.message, reason.remedy)
    licenses = theirs.governing()
    if not licenses:
        said = ", ".join(d.text for d in theirs.declared)
        why = (
            f"{parent} declares {said}, which is not known"
            if said
            else f"{parent} declares no license and holds no license text that is known"
        )
        return NotChecked(what, why, "Ask its publisher.")
    return Terms(
        parent=parent,
        path=path,
        location=location,
        reuse=reuse,
        sure=sure,
        repo=opened,
        licenses=licenses,
        verdict=verdict(mine, licenses, reuse),
        measured=measured,
    )


def _measured(repo: Repository, declared: Sequence[str]) -> Iterator[tuple[str, Reuse]]:
    """Parents that the weights name with high confidence and no file does.

    Where weights are off, or cannot be compared, there are none: the rules about weights say so.
    """
    if repo.options.weights == "off":
        return
    try:
        best = repo.weights.best
    except Unavailable:
        return
    if best is None or best.verdict.confidence.rank > Confidence.HIGH.rank:
        return
    reuse = _MEASURED.get(best.verdict.kind.value)
    known = {d.casefold() for d in declared}
    for parent, share in best.verdict.coefficients.items():
        if reuse and share.low > 0 and is_repo_id(parent) and parent.casefold() not in known:
            yield parent, reuse


def _opened(repo: Repository, parent: str) -> Repository | Unavailable:
    from cardlint.repository import Repository as Opened

    try:
        return Opened(repo.resolver.upstream(parent), repo.resolver, repo.options)
    except Unavailable as reason:
        return reason


def teachers(repo: Repository) -> tuple[str, ...]:
    """The models of which the card says that this was distilled from them or made of their outputs."""
    from cardlint.lineage.prose import statements

    try:
        said = statements(repo.card)
    except Unavailable:
        return ()
    return tuple(dict.fromkeys(s.parent for s in said if s.relation == "distillation"))


def verdict(mine: LicenseFiles, licenses: Sequence[License], reuse: Reuse) -> Verdict:
    """Judge against all licenses of one ancestor.

    A list of licenses on the Hub may mean "and" or "or"; where the answer depends on it, a person
    must decide.
    """
    down = [d.license for d in mine.declared if d.license]
    if len(down) < len(mine.declared):
        down = []  # one value is not known: what is granted is not known
    found = [judge(down, u, reuse, carries=mine.carries(u.id)) for u in licenses]
    order = list(Ruling)
    worst = max(found, key=lambda v: order.index(v.ruling))
    rulings = {v.ruling for v in found}
    if worst.ruling is Ruling.CONFLICT and rulings != {Ruling.CONFLICT}:
        reason = f"{worst.reason}; its other licenses allow it, and the list may mean “and” or “or”"
        worst = Verdict(Ruling.NEEDS_HUMAN, reason, worst.topic, worst.clause, worst.conditions)
    conditions = tuple(dict.fromkeys(c for v in found for c in v.conditions))
    return Verdict(worst.ruling, worst.reason, worst.topic, worst.clause, conditions)


def reuse_of(repo: Repository, chain: Sequence[Edge], siblings: Sequence[str]) -> Reuse:
    """How this repository came from the end of a chain."""
    relations = [_REUSE.get((e.relation or "").lower()) for e in chain]
    first = relations[0]
    if first is None:
        if repo.has("adapter_config.json"):
            first = Reuse.ADAPTER
        elif len(siblings) > 1:
            first = Reuse.MERGE
        else:
            first = Reuse.FINETUNE
    if first is Reuse.QUANTIZED and any(r is not Reuse.QUANTIZED for r in relations[1:]):
        return Reuse.FINETUNE
    return first


def _chain(edges: Sequence[Edge], root: str, parent: str) -> tuple[Edge, ...]:
    """The shortest chain of sure edges from ``root`` to ``parent``, else the shortest of any."""
    sure = [e for e in edges if e.origin in _SURE]
    return _shortest(sure, root, parent) or _shortest(edges, root, parent)


def _shortest(edges: Sequence[Edge], root: str, parent: str) -> tuple[Edge, ...]:
    best: dict[str, tuple[Edge, ...]] = {}
    level: tuple[str, ...] = (root,)
    while level and parent not in best:
        following: list[str] = []
        for child in level:
            said = (e for e in edges if e.child == child)
            for edge in sorted(said, key=lambda e: (e.origin not in _SURE, e.relation is None)):
                if edge.parent not in best and edge.parent != root:
                    best[edge.parent] = (*best.get(child, ()), edge)
                    following.append(edge.parent)
        level = tuple(following)
    return best.get(parent, ())


def by_license(terms: Sequence[Terms]) -> Iterator[tuple[License, list[Terms]]]:
    """The ancestors of each license: one text serves all of them."""
    grouped: dict[str, tuple[License, list[Terms]]] = {}
    for one in terms:
        for license_ in one.licenses:
            grouped.setdefault(license_.id, (license_, []))[1].append(one)
    yield from grouped.values()
