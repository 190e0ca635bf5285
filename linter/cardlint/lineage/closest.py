"""The closest relative that was not made from the model itself."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

import numpy as np

from cardlint.findings import Confidence
from cardlint.lineage.answer import Answer
from cardlint.lineage.merges import CHANCE, CONSISTENT, PRUNED
from cardlint.lineage.proposals import together
from cardlint.lineage.relatives import (
    CLOSES,
    EXACT,
    LEAST_WEIGHT,
    MAX_MIXES,
    MAX_SINGLES,
    Relatives,
)
from cardlint.weights.compare import compare

AS_CLOSE = 1.3
"""Relatives at most so many times as far as the closest are told apart by how central they are."""
MAX_VOTES = 12
"""Sets of parts that a relative is tried with, where methods take or leave each element."""
MAX_ALL_VOTES = 40
"""Of all relatives together: a quarter of a second each."""
BETTER = 0.7
"""What a mixture with the model may leave, of what the best without it leaves."""


def closest(near: Relatives) -> Answer | None:
    """The closest relative, told as what may be a parent."""
    made = _Descendants(near)
    gone: list[int] = []
    left: list[int] = []
    for i in near.near:
        if left and near.far[i] > AS_CLOSE * near.far[left[0]]:
            break
        (gone if made.holds(i, gone) else left).append(i)
    for i in _ranked(near, left)[:MAX_SINGLES]:
        name = near.names[i]
        said = compare(near.model, [near.sketch(i)])
        if not said.relations[0].kind.derived:
            continue
        return Answer(
            "relative",
            (name,),
            Confidence.MEDIUM,
            f"The closest relative of {near.model.name} among the models looked at is {name} "
            f"(similarity {said.relations[0].similarity:.4f}{_alike(near, i, left)}). It may be "
            "its parent, or share one with it: the weights of two models do not tell which.",
            said,
            descendants=tuple(near.names[g] for g in gone if g in made.found),
        )
    return _of_other_depth(near)


def _of_other_depth(near: Relatives) -> Answer | None:
    """A model that this one has the layers of, some dropped or repeated."""
    for other in [o for o in near.others if o not in near.level][:MAX_SINGLES]:
        said = compare(near.model, [other])
        if said.relations[0].kind.derived:
            return Answer(
                "relative", (other.name,), Confidence.MEDIUM, said.verdict.statement, said
            )
    return None


def _ranked(near: Relatives, left: Sequence[int]) -> list[int]:
    """Closest first; of a group that lies together, its center.

    What was made of a base lies around it.
    """
    if not left:
        return []
    group = [i for i in left if i == left[0] or _beside(near, i, left[0])]
    sources = [i for i in group if i in near.sources] or group[:1]

    def off_center(i: int) -> float:
        ways = [near.place.distance(i, j) for j in sources if j != i]
        return float(np.median(np.sqrt(ways))) if ways else 0.0

    center = min(sources, key=off_center)
    return [center, *(i for i in left if i != center)]


def _beside(near: Relatives, i: int, j: int) -> bool:
    return near.place.distance(i, j) < CLOSES * near.place.distance(0, j)


def _alike(near: Relatives, i: int, left: Sequence[int]) -> str:
    names = [near.names[j] for j in left if j != i and _beside(near, j, i)]
    return f"; as close: {', '.join(names[:5])}" if names else ""


class _Descendants:
    """Relatives that were made from the model: pruned, or merged with others."""

    def __init__(self, near: Relatives) -> None:
        self.near = near
        self.found: set[int] = set()
        self._parts: set[int] = set()
        """What the descendants that were found are merged of."""
        self._votes = MAX_ALL_VOTES

    def holds(self, i: int, gone: Sequence[int]) -> bool:
        """Whether relative ``i`` is one, or lies right beside one of ``gone``."""
        near = self.near
        if near.place.zeroed[i] >= PRUNED:
            self.found.add(i)
            return True
        single = near.place.distance(i, 0)
        if not self._is_part(i) and any(near.place.distance(i, g) < CLOSES * single for g in gone):
            return True
        others = [j for j in near.distinct if j != i and j not in gone]
        if others and (self._mixed(i, others) or self._voted(i, others)):
            self.found.add(i)
            return True
        return False

    def _is_part(self, i: int) -> bool:
        """Whether a relative is what a descendant was merged of, besides the model."""
        place = self.near.place
        return any(place.distance(i, p) <= EXACT * place.rounding[p] for p in self._parts - {0})

    def _mixed(self, i: int, others: Sequence[int]) -> bool:
        """Whether the model takes part in a mixture that is all that a relative is."""
        for size in (2, 3):
            mixes = self.near.place.mixes(i, [0, *others], size)
            without = next((m.left for m in mixes if 0 not in m.parts), np.inf)
            for m in islice((m for m in mixes if 0 in m.parts), MAX_MIXES):
                if m.left <= BETTER * without and self.near.accounts(i, m):
                    self._parts.update(m.parts)
                    return True
        return False

    def _voted(self, i: int, others: Sequence[int]) -> bool:
        """Whether a relative is a merge by cutting and voting that the model takes part in."""
        most = min(MAX_VOTES, self._votes)
        for parts in islice(together(self.near, i, [0, *others], least=2), most):
            self._votes -= 1
            said = self.near.screen.voted(i, parts)
            if said is None or said.consistency < CONSISTENT or said.chance >= CHANCE:
                continue
            weight = said.coefficients.get(parts.index(0))
            if weight is None or weight.value > LEAST_WEIGHT:
                return True
        return False
