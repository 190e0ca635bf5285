"""Holds the weights against the declared parents, and against others that may explain them better.

The declared parents come first. Only where they do not account for the weights are candidates tried
(:mod:`cardlint.lineage.candidates`); a candidate that explains the weights is reported together
with the other candidates as controls, which must fail to explain them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cardlint.errors import NotFound, Unavailable
from cardlint.findings import NotChecked

if TYPE_CHECKING:
    from cardlint.repository import Repository
    from cardlint.source.interface import Source
    from cardlint.weights.evidence import Comparison, Relation, WeightEvidence
    from cardlint.weights.sketch import Sketch

WEIGHTS = (".safetensors", ".gguf", ".bin", ".pt", ".pth", ".ckpt", ".onnx", ".npz", ".index.json")
MAX_PARENTS = 8
"""Declared parents whose weights are read; more are named as not checked."""
MAX_CANDIDATES = 8
"""Candidates whose weights are read for one repository."""
COPIES = ("identical", "reencoded", "permuted")
"""Kinds that say: the same weights."""
CLOSER = 0.5
"""A candidate is nearer than the declared base when its distance is below this share of the base's."""


def weigh(repo: Repository) -> WeightEvidence:
    """Measure how the weights relate to declared parents and candidates.

    Raises:
        Unavailable: the user switched weights off, there are none, nothing is there to hold them
            against, or neither can be read within the budget; or there is a card that cannot be
            read: what it declares must not be taken for undeclared.
    """
    if repo.options.weights == "off":
        raise Unavailable(
            "weights were not read (--weights off)", remedy="Leave out --weights off."
        )
    if not any(path.endswith(WEIGHTS) for path in repo.files):
        raise NotFound(
            "the repository has no weight files",
            remedy="Run cardlint where the weights are, or add a sketch of them.",
        )
    with suppress(NotFound):  # no card declares nothing
        _ = repo.card
    return _Scale(repo).weigh()


