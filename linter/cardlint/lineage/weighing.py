"""Holds the weights against the declared parents, and against others that may explain them better.

The declared parents come first. Only where they do not account for the weights are candidates read
(:mod:`cardlint.lineage.looking`) and the model traced among all of them
(:mod:`cardlint.lineage.explain`), as ``cardlint trace`` does with more candidates.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING

from cardlint.errors import NotFound, Unavailable
from cardlint.findings import Confidence, NotChecked

if TYPE_CHECKING:
    from cardlint.lineage.answer import Answer
    from cardlint.lineage.candidates import Candidate
    from cardlint.repository import Repository
    from cardlint.source.interface import Source
    from cardlint.weights.evidence import Comparison, WeightEvidence
    from cardlint.weights.sketch import Sketch

WEIGHTS = (".safetensors", ".gguf", ".bin", ".pt", ".pth", ".ckpt", ".onnx", ".npz", ".index.json")
MAX_PARENTS = 8
"""Declared parents whose weights are read; more are named as not checked."""
MAX_CANDIDATES = 8
"""Candidates whose weights are read for one repository."""
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
    unlisted: tuple[NotChecked, ...] = ()
    """Where nobody looked for candidates: of interest once candidates are needed."""

    def weigh(self) -> WeightEvidence:
        from cardlint.lineage.candidates import ASKED
        from cardlint.lineage.looking import Reader
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
        best, reasons = None, {c.id: c.why for c in others}
        if not model.delta and not _accounted(comparison):
            reader = Reader(self.repo, model, MAX_CANDIDATES)
            pool = list(reader.read(others))
            self.gaps += self.unlisted
            if reader.not_asked:
                self.gaps.append(
                    NotChecked(
                        "candidates",
                        f"the weights of {reader.not_asked} more candidates were not read",
                        "Name the ones that matter with --candidate.",
                    )
                )
            self.gaps += [
                NotChecked(
                    f"weights of {x.id}",
                    x.left_out,
                    x.unavailable.remedy if x.unavailable else None,
                )
                for x in reader.looked
                if x.left_out and (x.unavailable or x.why == ASKED)
            ]
            reasons = {x.id: x.why for x in reader.looked}
            best = self._best(model, parents, pool, reader.later)
            best = best or self._asked(model, comparison, pool, reader.later)
            if not parents and not pool:
                left_out = (f"{x.id}: {x.left_out}" for x in reader.looked if not x.unavailable)
                why = "; ".join([*(g.why for g in self.gaps), *left_out])
                raise Unavailable(
                    f"no parent's weights can be read: {why}",
                    remedy="Mirror the parent with --hub, or let cardlint ask the Hub.",
                )
        return WeightEvidence(
            declared=tuple(p.name for p in parents),
            comparison=comparison,
            best=best,
            candidates=reasons,
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

    def _candidates(self, declared: Sequence[str]) -> list[Candidate]:
        from cardlint.lineage.candidates import MAX_CANDIDATES as MAX_KNOWN
        from cardlint.lineage.family import gather

        known, self.unlisted = gather(self.repo, MAX_KNOWN)
        return [c for c in known if c.id not in declared]

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

    def _compare(self, model: Sketch, parents: Sequence[Sketch]) -> Comparison | None:
        from cardlint.weights.compare import compare

        if not parents:
            return None
        return self._all(compare(model, parents))

    def _all(self, said: Comparison) -> Comparison:
        """The same over all elements, where the user wants that."""
        if self.repo.options.weights != "full":
            return said
        from cardlint.weights.confirm import confirm

        opened = [self.repo.resolver.upstream(name) for name in said.parents]
        return confirm(said, self.repo.source, opened)

    def _best(
        self,
        model: Sketch,
        parents: Sequence[Sketch],
        pool: Sequence[Sketch],
        later: Collection[str],
    ) -> Comparison | None:
        """What a trace among declared parents and candidates finds, as a comparison."""
        from cardlint.lineage.explain import explain
        from cardlint.weights.evidence import Kind

        if not pool:
            return None
        known = [p.name for p in parents]
        said = explain(model, [*parents, *pool], known, later)
        if said.copies:
            if set(known) & set(said.copies):
                return None
            return self._compare(model, [p for p in pool if p.name == said.copies[0]])
        found = said.comparison
        if found is None or said.kind == "none":
            return None
        if len(parents) > 1 and found.verdict.confidence is not Confidence.CERTAIN:
            # Another merge of the same parents lies nearer than each of them, and fits in place of
            # each a little better by chance: only a recipe that gives the weights to the bit speaks.
            return None
        if said.kind == "merge" and found.verdict.kind is Kind.MERGE:
            return self._all(found)
        alone = not self._declared()
        if said.kind == "relative" and said.parents[0] not in known and _told(said, known, alone):
            return self._all(found)
        return None

    def _asked(
        self,
        model: Sketch,
        declared: Comparison | None,
        pool: Sequence[Sketch],
        later: Collection[str],
    ) -> Comparison | None:
        """A candidate that the user names, by itself.

        A trace lays all models side by side, and those of other layers or names do not lie there.
        """
        from cardlint.weights.direction import FROM_MODEL
        from cardlint.weights.evidence import Kind

        known = declared.relations if declared else ()
        far = min((r.distance for r in known if r.kind.derived), default=inf)
        for candidate in pool:
            if candidate.name not in self.repo.options.candidates or candidate.name in later:
                continue
            said = self._compare(model, [candidate])
            near = said.relations[0] if said else None
            if near is None or near.kind is Kind.NOT_COMPARABLE:
                why = near.note if near else "it has no weights"
                self.gaps.append(NotChecked(f"weights of {candidate.name}", why))
            elif (
                near.kind.derived and near.distance < CLOSER * far and near.direction != FROM_MODEL
            ):
                return said
        return None


def _told(said: Answer, read: Collection[str], alone: bool) -> bool:  # noqa: FBT001  # a fact
    """Whether a closest relative that nobody declared is worth telling.

    Where no base is declared, any is. Beside declared parents it must be much less far than those
    that were read, and not look like a child of the model.
    """
    from cardlint.weights.direction import FROM_MODEL

    name, away = said.parents[0], dict(said.distances)
    near = said.comparison.relation(name) if said.comparison else None
    if near is None or not near.kind.derived:
        return False
    known = [away[d] for d in read if d in away]
    if not known or name not in away:
        return alone
    return away[name] < CLOSER * min(known) and near.direction != FROM_MODEL


def _accounted(comparison: Comparison | None) -> bool:
    """Whether the declared parents explain the weights to the bit, so that nobody else is needed."""
    if comparison is None:
        return False
    said = comparison.verdict
    return said.kind in ("identical", "reencoded") or (
        said.kind == "merge" and said.confidence == "certain"
    )
