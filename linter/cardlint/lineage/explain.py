"""Which of many models a model was made from: copies, recipes, the closest relative, descendants.

Distances only propose (:mod:`cardlint.lineage.relatives`), a screen of a few elements chooses
(:mod:`cardlint.lineage.proposals`), and what is named is what the comparison of weights
(:mod:`cardlint.weights.compare`) confirms element by element, with controls. A relative that merely
lies close is called the closest relative: it may be a parent, or share one with this model.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from cardlint.lineage.answer import Answer, nothing
from cardlint.lineage.closest import closest
from cardlint.lineage.merges import layered, merge
from cardlint.lineage.relatives import Relatives
from cardlint.weights.sketch import Sketch


def explain(
    model: Sketch,
    others: Sequence[Sketch],
    declared: Collection[str] = (),
    later: Collection[str] = (),
) -> Answer:
    """Find where a model comes from.

    Args:
        model: the one that is traced.
        others: possible parents, of the same architecture; order does not matter.
        declared: names of those among them that the model says it comes from: of recipes and copies
            that account for it as well, the one with these is told.
        later: names of those among them that began after the model: copies perhaps, no parents.
    """
    if not others:
        return nothing(model.name)
    near = Relatives(model, others, declared)
    copies = tuple(near.names[i] for i in near.copies)
    distances = near.distances()
    if later:
        near = Relatives(model, [o for o in others if o.name not in later], declared)
    found = merge(near) or layered(near) or closest(near) or nothing(model.name)
    if copies:
        told = f"{model.name} holds the same weights as {' and '.join(copies[:3])}. "
        found = replace(found, statement=told + found.statement)
    same = {name: twins for name in found.parents if (twins := near.same(name))}
    return replace(found, copies=copies, distances=distances, same=same)
