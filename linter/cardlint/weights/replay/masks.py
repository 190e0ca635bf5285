"""What decides which elements of a difference are kept, read off the patterns of a merge.

Size (TIES, Yadav et al. 2023; breadcrumbs, Davari and Belilovsky 2024), chance (DARE, Yu et al. 2024),
chance that grows with the rank in the row (DELLA, Deep et al. 2024), or a threshold in each row (Arcee
fusion).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from cardlint.weights.replay.explanation import Array
from cardlint.weights.replay.patterns import Field, Masks, Patterns

BY_CHANCE = ("random", "ramp")


@dataclass(frozen=True, slots=True)
class Keeping:
    """What decides whether an element of one parent is kept."""

    rule: str
    """``magnitude``, ``band`` (the largest are dropped too), ``random``, ``ramp``, ``rows``, or
    ``none`` of them."""
    density: float
    extra: float = 0.0
    """γ of a band, ε of a ramp."""


BINS = 40


def keeping(p: Patterns, i: int) -> Keeping:
    """Read the rule from how often elements of each size are kept."""
    subsets = list(p.table)
    has = np.array([i in s for s in subsets])
    sure = p.which >= 0
    if len(p.members) > 1:  # where signs agree, no consensus erases anything
        signs = np.sign(p.field.d)
        sure &= np.all(signs == signs[:, :1], axis=1)
    kept = has[p.which[sure]]
    rank = p.field.rank[sure, i]
    if len(kept) < 200:
        return Keeping("random", float(kept.mean()) if len(kept) else 0.0)
    place = np.minimum((rank * BINS).astype(int), BINS - 1)
    count = np.bincount(place, minlength=BINS)
    curve = np.bincount(place, weights=kept, minlength=BINS) / np.maximum(count, 1)
    filled = np.flatnonzero(count >= 5)
    # A threshold: the rank above which most are kept, and how many break the rule.
    order = np.argsort(rank)
    sorted_kept = kept[order].astype(float)
    wrong = np.concatenate([[0], np.cumsum(sorted_kept)]) + (
        (1 - sorted_kept).sum() - np.concatenate([[0], np.cumsum(1 - sorted_kept)])
    )
    cut = int(np.argmin(wrong))
    miss = float(wrong[cut] / len(kept))
    threshold = float(rank[order][min(cut, len(kept) - 1)])
    density = float(kept.mean())
    top_kept = _largest_kept(rank, kept)
    body = curve[filled]
    if miss < 0.5 * min(density, 1 - density) and miss < 0.12:
        if top_kept < 0.5 * float(body[-6:-1].mean() if len(body) > 6 else 1.0):
            return _band(rank, kept, threshold)
        return Keeping("magnitude", 1 - threshold)
    if top_kept < 0.3 and density > 0.5:
        return _band(rank, kept, threshold)
    in_row = p.field.row_rank[sure, i]
    slope = float(np.polyfit(in_row, kept.astype(float), 1)[0])
    if abs(slope) > 0.1:
        # DELLA keeps with chance from density − ε, the smallest, to density + ε, the largest, and
        # all of them are chances: 0 < density − ε and density + ε < 1 (mergekit, ``sparsify.py``).
        possible = 0 < slope / 2 < min(density, 1 - density) + 0.01
        return Keeping("ramp" if possible else "none", density, slope / 2)
    return Keeping("random", density)


def _largest_kept(rank: Array, kept: Masks) -> float:
    """Share kept of the largest differences: the fewest of them that are enough to say it.

    Where models are near each other only small weights are looked at, and few are the largest.
    """
    for width in (0.004, 0.01, 0.02):
        top = rank >= 1 - width
        if int(np.count_nonzero(top)) >= 10:
            return float(kept[top].mean())
    return 1.0


def _band(rank: Array, kept: Masks, threshold: float) -> Keeping:
    """Lower and upper end of what is kept."""
    upper = float(np.quantile(rank[kept], 0.999)) if kept.any() else 1.0
    lower = float(np.quantile(rank[kept], 0.001)) if kept.any() else threshold
    return Keeping("band", upper - lower, max(0.0, 1 - upper))


def consensus(p: Patterns) -> bool | None:
    """Whether parents of the minority sign are erased; ``None`` where it cannot be told."""
    if len(p.members) < 2:
        return None
    subsets = list(p.table)
    signs = np.sign(p.field.d * np.sign(p.single))
    opposed = (signs[:, 0] != signs[:, 1]) & (p.which >= 0)
    agreed = (signs[:, 0] == signs[:, 1]) & (p.which >= 0)
    both = np.array([0 in s and 1 in s for s in subsets])
    if int(opposed.sum()) < 100 or int(agreed.sum()) < 100:
        return None
    rate = [float(both[p.which[mask]].mean()) for mask in (opposed, agreed)]
    return rate[0] < 0.2 * rate[1]


def linked(p: Patterns) -> float:
    """The largest correlation of two parents' masks where signs agree, 0 to 1."""
    subsets = list(p.table)
    signs = np.sign(p.field.d * np.sign(p.single))
    which = p.which[np.all(signs == signs[:, :1], axis=1) & (p.which >= 0)]
    has = np.array([[i in s for s in subsets] for i in range(len(p.members))], float)[:, which]
    made = [row for row in has if len(row) and row.std() > 0]
    return max((abs(float(np.corrcoef(a, b)[0, 1])) for a, b in combinations(made, 2)), default=0)


def share_kept(f: Field, j: int, k: Keeping) -> float:
    """Of Σ|d|, how much is expected to be kept: what mergekit divides the rest by."""
    size = np.abs(f.d[:, j])
    ramp = k.extra * (2 * f.row_rank[:, j] - 1) if k.rule == "ramp" else 0.0
    return float((size * (k.density + ramp)).sum() / size.sum())


WHOLE = 0.02
"""Distance of a coefficient from 1 up to which it is 1."""
BROKEN = 0.003
"""Share of elements that a threshold may get wrong: none, but for numbers that are equal."""


def one_parent(p: Patterns, seen: Keeping) -> Keeping:
    """One parent: fusion keeps by a threshold of its own in each row, and takes what it keeps whole.

    With one parent a mask is all the evidence there is, so the rule must be exact.
    """
    if abs(p.single[0] - 1) > WHOLE:
        return seen
    if _broken(p, p.field.row) <= BROKEN:
        return Keeping("rows", seen.density)
    if seen.rule == "magnitude" and _broken(p, np.zeros_like(p.field.row)) <= BROKEN:
        return seen
    # Taken whole by chance: a stage on the way between the two looks so as well.
    return Keeping("none", seen.density)


def _broken(p: Patterns, row: Array) -> float:
    """Share of the elements that the best threshold of each row of each tensor gets wrong."""
    sure = p.which >= 0
    kept = np.array([0 in s for s in p.table])[p.which[sure]]
    tensor, row = p.field.tensor[sure], row[sure]
    order = np.lexsort((np.abs(p.field.d[sure, 0]), row, tensor))
    changes = np.diff(tensor[order]).astype(bool) | np.diff(row[order]).astype(bool)
    wrong = 0.0
    for mine in np.split(kept[order].astype(float), np.flatnonzero(changes) + 1):
        # Below the cut nothing should be kept, above it everything.
        below = np.concatenate([[0], np.cumsum(mine)])
        above = (1 - mine).sum() - np.concatenate([[0], np.cumsum(1 - mine)])
        wrong += float((below + above).min())
    return wrong / max(len(kept), 1)
