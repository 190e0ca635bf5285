"""Recipes that keep or drop each element of each difference: TIES, DARE, DELLA, breadcrumbs, fusion.

Every element of such a merge is the base plus the differences of *some* parents, with fixed
coefficients. Which parents an element took is its *pattern*. The patterns are read off the weights,
and what decides them names the method: the size of the difference (TIES, Yadav et al. 2023;
breadcrumbs, Davari and Belilovsky 2024), chance (DARE, Yu et al. 2024), chance that grows with the
rank in the row (DELLA, Deep et al. 2024), or a threshold in each row (Arcee fusion).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cardlint.findings import Json
from cardlint.weights.align import Aligned
from cardlint.weights.evidence import Interval
from cardlint.weights.replay import masks, patterns
from cardlint.weights.replay.explanation import Explanation, Problem, roundest
from cardlint.weights.replay.patterns import EXPLAINED, Patterns

MAX_MEMBERS = 4
"""Parents besides the base: there are 2ᵏ patterns."""
ELEMENTS = 160_000
"""Elements that are looked at."""
WORTH = 0.7
"""Share explained in one small tensor from which more are looked at."""
REST = 0.9
"""Share that must be explained of the elements outside the commonest pattern: a model that is nearly
a copy of one parent has one pattern and nothing else."""
LINKED = 0.3
"""Correlation of two parents' masks above which chance did not make both; DELLA's ramps, which follow
sizes that go together, reach 0.1."""


def sparse(problem: Problem) -> Explanation | None:
    """The recipe of this family that explains the weights, or ``None``."""
    k = len(problem.names)
    few = _few(problem)
    if not few or k > MAX_MEMBERS + 1:
        return None
    first = [min(few, key=lambda t: t.x.size)]
    found: list[Patterns] = []
    for base in range(k):
        members = tuple(i for i in range(k) if i != base)
        glance = patterns.read(first, base, members, least=200)
        if glance and glance.explained < WORTH:
            continue
        seen = patterns.read(few, base, members)
        if seen:
            found.append(seen)
    best = max((p.explained for p in found), default=0.0)
    # Of two models, each is the base as well as the other where elements are taken whole; what
    # decides which are taken tells. Only the best, so that a lesser fit is no way out.
    named = [
        e
        for p in found
        if p.explained >= max(best - 0.005, EXPLAINED)
        and p.rest >= max(REST, p.chance + 0.3)
        and (e := _explanation(problem, p))
    ]
    return min(named, key=lambda e: e.method != NAMES["rows", False], default=None)


def _few(problem: Problem) -> list[Aligned]:
    whole = [t for t in problem.tensors if t.whole and len(t.shape) == 2 and t.x.size >= 2048]
    step = max(1, len(whole) // 12)
    chosen: list[Aligned] = []
    for t in whole[::step]:
        if not chosen or sum(c.x.size for c in chosen) + t.x.size <= ELEMENTS:
            chosen.append(t)
    return chosen


NAMES = {
    ("magnitude", True): "ties",
    ("magnitude", False): "ties without sign consensus",
    ("band", True): "breadcrumbs_ties",
    ("band", False): "breadcrumbs",
    ("random", True): "dare_ties",
    ("random", False): "dare_linear",
    ("ramp", True): "della",
    ("ramp", False): "della_linear",
    ("rows", False): "arcee_fusion",
}


def _method(p: Patterns, rules: Sequence[str]) -> tuple[str, str] | None:
    """Rule and name of the method, or ``None`` where no method does all that was seen."""
    # One method made all masks; "random" is also what a mask is called that shows too little.
    weak = ("none", "random")
    rule = max(sorted(set(rules)), key=lambda r: (rules.count(r), r not in weak, r == "random"))
    consensus = masks.consensus(p)
    if rule == "none" or (rule in masks.BY_CHANCE and not consensus and masks.linked(p) > LINKED):
        return None
    if p.shared is not None:
        # What stayed is averaged only where signs were elected; others divide by all weights.
        if consensus is False:
            return None
        consensus = True
    return rule, NAMES[rule, bool(consensus)]


def _explanation(problem: Problem, p: Patterns) -> Explanation | None:
    keeping = [masks.keeping(p, i) for i in range(len(p.members))]
    if len(p.members) == 1:
        keeping = [masks.one_parent(p, keeping[0])]
    named = _method(p, [k.rule for k in keeping])
    if named is None:
        return None
    rule, method = named
    names = problem.names
    rescaled = rule in masks.BY_CHANCE
    weights: dict[int, Interval] = {}
    parts = (
        patterns.weights_of(p.field, p.single, p.shared, p.which == 0)
        if p.shared is not None
        else None
    )
    for j, i in enumerate(p.members):
        k = keeping[j]
        if parts is not None:
            value = float(parts[j])
        else:
            value = float(p.single[j]) * (masks.share_kept(p.field, j, k) if rescaled else 1.0)
        value = roundest(value - 6e-3, value + 6e-3)
        weights[i] = Interval(value, value - 1e-2, value + 1e-2)
    density: dict[str, Json] = {
        names[i]: roundest(k.density - 8e-3, k.density + 8e-3)
        for i, k in zip(p.members, keeping, strict=True)
    }
    parameters: dict[str, Json] = {"base": names[p.base], "density": density}
    if p.shared is not None:
        parameters["normalize"] = True
    extra = float(np.median([k.extra for k in keeping]))
    if rule == "band":
        parameters["gamma"] = roundest(extra - 3e-3, extra + 3e-3)
    if rule == "ramp":
        parameters["epsilon"] = roundest(extra - 1.5e-2, extra + 1.5e-2)
    return Explanation(
        method=method,
        coefficients=weights,
        consistency=p.explained,
        chance=p.chance,
        parameters=parameters,
    )
