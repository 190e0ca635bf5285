"""Which sets of relatives may be what a model was merged of.

Inner products propose, a screen of a few elements decides (:mod:`cardlint.weights.screen`); only
what passes is worth a comparison.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

import numpy as np

from cardlint.lineage.geometry import Mix
from cardlint.lineage.relatives import CLOSES, EXACT, NEAR_EXACT, Relatives, plausible
from cardlint.weights.replay.explanation import Explanation

INSIDE = 0.98
"""Share of elements that a weighted sum of the true parents comes near enough to; a fine-tune in the
midst of others that differ from it by few units in the last place reaches 0.97."""
MAX_SCREENED = 32
"""Mixtures of one size that are screened."""
MAX_RECIPES = 2
"""Proposals of one kind that are confirmed element by element."""
MAX_BASES = 3
MAX_THIRDS = 3
LEANS = 0.2
"""Cosine, seen from the base, from which a relative may hold what was learned by the model."""
SAME_WAY = 0.9
"""Cosine from which two relatives are the same contribution to a merge."""

Parts = tuple[int, ...]


def proposals(near: Relatives) -> Iterator[Parts]:
    """Sets of two to four relatives worth a comparison, fewest parts first."""
    for size in (2, 3):
        yield from islice(_straight(near, size), MAX_RECIPES)
    voted = (parts for parts in together(near, 0, near.distinct) if near.screen.voted(0, parts))
    yield from islice(voted, MAX_RECIPES)


def _straight(near: Relatives, size: int) -> Iterator[Parts]:
    """Parts that leave far less than any smaller set does, and whose sum the elements are."""
    place = near.place
    best = min(place.distance(0, j) for j in near.distinct)
    for smaller in range(2, size):
        best = min([best, *(m.left for m in _mixes(near, smaller)[:1])])
    enough = max(CLOSES * best, EXACT * place.rounding[0])
    closing = [m for m in _mixes(near, size) if m.left <= enough]
    closing.sort(key=lambda m: m.left * (1 if near.sources.issuperset(m.parts) else 2))
    inside = {m.parts: near.screen.inside(0, m.parts) for m in closing[:MAX_SCREENED]}
    whole = [parts for parts, share in inside.items() if share >= INSIDE]
    yield from sorted(
        whole, key=lambda p: (-round(inside[p], 2), sum(not near.declared(i) for i in p))
    )
    for m in closing[:MAX_RECIPES]:
        if m.parts not in whole and (_bends(near, m) or near.screen.voted(0, m.parts)):
            yield m.parts


def _mixes(near: Relatives, size: int) -> list[Mix]:
    return [m for m in near.place.mixes(0, near.distinct, size) if plausible(m)]


def _bends(near: Relatives, mix: Mix) -> bool:
    """Whether it leaves no more than an interpolation row by row may."""
    return mix.left <= NEAR_EXACT * min(near.place.distance(0, j) for j in mix.parts)


def together(near: Relatives, i: int, among: Sequence[int]) -> Iterator[Parts]:
    """Methods that cut and vote (TIES and its kin) lie on no plane: try the sources together.

    The base is a source in the middle; the others are those that the model leans to most.

    Args:
        near: the relatives.
        i: what is to be explained.
        among: of what; where the traced model (0) is among them, it takes part in all.

    Yields:
        The parts, the base last.
    """
    place = near.place
    sources = [j for j in among if j == 0 or j in near.sources]
    if len(sources) < 3:
        return

    def off_center(j: int) -> float:
        return float(sum(np.sqrt(place.distance(j, k)) for k in sources))

    for middle in sorted((j for j in sources if j != 0), key=off_center)[:MAX_BASES]:
        lean = {j: place.cosine(middle, i, j) for j in sources if j != middle}
        arms: list[int] = []
        for j in sorted((j for j in lean if lean[j] > 0), key=lambda j: -lean[j]):
            if all(place.cosine(middle, j, k) < SAME_WAY for k in arms):
                arms.append(j)
        if len(arms) < 2 or lean[arms[1]] < LEANS:
            continue
        choices = [arms[:2], *([*arms[:2], third] for third in arms[2 : 2 + MAX_THIRDS])]
        for chosen in choices:
            if 0 in chosen or 0 not in among:
                yield (*chosen, middle)


def takes_part(near: Relatives, i: int, parts: Sequence[int]) -> Explanation | None:
    """The recipe by cutting and voting that explains relative ``i``, if one does."""
    place, middle = near.place, parts[-1]
    far_out = place.distance(i, middle) >= CLOSES * place.distance(0, middle)
    if not far_out or place.cosine(middle, i, 0) < LEANS:
        return None
    return near.screen.voted(i, parts)
