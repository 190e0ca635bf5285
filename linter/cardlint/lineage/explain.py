"""Which of many models a model was made from: copies, recipes, the closest relative, descendants.

Distances (:mod:`cardlint.lineage.geometry`) only propose. What is named is what the comparison of
weights (:mod:`cardlint.weights.compare`) confirms element by element, with controls. A relative that
merely lies close is called the closest relative: it may be a parent, or share one with this model.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice

import numpy as np

from cardlint.findings import Confidence
from cardlint.lineage.geometry import Cloud, Mix, cloud
from cardlint.weights.align import align
from cardlint.weights.compare import compare
from cardlint.weights.evidence import Comparison, Kind, Verdict
from cardlint.weights.sketch import Sketch

COPIES = frozenset({Kind.IDENTICAL, Kind.REENCODED, Kind.PERMUTED})
FAR = 0.75
"""‖R − P‖/‖R‖ from which nothing is proposed: a fine-tune keeps a cosine of 0.85 and lies within
0.55; a shared initialization lies near 0.9, an unrelated model near 1.4."""
COARSE = 0.03
"""‖R − P‖/‖R‖ within which a model may be this one, quantized and stored again."""
MAX_RELATIVES = 24
"""Relatives of which all pairs and triples are tried."""
MAX_RECIPES = 2
"""Proposals of one size that are confirmed element by element."""
MAX_BASES = 3
MAX_CONTROLS = 2
MAX_SINGLES = 6
EXACT = 8.0
"""A merge leaves its own rounding once, and that of its products where they are rounded too."""
CLOSES = 0.25
"""A further parent must close three quarters of what was left without it."""
OWN_ROUNDING = 0.8
"""Times its own rounding that a model may lie off a mixture to count as one in a search."""
NEAR_EXACT = 0.1
"""What an interpolation that bends leaves when it is taken for a straight one."""
LEAST_WEIGHT, WHOLE = 0.01, 1.05
"""Weights of a part; beyond one it is an extrapolation, from a descendant back to its parent."""
AS_CLOSE = 1.3
"""Relatives at most so many times as far as the closest are told apart by how central they are."""
BETTER = 0.7
"""What a mixture with the model may leave, of what the best without it leaves."""
LEANS = 0.2
"""Cosine, seen from the base, from which a relative may hold what was learned by the model."""
SAME_WAY = 0.9
"""Cosine from which two relatives are the same contribution to a merge."""
CONSISTENT, CHANCE = 0.97, 0.8
"""A pure merge reaches 0.97 to 1.00 of the informative elements (evidence.md, 4.2)."""
PRUNED = 0.99
"""Share of zeros among its differences from which a relative is this model, pruned."""
COVERED = 0.95
"""Share of the matrices that layers taken from others unchanged must make up."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the weights say about where a model comes from."""

    kind: str
    """``merge``, ``relative`` (the closest one is told, not as a parent for certain) or ``none``."""
    parents: tuple[str, ...]
    """Most weight first; for ``relative`` the closest one alone."""
    confidence: Confidence
    statement: str
    comparison: Comparison | None = None
    """The one that confirms it, with its controls."""
    copies: tuple[str, ...] = ()
    """Models with the same numbers, in whatever encoding or order."""
    descendants: tuple[str, ...] = ()
    """Relatives that look made from this model: it pruned, or merged with others."""
    distances: tuple[tuple[str, float], ...] = ()
    """‖R − P‖/‖R‖ to every model that could be laid beside this one, closest first."""

    @property
    def named(self) -> tuple[str, ...]:
        """The parents that the weights name with high confidence."""
        return self.parents if self.confidence.rank <= Confidence.HIGH.rank else ()


def explain(model: Sketch, others: Sequence[Sketch]) -> Answer:
    """Find where a model comes from.

    Args:
        model: the one that is traced.
        others: possible parents, of the same architecture; order does not matter.
    """
    if not others:
        return _nothing(model)
    return _Search(model, others).answer()


