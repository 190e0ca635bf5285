"""Whether a model is a merge of relatives: a recipe that its elements confirm."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cardlint.findings import Confidence
from cardlint.lineage.answer import Answer
from cardlint.lineage.proposals import proposals
from cardlint.lineage.relatives import (
    CLOSES,
    LEAST_WEIGHT,
    NEAR_EXACT,
    Relatives,
    convex,
    depth,
)
from cardlint.weights.align import align
from cardlint.weights.compare import compare
from cardlint.weights.evidence import Kind, Verdict

MAX_CONFIRMED = 4
"""Proposals that are compared on all elements."""
MAX_OUTRIGHT = 4
"""Relatives that are tried all together, if nothing that proposes a set of them is right."""
MAX_CONTROLS = 2
CONSISTENT, CHANCE = 0.97, 0.8
"""A pure merge reaches 0.97 to 1.00 of the informative elements (evidence.md, 4.2)."""
MORE = 0.01
"""Share of the elements that a further parent must explain."""
PRUNED = 0.99
"""Share of zeros among its differences from which a relative is this model, pruned."""
COVERED = 0.95
"""Share of the matrices that layers taken from others unchanged must make up."""
MAX_LAYERED = 4
"""Models that layers may be taken from."""


def merge(near: Relatives) -> Answer | None:
    """A recipe that the elements confirm, or a pair that closes almost everything."""
    if len(near.distinct) < 2:
        return None
    tried: set[tuple[int, ...]] = set()
    for parts in proposals(near):
        if parts in tried:
            continue
        if len(tried) == MAX_CONFIRMED:
            break
        tried.add(parts)
        confirmed = _confirm(near, parts)
        if confirmed:
            return confirmed
    together = tuple(near.distinct)
    if len(together) <= MAX_OUTRIGHT and together not in tried:
        confirmed = _confirm(near, together)
        if confirmed:
            return _leanest(near, together, confirmed)
    return _bent(near)


def _leanest(near: Relatives, parts: tuple[int, ...], found: Answer) -> Answer:
    """Without the parts that are not needed.

    Where a method takes and leaves elements, one more relative always fits a few more of them.
    """
    if found.confidence is Confidence.CERTAIN:
        return found
    for i in parts if len(parts) > 2 else ():
        rest = tuple(j for j in parts if j != i)
        without = _confirm(near, rest)
        if without and _inside(without) >= _inside(found) - MORE:
            return _leanest(near, rest, without)
    return found


def _inside(said: Answer) -> float:
    return (said.comparison.verdict.consistency if said.comparison else None) or 0.0


def _confirm(near: Relatives, parts: Sequence[int]) -> Answer | None:
    chosen = [near.sketch(i) for i in parts]
    spare = [near.sketch(i) for i in near.distinct if i not in parts]
    said = compare(near.model, chosen, spare[:MAX_CONTROLS])
    verdict = said.verdict
    nearest = min(near.place.distance(0, i) for i in near.near)
    beside_one = nearest <= near.place.rounding[0]  # then rounding hides what a recipe leaves
    if not sure(verdict) or (beside_one and verdict.confidence is not Confidence.CERTAIN):
        return None
    weights = {n: c.value for n, c in verdict.coefficients.items()}
    if len(parts) == 2 and min(weights.values(), default=0.0) < 0:
        return None  # not between the two: one of them was made from this model
    used = [n for n in weights if abs(weights[n]) >= LEAST_WEIGHT] or _told(verdict, near, parts)
    base = verdict.parameters.get("base")
    if len(used) == 1 and isinstance(base, str) and base not in used:
        used.append(base)  # one difference, taken or left: its base is the other parent
    if len(used) < 2:
        return None
    used.sort(key=lambda n: -weights.get(n, 0.0))
    return Answer("merge", tuple(used), verdict.confidence, verdict.statement, said)


def _told(verdict: Verdict, near: Relatives, parts: Sequence[int]) -> list[str]:
    """The parents of a recipe without coefficients: those it names, else all that were given."""
    named = verdict.parameters.get("parents")
    base = verdict.parameters.get("base")
    names = [near.names[i] for i in parts]
    if not isinstance(named, list):
        return names
    return [n for n in names if n in named] + [n for n in names if n == base and n not in named]


def sure(verdict: Verdict) -> bool:
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


def _bent(near: Relatives) -> Answer | None:
    """A pair that closes almost everything although no recipe confirms it."""
    place = near.place
    mix = next((m for m in place.mixes(0, near.distinct, 2) if convex(m)), None)
    if mix is None:
        return None
    ends = min(place.distance(0, i) for i in mix.parts)
    single = min(place.distance(0, i) for i in near.distinct)
    if mix.left > min(NEAR_EXACT * ends, CLOSES * single):
        return None
    order = np.argsort(mix.weights)[::-1]
    chosen = [near.sketch(mix.parts[n]) for n in order]
    first, second = (c.name for c in chosen)
    left = np.sqrt(mix.left / ends)
    return Answer(
        "merge",
        (first, second),
        Confidence.MEDIUM,
        f"{near.model.name} lies between {first} and {second}; what is left, {left:.1%} of "
        "the way to the nearer one, no recipe that was tried explains.",
        compare(near.model, chosen),
    )


def layered(near: Relatives) -> Answer | None:
    """Layers taken unchanged from several models, in their places or repeated (passthrough)."""
    model = near.model
    layers = depth(model)
    shallow = [o for o in near.others if depth(o) < layers]
    level = [near.sketch(i) for i in near.near if near.place.zeroed[i] < PRUNED]
    sketches = shallow or level
    if len(sketches) < 2:
        return None
    tensors = [t for t in align(model, sketches).tensors if len(t.shape) > 1]
    equal = np.array(
        [[p is not None and np.array_equal(p, t.x) for p in t.parents] for t in tensors]
    ).reshape(len(tensors), len(sketches))
    missing = np.ones(len(tensors), bool)
    chosen: list[int] = []
    while missing.any() and len(chosen) < MAX_LAYERED:
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
        f"{covered:.0%} of the matrices of {model.name} are, number for number, layers of "
        f"{' and '.join(names)}.",
        compare(model, [sketches[i] for i in chosen]),
    )