@dataclass
class _Scale:
    """One weighing."""

    repo: Repository
    gaps: list[NotChecked] = field(default_factory=list)
    reasons: dict[str, str] = field(default_factory=dict)
    """Candidate → why it was tried."""

    def weigh(self) -> WeightEvidence:
        from cardlint.weights.evidence import WeightEvidence

        declared = list(self._declared())
        others = self._candidates(declared)
        if not declared and not others:
            raise NotFound(
                "no parent is declared and no candidate is known to hold the weights against",
                remedy="Declare base_model in README.md, or name a model with --candidate.",
            )
        model = self._sketch(self.repo.source, self._name())
        parents = list(self._open(declared))
        comparison = self._compare(model, parents)
        best = None
        if not model.delta and not _accounted(comparison):
            pool = list(self._open(others))
            best = self._best(model, parents, pool, comparison)
            if not parents and not pool:
                raise Unavailable(
                    "no parent's weights can be read: " + "; ".join(g.why for g in self.gaps),
                    remedy="Mirror the parent with --hub, or let cardlint ask the Hub.",
                )
        return WeightEvidence(
            declared=tuple(p.name for p in parents),
            comparison=comparison,
            best=best,
            candidates=self.reasons,
            adapter=model.delta,
            not_checked=tuple(self.gaps),
        )

    def _name(self) -> str:
        return self.repo.id or self.repo.source.identity.location

    def _declared(self) -> tuple[str, ...]:
        """The bases of the front matter; without any, those that an adapter or a recipe names."""
        from cardlint.lineage.declared import Origin

        lineage = self.repo.lineage
        return lineage.parents or lineage.by(Origin.ADAPTER, Origin.MERGEKIT)

    def _candidates(self, declared: Sequence[str]) -> list[str]:
        from cardlint.lineage.candidates import MAX_CANDIDATES as MAX_KNOWN
        from cardlint.lineage.family import gather

        known, gaps = gather(self.repo, MAX_KNOWN)
        self.gaps.extend(gaps)
        found = [c for c in known if c.id not in declared]
        if len(found) > MAX_CANDIDATES:
            self.gaps.append(
                NotChecked(
                    "candidates",
                    f"the weights of {len(found) - MAX_CANDIDATES} more candidates were not read",
                    "Name the ones that matter with --candidate.",
                )
            )
        self.reasons = {c.id: c.why for c in found[:MAX_CANDIDATES]}
        return list(self.reasons)

    def _open(self, ids: Sequence[str]) -> Iterator[Sketch]:
        """Sketches of those that can be read; the others become gaps."""
        for id_ in ids[:MAX_PARENTS]:
            try:
                yield self._sketch(self.repo.resolver.upstream(id_), id_)
            except Unavailable as reason:
                self.gaps.append(NotChecked(f"weights of {id_}", reason.message, reason.remedy))
        self.gaps.extend(
            NotChecked(f"weights of {id_}", f"only {MAX_PARENTS} parents are weighed")
            for id_ in ids[MAX_PARENTS:]
        )

    def _sketch(self, source: Source, name: str) -> Sketch:
        from cardlint.weights.read import sketch

        return sketch(source, budget=self.repo.options.budget, name=name)

    def _compare(
        self, model: Sketch, parents: Sequence[Sketch], controls: Sequence[Sketch] = ()
    ) -> Comparison | None:
        from cardlint.weights.compare import compare

        if not parents:
            return None
        said = compare(model, parents, controls)
        if self.repo.options.weights != "full":
            return said
        from cardlint.weights.confirm import confirm

        opened = [self.repo.resolver.upstream(p.name) for p in parents]
        return confirm(said, self.repo.source, opened)

    def _best(
        self,
        model: Sketch,
        parents: Sequence[Sketch],
        pool: Sequence[Sketch],
        declared: Comparison | None,
    ) -> Comparison | None:
        """The smallest set of candidates that, with the declared parents, explains the weights."""
        if not pool:
            return None
        from cardlint.weights.compare import promising, relate_all

        told = dict(zip((p.name for p in pool), relate_all(model, pool), strict=True))
        related = [p for p in pool if told[p.name].kind.derived]
        copies = [p for p in related if told[p.name].kind in COPIES]
        if copies:
            return self._compare(model, copies[:1])
        for added in promising(model, parents, related):
            controls = [p for p in pool if p not in added]
            found = self._compare(model, [*parents, *added], controls)
            if found and found.verdict.kind == "merge" and _uses(found, added):
                return found
        return self._nearer(model, related, told, declared)

    def _nearer(
        self,
        model: Sketch,
        related: Sequence[Sketch],
        told: Mapping[str, Relation],
        declared: Comparison | None,
    ) -> Comparison | None:
        """A candidate from which the model is much less far than from every declared parent.

        Being near says nothing of who came first; only a candidate that looks like the earlier one
        counts.
        """
        if not related:
            return None
        name = min((p.name for p in related), key=lambda n: told[n].distance)
        known = [r.distance for r in declared.relations if r.kind.derived] if declared else []
        near = told[name]
        if known and near.distance >= CLOSER * min(known):
            return None
        if near.direction != "model-from-parent" or near.direction_confidence != "medium":
            return None
        return self._compare(model, [p for p in related if p.name == name])


def _accounted(comparison: Comparison | None) -> bool:
    """Whether the declared parents explain the weights to the bit, so that nobody else is needed."""
    if comparison is None:
        return False
    said = comparison.verdict
    return said.kind in ("identical", "reencoded") or (
        said.kind == "merge" and said.confidence == "certain"
    )


def _uses(found: Comparison, added: Sequence[Sketch]) -> bool:
    """Whether every added candidate has a part in the recipe that is not zero."""
    parts = found.verdict.coefficients
    return not parts or all(
        p.name in parts
        and not parts[p.name].low <= 1e-3 <= parts[p.name].high + 2e-3
        and abs(parts[p.name].value) > 1e-3
        for p in added
    )