def _nothing(model: Sketch) -> Answer:
    why = f"Nothing that was looked at is related to {model.name}."
    return Answer("none", (), Confidence.LOW, why)


class _Search:
    """One search; model 0 of the cloud is the traced one, the others follow in their order."""

    def __init__(self, model: Sketch, others: Sequence[Sketch]) -> None:
        self.model = model
        self.others = others
        depth = _depth(model)
        self.level = [o for o in others if _depth(o) == depth]
        self.place: Cloud = cloud(model, self.level)
        norm = self.place.norm or 1.0
        self.parts: set[int] = set()
        self.made: set[int] = set()
        self.far = {i: np.sqrt(self.place.distance(0, i)) / norm for i in self._all}

    @property
    def _all(self) -> range:
        return range(1, len(self.place.names))

    def answer(self) -> Answer:
        near = [i for i in self.place.nearest(0, self._all) if self.far[i] < FAR]
        self.closest = near[:MAX_SINGLES]
        copies = [i for i in near if self._is_copy(i)]
        self.near = [i for i in near if i not in copies][:MAX_RELATIVES]
        found = self._merge() or self._layers() or self._closest() or _nothing(self.model)
        return replace(
            found,
            copies=tuple(self.place.names[i] for i in copies),
            distances=tuple(
                (self.place.names[i], float(self.far[i]))
                for i in sorted(self.far, key=self.far.get)  # type: ignore[arg-type]  # every key is in it
            ),
        )

    def _sketch(self, i: int) -> Sketch:
        return self.model if i == 0 else self.level[i - 1]

    def _is_copy(self, i: int) -> bool:
        """The same numbers, stored otherwise or in another order."""
        close = self.place.distance(0, i) <= EXACT * self.place.rounding[0]
        if not close and not (self.far[i] < COARSE and i in self.closest):
            return False
        kind = compare(self.model, [self._sketch(i)]).verdict.kind
        return kind in COPIES if close else kind is Kind.REENCODED

    @cached_property
    def _distinct(self) -> list[int]:
        """One of each set of relatives that are copies of each other, nearest first.

        Of a set, one that is stored as the model is: merging software read what it held.
        """
        mine = _format(self.model)
        kept: list[int] = []
        for i in sorted(self.near, key=lambda i: _format(self._sketch(i)) != mine):
            if all(self.place.distance(i, j) > self.place.rounding[j] / 2 for j in kept):
                kept.append(i)
        return sorted(kept, key=self.near.index)

    @cached_property
    def _sources(self) -> frozenset[int]:
        """Relatives that are no mixtures of others, nor lie beside one."""
        mixed = {j: parts for j in self._distinct if (parts := self._parts(j))}
        plain = [j for j in self._distinct if j not in mixed]
        beside = {
            j
            for j in plain
            for g, parts in mixed.items()
            if j not in parts
            and self.place.distance(j, g)
            < CLOSES * min((self.place.distance(j, k) for k in plain if k != j), default=0.0)
        }
        return frozenset(plain) - beside

    def _parts(self, j: int) -> tuple[int, ...]:
        """What other relatives a relative is a mixture of; empty if it is none."""
        others = [k for k in self._distinct if k != j]
        for size in (2, 3):
            for m in self.place.mixes(j, others, size)[:MAX_RECIPES]:
                if self._accounts(j, m):
                    return m.parts
        return ()

    def _merge(self) -> Answer | None:
        """A recipe that the elements confirm, or a pair that closes almost everything."""
        if len(self._distinct) < 2:
            return None
        for parts in self._proposals(0, self._distinct):
            confirmed = self._confirm(parts)
            if confirmed:
                return confirmed
        return self._bent()

    def _proposals(self, i: int, among: Sequence[int]) -> Iterator[tuple[int, ...]]:
        """Parts that leave far less than any one model does, fewest parts first.

        Args:
            i: what is to be explained.
            among: of what; where the traced model (0) is among them, it takes part in all.
        """
        best = min(self.place.distance(i, j) for j in among)
        for size in (2, 3):
            mixes = [m for m in self.place.mixes(i, among, size) if _plausible(m)]
            closing = [
                m for m in mixes if m.left <= max(CLOSES * best, EXACT * self.place.rounding[i])
            ]
            best = min([best, *(m.left for m in mixes[:1])])
            wanted = [m for m in closing if 0 in m.parts or 0 not in among]
            wanted.sort(key=lambda m: m.left * (1 if self._sources.issuperset(m.parts) else 2))
            yield from (m.parts for m in wanted[:MAX_RECIPES])
        yield from self._together(i, among)

    def _together(self, i: int, among: Sequence[int]) -> Iterator[tuple[int, ...]]:
        """Methods that cut and vote (TIES and its kin) lie on no plane: try the sources together.

        The base is a source in the middle; the others are those that the model leans to most.
        """
        sources = [j for j in among if j == 0 or j in self._sources]
        if len(sources) < 3:
            return

        def off_center(j: int) -> float:
            return float(sum(np.sqrt(self.place.distance(j, k)) for k in sources))

        for middle in sorted((j for j in sources if j != 0), key=off_center)[:MAX_BASES]:
            lean = {j: self.place.cosine(middle, i, j) for j in sources if j != middle}
            arms: list[int] = []
            for j in sorted((j for j in lean if lean[j] > 0), key=lambda j: -lean[j]):
                if all(self.place.cosine(middle, j, k) < SAME_WAY for k in arms):
                    arms.append(j)
            if len(arms) < 2 or lean[arms[1]] < LEANS:
                continue
            choices = [arms[:2], *([*arms[:2], third] for third in arms[2:5])]
            for chosen in choices:
                if 0 in chosen or 0 not in among:
                    yield (*chosen, middle)

    def _confirm(self, parts: Sequence[int]) -> Answer | None:
        chosen = [self._sketch(i) for i in parts]
        spare = [self._sketch(i) for i in self._distinct if i not in parts]
        said = compare(self.model, chosen, spare[:MAX_CONTROLS])
        verdict = said.verdict
        nearest = min(self.place.distance(0, i) for i in self.near)
        beside_one = nearest <= self.place.rounding[0]  # then rounding hides what a recipe leaves
        if not _sure(verdict) or (beside_one and verdict.confidence is not Confidence.CERTAIN):
            return None
        weights = {n: c.value for n, c in verdict.coefficients.items()}
        if len(parts) == 2 and min(weights.values(), default=0.0) < 0:
            return None  # not between the two: one of them was made from this model
        used = [n for n in weights if abs(weights[n]) >= LEAST_WEIGHT] or [c.name for c in chosen]
        if len(used) < 2:
            return None
        used.sort(key=lambda n: -weights.get(n, 0.0))
        return Answer("merge", tuple(used), verdict.confidence, verdict.statement, said)

    def _bent(self) -> Answer | None:
        """A pair that closes almost everything although no recipe confirms it."""
        mixes = [m for m in self.place.mixes(0, self._distinct, 2) if _convex(m)][:1]
        for mix in mixes:
            ends = min(self.place.distance(0, i) for i in mix.parts)
            single = min(self.place.distance(0, i) for i in self._distinct)
            if mix.left > min(NEAR_EXACT * ends, CLOSES * single):
                return None
            order = np.argsort(mix.weights)[::-1]
            chosen = [self._sketch(mix.parts[n]) for n in order]
            first, second = (c.name for c in chosen)
            left = np.sqrt(mix.left / ends)
            return Answer(
                "merge",
                (first, second),
                Confidence.MEDIUM,
                f"{self.model.name} lies between {first} and {second}; what is left, {left:.1%} of "
                "the way to the nearer one, no recipe that was tried explains.",
                compare(self.model, chosen),
            )
        return None

    def _layers(self) -> Answer | None:
        """Layers taken unchanged from several models, in their places or repeated (passthrough)."""
        depth = _depth(self.model)
        shallow = [o for o in self.others if _depth(o) < depth]
        level = [self._sketch(i) for i in self.near if self.place.zeroed[i] < PRUNED]
        sketches = shallow or level
        if len(sketches) < 2:
            return None
        tensors = [t for t in align(self.model, sketches).tensors if len(t.shape) > 1]
        equal = np.array(
            [[p is not None and np.array_equal(p, t.x) for p in t.parents] for t in tensors]
        ).reshape(len(tensors), len(sketches))
        missing = np.ones(len(tensors), bool)
        chosen: list[int] = []
        while missing.any() and len(chosen) < 4:
            gain = equal[missing].sum(axis=0)
            best = int(np.argmax(gain))
            if not gain[best]:
                break
            chosen.append(best)
            missing &= ~equal[:, best]
        covered = 1 - float(missing.mean()) if tensors else 0.0
        if covered < COVERED or len(chosen) < 2:
            return None
        names = [sketches[i].name for i in chosen]
        return Answer(
            "merge",
            tuple(names),
            Confidence.CERTAIN if covered == 1.0 else Confidence.HIGH,
            f"{covered:.0%} of the matrices of {self.model.name} are, number for number, layers of "
            f"{' and '.join(names)}.",
            compare(self.model, [sketches[i] for i in chosen]),
        )

    def _closest(self) -> Answer | None:
        """The closest relative that was not made from this model."""
        gone: list[int] = []
        left: list[int] = []
        for i in self.near:
            if left and self.far[i] > AS_CLOSE * self.far[left[0]]:
                break
            (gone if self._descends(i, gone) else left).append(i)
        for i in self._ranked(left)[:MAX_SINGLES]:
            name = self.place.names[i]
            said = compare(self.model, [self._sketch(i)])
            if not said.relations[0].kind.derived:
                continue
            return Answer(
                "relative",
                (name,),
                Confidence.MEDIUM,
                f"The closest relative of {self.model.name} among the models looked at is {name} "
                f"(similarity {said.relations[0].similarity:.4f}{self._alike(i, left)}). It may be "
                "its parent, or share one with it: the weights of two models do not tell which.",
                said,
                descendants=tuple(self.place.names[g] for g in gone if g in self.made),
            )
        return self._of_other_depth()

    def _of_other_depth(self) -> Answer | None:
        """A model that this one has the layers of, some dropped or repeated."""
        for other in [o for o in self.others if o not in self.level][:MAX_SINGLES]:
            said = compare(self.model, [other])
            if said.relations[0].kind.derived:
                return Answer(
                    "relative", (other.name,), Confidence.MEDIUM, said.verdict.statement, said
                )
        return None

    def _ranked(self, left: Sequence[int]) -> list[int]:
        """Closest first; of a group that lies together, its center.

        What was made of a base lies around it.
        """
        if not left:
            return []
        group = [i for i in left if i == left[0] or self._together_with(i, left[0])]
        sources = [i for i in group if i in self._sources] or group[:1]

        def off_center(i: int) -> float:
            ways = [self.place.distance(i, j) for j in sources if j != i]
            return float(np.median(np.sqrt(ways))) if ways else 0.0

        center = min(sources, key=off_center)
        return [center, *(i for i in left if i != center)]

    def _together_with(self, i: int, j: int) -> bool:
        return self.place.distance(i, j) < CLOSES * self.place.distance(0, j)

    def _alike(self, i: int, left: Sequence[int]) -> str:
        names = [self.place.names[j] for j in left if j != i and self._together_with(j, i)]
        return f"; as close: {', '.join(names[:5])}" if names else ""

    def _descends(self, i: int, gone: Sequence[int]) -> bool:
        """Whether relative ``i`` was made from the model: pruned, or merged with others.

        One that lies right beside such a model is passed over too, and not called a descendant.
        """
        if self.place.zeroed[i] >= PRUNED:
            self.made.add(i)
            return True
        single = self.place.distance(i, 0)
        if not self._is_part(i) and any(self.place.distance(i, g) < CLOSES * single for g in gone):
            return True
        others = [j for j in self._distinct if j != i and j not in gone]
        if not others:
            return False
        for size in (2, 3):
            mixes = self.place.mixes(i, [0, *others], size)
            without = next((m.left for m in mixes if 0 not in m.parts), np.inf)
            for m in islice((m for m in mixes if 0 in m.parts), MAX_RECIPES):
                if m.left <= BETTER * without and self._accounts(i, m):
                    self.parts.update(m.parts)
                    self.made.add(i)
                    return True
        if any(self._voted(i, parts) for parts in self._together(i, [0, *others])):
            self.made.add(i)
            return True
        return False

    def _is_part(self, i: int) -> bool:
        """Whether a relative is what a descendant was merged of, besides the model."""
        return any(
            self.place.distance(i, p) <= EXACT * self.place.rounding[p] for p in self.parts - {0}
        )

    def _accounts(self, i: int, mix: Mix) -> bool:
        """Whether a mixture is all that a relative is: up to rounding, or up to a slight bend."""
        own = self.place.rounding[i]
        nearest = min(self.place.distance(i, j) for j in mix.parts)
        if _convex(mix) and mix.left <= min(OWN_ROUNDING * own, 0.6 * nearest):
            return True
        if _plausible(mix) and mix.left <= min(4 * own, 0.05 * nearest):
            return True
        return len(mix.parts) == 2 and _convex(mix) and mix.left <= NEAR_EXACT * nearest

    def _voted(self, i: int, parts: Sequence[int]) -> bool:
        """Whether a relative is a merge by cutting and voting that the traced model takes part in."""
        middle = parts[-1]
        far_out = self.place.distance(i, middle) >= CLOSES * self.place.distance(0, middle)
        if not far_out or self.place.cosine(middle, i, 0) < LEANS:
            return False
        verdict = compare(self._sketch(i), [self._sketch(j) for j in parts]).verdict
        weight = verdict.coefficients.get(self.model.name)
        return _sure(verdict) and (weight is None or weight.value > LEAST_WEIGHT)


