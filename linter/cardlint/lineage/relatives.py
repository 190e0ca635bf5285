"""The models that lie near a traced one: which are copies, and which are made of others.

All of them are laid on the traced model once. Distances come from inner products
(:mod:`cardlint.lineage.geometry`) and everything that only proposes is computed from these.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from functools import cached_property

import numpy as np

from cardlint.lineage.geometry import Cloud, Mix, cloud, usable
from cardlint.weights.align import align
from cardlint.weights.compare import compare
from cardlint.weights.evidence import Kind
from cardlint.weights.screen import Screen
from cardlint.weights.sketch import Sketch

COPIES = frozenset({Kind.IDENTICAL, Kind.REENCODED, Kind.PERMUTED})
FAR = 0.75
"""‖R − P‖/‖R‖ from which nothing is proposed: a fine-tune keeps a cosine of 0.85 and lies within
0.55; a shared initialization lies near 0.9, an unrelated model near 1.4."""
COARSE = 0.03
"""‖R − P‖/‖R‖ within which a model may be this one, quantized and stored again."""
MAX_RELATIVES = 24
"""Relatives of which all pairs and triples are tried."""
MAX_SINGLES = 6
"""Relatives that are compared one by one."""
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
MAX_MIXES = 2
"""Mixtures of one size by which a relative is tried to be explained."""


class Relatives:
    """Number 0 is the traced model, the others follow in their order."""

    def __init__(
        self, model: Sketch, others: Sequence[Sketch], declared: Collection[str] = ()
    ) -> None:
        self.model = model
        self.others = others
        self._known = frozenset(d.casefold() for d in declared)
        layers = depth(model)
        self.level = [o for o in others if depth(o) == layers]
        tensors = tuple(t for t in align(model, self.level).tensors if usable(t))
        self.names = (model.name, *(o.name for o in self.level))
        self.place: Cloud = cloud(tensors, len(self.names))
        self.screen = Screen(self.names, tensors)
        norm = self.place.norm or 1.0
        self.far = {
            i: float(np.sqrt(self.place.distance(0, i))) / norm for i in range(1, len(self.names))
        }
        near = [i for i in self.place.nearest(0, list(self.far)) if self.far[i] < FAR]
        closest = near[:MAX_SINGLES]
        self.copies = [i for i in near if self._is_copy(i, among=closest)]
        self.near = [i for i in near if i not in self.copies][:MAX_RELATIVES]

    def sketch(self, i: int) -> Sketch:
        """Of the traced model, or of a relative."""
        return self.model if i == 0 else self.level[i - 1]

    def declared(self, i: int) -> bool:
        """Whether the model says that it comes from this one."""
        return self.names[i].casefold() in self._known

    def distances(self) -> tuple[tuple[str, float], ...]:
        """‖R − P‖/‖R‖ to every model that could be laid beside this one, closest first."""
        return tuple(
            (self.names[i], away) for i, away in sorted(self.far.items(), key=lambda at: at[1])
        )

    def _is_copy(self, i: int, among: Sequence[int]) -> bool:
        """The same numbers, stored otherwise or in another order."""
        close = self.place.distance(0, i) <= EXACT * self.place.rounding[0]
        if not close and not (self.far[i] < COARSE and i in among):
            return False
        kind = compare(self.model, [self.sketch(i)]).verdict.kind
        return kind in COPIES if close else kind is Kind.REENCODED

    @cached_property
    def distinct(self) -> list[int]:
        """One of each set of relatives that are copies of each other, nearest first.

        Of a set, the one that is declared, then one that is stored as the model is: merging
        software read what it held.
        """
        mine = _format(self.model)

        def last(i: int) -> tuple[bool, bool]:
            return not self.declared(i), _format(self.sketch(i)) != mine

        kept: list[int] = []
        for i in sorted(self.near, key=last):
            if all(self.place.distance(i, j) > self.place.rounding[j] / 2 for j in kept):
                kept.append(i)
        return sorted(kept, key=self.near.index)

    def same(self, name: str) -> tuple[str, ...]:
        """Other relatives that lie no further from the one of this name than rounding puts it."""
        if name not in self.names:
            return ()
        i = self.names.index(name)
        least = self.place.rounding[i] / 2
        return tuple(
            self.names[j] for j in self.near if j != i and self.place.distance(i, j) <= least
        )

    @cached_property
    def sources(self) -> frozenset[int]:
        """Relatives that are no mixtures of others, nor lie beside one."""
        mixed = {j: parts for j in self.distinct if (parts := self._parts(j))}
        plain = [j for j in self.distinct if j not in mixed]
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
        others = [k for k in self.distinct if k != j]
        for size in (2, 3):
            for m in self.place.mixes(j, others, size)[:MAX_MIXES]:
                if self.accounts(j, m):
                    return m.parts
        return ()

    def accounts(self, i: int, mix: Mix) -> bool:
        """Whether a mixture is all that a model is: up to rounding, or up to a slight bend."""
        own = self.place.rounding[i]
        nearest = min(self.place.distance(i, j) for j in mix.parts)
        if convex(mix) and mix.left <= min(OWN_ROUNDING * own, 0.6 * nearest):
            return True
        if plausible(mix) and mix.left <= min(4 * own, 0.05 * nearest):
            return True
        return len(mix.parts) == 2 and convex(mix) and mix.left <= NEAR_EXACT * nearest


def convex(mix: Mix) -> bool:
    """Whether it lies between its parts."""
    return min(mix.weights) >= LEAST_WEIGHT


def plausible(mix: Mix) -> bool:
    """Between its parts; or, with three or more, one subtracted as task arithmetic does its base."""
    if max(map(abs, mix.weights)) > WHOLE:
        return False
    negative = sum(w < LEAST_WEIGHT for w in mix.weights)
    small = any(abs(w) < LEAST_WEIGHT for w in mix.weights)
    return not small and (negative == 0 or (len(mix.parts) > 2 and negative == 1))


def depth(model: Sketch) -> int:
    """How many layers it has."""
    return len({t.layer for t in model.tensors.values()} - {None})


def _format(model: Sketch) -> str:
    """The number format of most of its tensors."""
    counts = Counter(b.tensor.dtype for b in model.blocks.values())
    return max(counts, key=lambda d: counts[d], default="")
