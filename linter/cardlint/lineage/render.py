"""The family tree of a model, declared beside evidenced, as data for every form."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cardlint.errors import Unavailable
from cardlint.findings import Json, NotChecked
from cardlint.lineage.declared import Origin

if TYPE_CHECKING:
    from cardlint.lineage.upstream import Edge, Upstream
    from cardlint.repository import Repository
    from cardlint.weights.evidence import Comparison, WeightEvidence

SCHEMA = "cardlint/lineage/1"


@dataclass(frozen=True, slots=True)
class Bond:
    """One child and one parent, with all that is said of them."""

    child: str
    parent: str
    relation: str | None
    declared: tuple[str, ...]
    """Places that name the parent: ``README.md line 5``."""
    in_front_matter: bool
    evidence: str | None = None
    """What the weights say: ``0.565 of the weights``, ``unrelated``; ``None``: not looked at."""


@dataclass(frozen=True)
class Tree:
    """The repository and what is upstream of it."""

    root: str
    commit: str | None
    bonds: tuple[Bond, ...]
    notes: dict[str, str]
    """Id → license, or why the repository cannot be seen."""
    verdict: str | None
    """The statement of the comparison of weights."""
    cycles: tuple[tuple[str, ...], ...]
    not_checked: tuple[NotChecked, ...]

    def below(self, child: str) -> tuple[Bond, ...]:
        """The bonds to a model's parents, in order."""
        return tuple(b for b in self.bonds if b.child == child)

    def json(self) -> dict[str, Json]:
        """The object that ``cardlint lineage --format json`` prints."""
        return {
            "schema": SCHEMA,
            "model": self.root,
            "commit": self.commit,
            "bonds": [
                {
                    "child": b.child,
                    "parent": b.parent,
                    "relation": b.relation,
                    "declared": [*b.declared],
                    "in_front_matter": b.in_front_matter,
                    "evidence": b.evidence,
                }
                for b in self.bonds
            ],
            "notes": dict(self.notes),
            "verdict": self.verdict,
            "cycles": [[*c] for c in self.cycles],
            "not_checked": [{"what": n.what, "why": n.why} for n in self.not_checked],
        }


def tree(repo: Repository) -> Tree:
    """Gather what is declared upstream, and what the weights say of the nearest parents.

    Raises:
        Unavailable: the repository's own files cannot be read.
    """
    from cardlint.weights.evidence import Kind

    upstream = repo.upstream
    gaps = list(upstream.gaps)
    evidence: dict[str, str] = {}
    verdict = None
    try:
        weighed = repo.weights
        gaps += weighed.not_checked
        said = weighed.best or weighed.comparison
        if said:
            evidence, verdict = _evidence(said, weighed), said.verdict.statement
    except Unavailable as reason:
        gaps.append(NotChecked("weights", reason.message, reason.remedy))
    bonds = list(_bonds(upstream, evidence))
    named = {b.parent for b in bonds if b.child == upstream.root}
    bonds += [
        Bond(upstream.root, parent, None, (), in_front_matter=False, evidence=words)
        for parent, words in evidence.items()
        if parent not in named and words != Kind.UNRELATED
    ]
    return Tree(
        upstream.root,
        repo.source.identity.commit,
        tuple(bonds),
        dict(_notes(upstream)),
        verdict,
        upstream.cycles,
        tuple(dict.fromkeys(gaps)),
    )


def _evidence(said: Comparison, weighed: WeightEvidence) -> dict[str, str]:
    """Parent → what the weights say of it."""
    words: dict[str, str] = {}
    used = said.verdict.coefficients
    for relation in said.relations:
        if relation.parent in used:
            share = used[relation.parent]
            words[relation.parent] = f"{share.value:.3f} of the weights"
        elif not used or relation.parent in weighed.declared:
            words[relation.parent] = relation.kind.value
    return words


def _bonds(upstream: Upstream, evidence: dict[str, str]) -> Iterator[Bond]:
    groups: dict[tuple[str, str], list[Edge]] = {}
    for edge in upstream.edges:
        groups.setdefault((edge.child, edge.parent), []).append(edge)
    for (child, parent), edges in groups.items():
        places = dict.fromkeys(f"{e.location.path} line {e.location.line}" for e in edges)
        yield Bond(
            child,
            parent,
            next((e.relation for e in edges if e.relation), None),
            tuple(places),
            any(e.origin is Origin.FRONT_MATTER for e in edges),
            evidence.get(parent) if child == upstream.root else None,
        )


def _notes(upstream: Upstream) -> Iterator[tuple[str, str]]:
    for id_, found in upstream.repositories.items():
        if isinstance(found, Unavailable):
            yield id_, f"not seen: {found.message}"
            continue
        try:
            matter = found.card.front_matter
        except Unavailable:
            yield id_, "no card"
            continue
        license_ = ", ".join(v.text for v in matter.strings("license")) if matter else ""
        yield id_, license_ or "no license declared"