def _sure(verdict: Verdict) -> bool:
    """Whether a merge is confirmed element by element: by replay, or inside nearly all rounding.

    Where models differ by a few units in the last place, rounding hides much: what chance explains
    as well is not confirmed.
    """
    if verdict.kind is not Kind.MERGE:
        return False
    if verdict.confidence is Confidence.CERTAIN:
        return True
    inside = verdict.consistency or 0.0
    return inside >= CONSISTENT and (verdict.chance is None or verdict.chance < CHANCE)


def _format(model: Sketch) -> str:
    """The number format of most of its tensors."""
    counts = Counter(b.tensor.dtype for b in model.blocks.values())
    return max(counts, key=lambda d: counts[d], default="")


def _depth(model: Sketch) -> int:
    """How many layers it has."""
    return len({t.layer for t in model.tensors.values()} - {None})


def _convex(mix: Mix) -> bool:
    return min(mix.weights) >= LEAST_WEIGHT


def _plausible(mix: Mix) -> bool:
    """Between its parts; or, with three, one of them subtracted as task arithmetic does its base."""
    if max(map(abs, mix.weights)) > WHOLE:
        return False
    negative = sum(w < LEAST_WEIGHT for w in mix.weights)
    small = any(abs(w) < LEAST_WEIGHT for w in mix.weights)
    return not small and (negative == 0 or (len(mix.parts) == 3 and negative == 1))
