"""Which sets of relatives may be what a model was merged of.

Inner products propose, a screen of a few elements decides (:mod:`cardlint.weights.screen`); only
what passes is worth a comparison.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, islice

from cardlint.lineage.geometry import Mix
from cardlint.lineage.relatives import CLOSES, EXACT, NEAR_EXACT, Relatives, plausible

INSIDE = 0.98
"""Share of elements that a weighted sum of the true parents comes near enough to; a fine-tune in the
midst of others that differ from it by few units in the last place reaches 0.97."""
MAX_SCREENED = 32
"""Mixtures of one size that are screened."""
MOST_OF_ALL = 3
"""Parts of a set up to which all relatives are tried; beyond, sources only."""
MAX_OF_FOUR = 10
"""Sources of which all sets of four are tried."""
MAX_RECIPES = 2
"""Proposals of one kind that are confirmed element by element."""
MAX_SOURCES = 12
MAX_BASES = 2
MAX_ARMS = 4
MAX_TOGETHER = 3
UNMOVED = 0.1
"""Share of elements that a base must have left where they are, to be taken for one in a search."""
MAX_VOTES = 30
"""Sets that are screened for recipes that take or leave each element."""
ALONE = 0.05
"""Share of the moved elements, beyond chance, that must have taken one part alone: of three parts
of which seven in ten elements are kept, one is alone in 6 %."""
SAME_WAY = 0.9
"""Cosine from which two relatives are the same contribution to a merge."""
LEANS = 0.2
"""Cosine, seen from the base, from which a relative may hold what was learned by the model."""

Parts = tuple[int, ...]


def proposals(near: Relatives) -> Iterator[Parts]:
    """Sets of two to four relatives worth a comparison, the most likely kinds first."""
    bent: list[Parts] = []
    for size in (2, 3, 4):
        yield from islice(_straight(near, size, bent), MAX_RECIPES)
    sets = islice(together(near, 0, near.distinct), MAX_VOTES)
    yield from islice((parts for parts in sets if near.screen.voted(0, parts)), MAX_RECIPES)
    yield from bent[:MAX_RECIPES]


def _straight(near: Relatives, size: int, bent: list[Parts]) -> Iterator[Parts]:
    """Parts that leave far less than any smaller set does, and whose sum the elements are.

    Those that leave little and are no sum, as an interpolation row by row may, go to ``bent``.
    """
    place = near.place
    best = min(place.distance(0, j) for j in near.distinct)
    for smaller in range(2, size):
        best = min([best, *(m.left for m in _mixes(near, smaller)[:1])])
    enough = max(CLOSES * best, EXACT * place.rounding[0])
    closing = [m for m in _mixes(near, size) if m.left <= enough]
    closing.sort(key=lambda m: m.left * (1 if near.sources.issuperset(m.parts) else 2))
    inside = {m.parts: near.screen.inside(0, m.parts) for m in closing[:MAX_SCREENED]}
    whole = [parts for parts, share in inside.items() if share >= INSIDE]
    bent += [m.parts for m in closing[:1] if not whole and _bends(near, m)]
    yield from sorted(
        whole, key=lambda p: (-round(inside[p], 2), sum(not near.declared(i) for i in p))
    )


def _mixes(near: Relatives, size: int) -> list[Mix]:
    among = near.distinct
    if size > MOST_OF_ALL:
        among = [j for j in near.distinct if j in near.sources][:MAX_OF_FOUR]
    return [m for m in near.place.mixes(0, among, size, free=True) if plausible(m)]


def _bends(near: Relatives, mix: Mix) -> bool:
    """Whether it leaves no more than an interpolation row by row may."""
    return mix.left <= NEAR_EXACT * min(near.place.distance(0, j) for j in mix.parts)


def together(near: Relatives, i: int, among: Sequence[int], least: int = 1) -> Iterator[Parts]:
    """Sets for methods that cut and vote (TIES and its kin): these lie on no plane.

    Such a model holds, element by element, what its base does, or the base and a fixed multiple of
    what one or more others learned. The base is the one from which most elements did not move, or
    followed one other alone; those are the others.

    Args:
        near: the relatives.
        i: what is to be explained.
        among: of what; where the traced model (0) is among them, it takes part in all.
        least: how many there are besides the base.

    Yields:
        Fewest parts first; the base is the last of them.
    """
    sources = [j for j in among if j == 0 or j in near.sources][:MAX_SOURCES]
    bases = [b for b in sources if 0 not in among or _takes_part(near, i, b)]
    told = {base: _arms(near, i, base, sources) for base in bases}
    simple = {
        base: near.screen.unmoved(i, base) + sum(islice(arms.values(), 3))
        for base, arms in told.items()
    }
    bases = sorted(bases, key=lambda j: -simple[j])[:MAX_BASES]
    for size in range(least, MAX_TOGETHER + 1):
        for base in bases:
            for chosen in combinations(told[base], size):
                if 0 in among and 0 not in (*chosen, base):
                    continue
                yield (*chosen, base)
                if size == 1:  # which of two is the base, what is read off them may not tell
                    yield (base, *chosen)


def _arms(near: Relatives, i: int, base: int, sources: Sequence[int]) -> dict[int, float]:
    """What the elements that moved from a base may have followed, and which share of them did."""
    share = {j: near.screen.alone(i, base, j) for j in sources if j != base}
    found: dict[int, float] = {}
    for j in sorted((j for j in share if share[j] >= ALONE), key=lambda j: -share[j]):
        if all(near.place.cosine(base, j, k) < SAME_WAY for k in found):
            found[j] = share[j]
    return dict(islice(found.items(), MAX_ARMS))


def _takes_part(near: Relatives, i: int, base: int) -> bool:
    """Whether a relative may have gone from a base to where it is by the traced model's help.

    The traced model may be the base itself.
    """
    if base == 0:
        return near.screen.unmoved(i, 0) >= UNMOVED
    far_out = near.place.distance(i, base) >= CLOSES * near.place.distance(0, base)
    if not far_out or near.place.cosine(base, i, 0) < LEANS:
        return False
    return near.screen.alone(i, base, 0) >= ALONE
