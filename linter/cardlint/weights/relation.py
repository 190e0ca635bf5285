"""How a model relates to one other model (design notes "Weight evidence", section 3).

Norms and biases never enter the similarity: unrelated models agree in them to 0.999. What training
did *to* the norms (their centered values) tells something else: it is shared by a model and what
was made from it, and not by two runs that merely began with the same random numbers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from cardlint.findings import Confidence
from cardlint.weights import direction, null
from cardlint.weights.align import Aligned, Transform
from cardlint.weights.evidence import Kind, Relation
from cardlint.weights.grid import grid
from cardlint.weights.rounding import EXACT, cell, to_dtype

RELATED = 0.2
"""Similarity below this is none, whatever its p-value: a shared recipe can correlate a little."""
MOST_P = 1e-3
"""P-value from which a similarity may be chance."""
DERIVED = 0.75
"""Fine-tunes keep 0.85 to 0.9999; a shared initialization with other data leaves about 0.5."""
SURE_DERIVED = 0.9
LEARNED = 0.5
"""Correlation of centered norms below which two models did not learn together."""
TOGETHER = 0.8
"""And above which they did."""
PART = 0.05
"""Share of equal elements, zeros apart, that two models do not have by chance."""
BY_TOKEN = frozenset({"embedding", "lm_head"})
"""Components whose rows are tokens, not neurons."""
CHUNK = 64
"""Elements that stand for a row where only blocks of a tensor were read."""
MAX_ROWS = 512
RANK_SIDE = 192
"""Rows and columns of the part of a difference whose rank is looked at."""

Floats = npt.NDArray[np.floating]


def is_matrix(t: Aligned) -> bool:
    """Whether a tensor may count for the relation."""
    return len(t.shape) >= 2 and not t.fixed and not t.component.startswith("norm")


def rows(t: Aligned, values: Floats) -> Floats:
    """The values as rows: the tensor's own where it was read whole, else pieces of 64 elements."""
    width = t.shape[-1] if t.whole and len(t.shape) >= 2 else CHUNK
    if width < 8 or width > values.size:
        width = CHUNK
    used = values.size // width * width
    return values[:used].reshape(-1, width)


@dataclass
class _Sums:
    """What one pass over the tensors gathers."""

    xx: float = 0.0
    yy: float = 0.0
    xy: float = 0.0
    dd: float = 0.0
    raw_yy: float = 0.0
    n: int = 0
    same: int = 0
    cast: int = 0
    """Elements that are the parent's, cast to the model's dtype."""
    uncast: int = 0
    """Elements of the parent that are the model's, cast to the parent's dtype."""
    zeros: tuple[int, int] = (0, 0)
    """Elements that only the model, and that only the parent, has set to zero."""
    empty: int = 0
    """Elements that are zero in both."""
    p_values: list[float] = field(default_factory=list)
    by_token: list[float] = field(default_factory=list)
    """P-values of embeddings: taken only where nothing else was read, since tokens are no neurons
    and their order means something in unrelated models too."""
    growth: list[float] = field(default_factory=list)
    cosines: list[float] = field(default_factory=list)
    norms: list[tuple[float, float, float]] = field(default_factory=list)
    others: tuple[int, int] = (0, 0)
    """Same and all elements outside the matrices."""


def relate(
    parent: str, index: int, tensors: Sequence[Aligned], transform: Transform, unmatched: int
) -> Relation:
    """The relation of the model to its ``index``-th parent.

    Args:
        parent: its name.
        index: its place in each tensor's ``parents``.
        tensors: aligned tensors.
        transform: what alignment did to the parent.
        unmatched: tensors of either that have no counterpart in the other.
    """
    sums = _Sums()
    dtypes: set[tuple[str, str]] = set()
    for t in tensors:
        y = t.parents[index]
        if y is None or t.fixed or not t.x.size:
            continue
        mine, theirs = t.dtypes[0] or "", t.dtypes[index + 1] or ""
        dtypes.add((mine, theirs))
        _add(sums, t, y, mine, theirs)
    if not sums.n or sums.raw_yy == 0:
        return not_comparable(parent, "no weight matrix of one has a counterpart in the other")
    similarity = sums.xy / math.sqrt(sums.xx * sums.yy) if sums.xx > 0 and sums.yy > 0 else 0.0
    p_value = null.combine(sums.p_values or sums.by_token)
    norms = _norms(sums)
    way, way_confidence = direction.by_zeros(*sums.zeros, sums.same, sums.n) or direction.by_growth(
        sums.growth
    )
    pair = _Pair(tensors, index, transform, unmatched, dtypes)
    kind, confidence, rank, note = _kind(pair, sums, similarity, p_value, norms)
    if p_value > MOST_P and kind.derived and confidence is Confidence.HIGH:
        confidence, note = Confidence.LOW, note or "too little was read for a small p-value"
    if sums.same == sums.n or kind in (Kind.UNRELATED, Kind.SHARED_INIT):
        way, way_confidence = direction.UNKNOWN, Confidence.LOW
    if kind is Kind.REENCODED and sums.same < sums.n:  # equal numbers: no cast has lost anything
        way, way_confidence = _coarser(dtypes)
    return Relation(
        parent=parent,
        kind=kind,
        similarity=similarity,
        p_value=p_value,
        confidence=confidence,
        identical=sums.same / sums.n,
        distance=math.sqrt(sums.dd / sums.raw_yy),
        norms=norms,
        direction=way,
        direction_confidence=way_confidence,
        rank=rank,
        note=note,
    )


def not_comparable(parent: str, why: str) -> Relation:
    """That nothing can be said, and why."""
    return Relation(
        parent=parent,
        kind=Kind.NOT_COMPARABLE,
        similarity=0.0,
        p_value=1.0,
        confidence=Confidence.LOW,
        identical=0.0,
        distance=0.0,
        note=why,
    )


def _add(sums: _Sums, t: Aligned, y: Floats, mine: str, theirs: str) -> None:
    x = t.x
    same = int(np.count_nonzero(x == y))
    if not is_matrix(t):
        sums.others = (sums.others[0] + same, sums.others[1] + x.size)
        if t.component.startswith("norm") and x.size >= 16:
            a, b = x - x.mean(), y - y.mean()
            sums.norms.append((float(a @ a), float(b @ b), float(a @ b)))
        return
    sums.n += x.size
    sums.same += same
    none, nor = x == 0, y == 0
    sums.zeros = (
        sums.zeros[0] + int(np.count_nonzero(none & ~nor)),
        sums.zeros[1] + int(np.count_nonzero(nor & ~none)),
    )
    sums.empty += int(np.count_nonzero(none & nor))
    if mine != theirs:
        sums.cast += _share_cast(y, x, mine)
        sums.uncast += _share_cast(x, y, theirs)
    d = x - y
    a, b = (
        x - x.mean(dtype=np.float64).astype(x.dtype),
        y - y.mean(dtype=np.float64).astype(y.dtype),
    )
    xx, yy, xy, dd = (float(np.dot(u, v)) for u, v in ((a, a), (b, b), (a, b), (d, d)))
    raw_x, raw_y = float(np.dot(x, x)), float(np.dot(y, y))
    sums.xx, sums.yy, sums.xy = sums.xx + xx, sums.yy + yy, sums.xy + xy
    sums.dd, sums.raw_yy = sums.dd + dd, sums.raw_yy + raw_y
    if xx > 0 and yy > 0:
        sums.cosines.append(xy / math.sqrt(xx * yy))
        pairs_x, pairs_y = rows(t, x), rows(t, y)
        step = max(1, len(pairs_x) // MAX_ROWS)
        into = sums.by_token if t.component in BY_TOKEN else sums.p_values
        seed = len(sums.p_values) + len(sums.by_token)
        into.append(null.row_p_value(pairs_x[::step], pairs_y[::step], seed=seed))
    if dd > 1e-12 * raw_y:
        sums.growth.append((raw_x - raw_y) / dd)


def _share_cast(source: Floats, stored: Floats, dtype: str) -> int:
    if dtype not in EXACT:
        return 0
    return int(np.count_nonzero(to_dtype(source, dtype) == stored))


def _norms(sums: _Sums) -> float | None:
    a, b, ab = (
        (sum(column) for column in zip(*sums.norms, strict=True)) if sums.norms else (0, 0, 0)
    )
    return ab / math.sqrt(a * b) if a > 0 and b > 0 else None


REARRANGED = 0.01
"""‖R − P‖/‖P‖, in order again, up to which a model is a copy: what rounding and folded norms leave."""


def _coarser(dtypes: set[tuple[str, str]]) -> tuple[str, Confidence]:
    """A cast to fewer bits cannot be undone: the coarser one is the copy."""
    fine = {"F64": 4, "F32": 3, "F16": 2, "BF16": 2}
    mine = min((fine.get(m, 1) for m, _ in dtypes), default=0)
    theirs = min((fine.get(p, 1) for _, p in dtypes), default=0)
    if mine == theirs:
        return direction.UNKNOWN, Confidence.LOW
    way = direction.FROM_PARENT if mine < theirs else direction.FROM_MODEL
    return way, Confidence.MEDIUM


@dataclass(frozen=True, slots=True)
class _Pair:
    """The model and one parent, as aligned."""

    tensors: Sequence[Aligned]
    index: int
    transform: Transform
    unmatched: int
    dtypes: set[tuple[str, str]]
    """Of the model and of the parent, tensor by tensor."""


def _kind(
    pair: _Pair, sums: _Sums, similarity: float, p_value: float, norms: float | None
) -> tuple[Kind, Confidence, int | None, str]:
    """Kind, confidence, rank of the difference where it is low, and a note."""
    transform, dtypes = pair.transform, pair.dtypes
    if (
        sums.same == sums.n
        and sums.others[0] == sums.others[1]
        and not pair.unmatched
        and transform.trivial
    ):
        if all(mine == theirs for mine, theirs in dtypes):
            return Kind.IDENTICAL, Confidence.CERTAIN, None, ""
        return Kind.REENCODED, Confidence.CERTAIN, None, _casts(dtypes)
    if abs(similarity) < RELATED or (p_value > MOST_P and similarity < DERIVED):
        shared = (sums.same - sums.empty) / sums.n
        if shared >= PART:
            note = f"{shared:.0%} of the elements are equal, the others show no relation"
            return Kind.SHARED_INIT, Confidence.MEDIUM, None, note
        sure = Confidence.HIGH if sums.n >= 10_000 else Confidence.MEDIUM
        return Kind.UNRELATED, sure if abs(similarity) < RELATED else Confidence.LOW, None, ""
    if similarity < DERIVED or (
        norms is not None and norms < LEARNED and similarity < SURE_DERIVED
    ):
        if norms is not None and norms > TOGETHER and similarity > 0.5:
            return Kind.FINETUNE, Confidence.MEDIUM, None, "far from it, yet the norms agree"
        if norms is not None and norms > LEARNED:
            note = "a long training of one from the other, or two trainings from one start"
            return Kind.SHARED_INIT, Confidence.LOW, None, note
        note = "as two trainings from one initialization do; that is not derivation"
        return Kind.SHARED_INIT, Confidence.MEDIUM, None, note
    if transform.layers is not None and any(k != v for k, v in transform.layers.items()):
        return Kind.DEPTH_CHANGED, Confidence.HIGH, None, _layers(transform)
    if transform.steps:
        note = "; ".join(transform.steps)
        if math.sqrt(sums.dd / sums.raw_yy) <= REARRANGED:
            return Kind.PERMUTED, Confidence.HIGH, None, note
        # Put back in order they still differ: training came between, and it is no copy.
        sure = Confidence.HIGH if similarity >= SURE_DERIVED else Confidence.MEDIUM
        return Kind.FINETUNE, sure, None, f"its units are in another order: {note}"
    if transform.vocabulary:
        common, larger = transform.vocabulary
        return Kind.VOCAB_EXTENDED, Confidence.HIGH, None, f"{common:,} of {larger:,} rows compared"
    encoded = _encoding(sums, dtypes, pair.tensors, pair.index)
    if encoded:
        return Kind.REENCODED, Confidence.HIGH, None, encoded
    if sums.same == sums.n and sums.others[0] == sums.others[1] and transform.trivial:
        ones = "tensor stands" if pair.unmatched == 1 else "tensors stand"
        note = f"all common elements are the same; {pair.unmatched} {ones} in one of them only"
        return Kind.FINETUNE, Confidence.HIGH, None, note
    rank = low_rank(pair.tensors, pair.index)
    if rank:
        return Kind.ADAPTER, Confidence.HIGH, rank, f"the difference has rank {rank}"
    sure = Confidence.HIGH if similarity >= SURE_DERIVED else Confidence.MEDIUM
    return Kind.FINETUNE, sure, None, ""


def _layers(transform: Transform) -> str:
    pairs = (transform.layers or {}).items()
    return "layers " + ", ".join(f"{k}←{'–' if v is None else v}" for k, v in pairs)


def _casts(dtypes: set[tuple[str, str]]) -> str:
    return ", ".join(sorted(f"{theirs} → {mine}" for mine, theirs in dtypes if mine != theirs))


def _encoding(
    sums: _Sums, dtypes: set[tuple[str, str]], tensors: Sequence[Aligned], index: int
) -> str:
    """How the model is a re-encoding of the parent, or nothing."""
    if any(mine != theirs for mine, theirs in dtypes):
        same_dtype = sums.same  # elements of tensors that kept their dtype count as they are
        if max(sums.cast, sums.uncast) + min(same_dtype, sums.n) >= 0.999 * sums.n and (
            sums.cast >= 0.999 * sums.n or sums.uncast >= 0.999 * sums.n
        ):
            return _casts(dtypes)
        coarse = {d for pair in dtypes for d in pair if d not in EXACT}
        if coarse and math.sqrt(sums.dd / sums.raw_yy) < 0.2 and min(sums.cosines) > 0.97:
            return f"stored as {', '.join(sorted(coarse))}; the difference is the size of its steps"
    votes = [
        name
        for t in tensors
        if is_matrix(t) and t.whole and (y := t.parents[index]) is not None
        if (name := grid(t.x, y, t.shape[-1]))
    ]
    matrices = sum(1 for t in tensors if is_matrix(t) and t.whole and t.parents[index] is not None)
    changed = [n for n in votes if n != "unchanged"]
    if matrices and changed and len(votes) >= 0.9 * matrices:
        return f"rounded to {max(set(changed), key=changed.count)} and stored again"
    return ""


def low_rank(tensors: Sequence[Aligned], index: int) -> int | None:
    """The largest rank of the differences, if all that differ have one far below full rank.

    A part of a matrix of rank r has rank ≤ r, so that 192 rows and columns are enough. What lies
    beyond rank r must be no more than what storing the sum has rounded away.
    """
    found: list[int] = []
    for t in tensors:
        y = t.parents[index]
        if y is None or not is_matrix(t) or not t.whole or len(t.shape) != 2 or min(t.shape) < 16:
            continue
        if (t.dtypes[0] or "") not in EXACT or np.array_equal(t.x, y):
            continue
        a = _corner(t.x.reshape(t.shape))
        d = a.astype(np.float64) - _corner(y.reshape(t.shape))
        low, high = cell(a, t.dtypes[0] or "")
        noise = float(np.sum((high - low) ** 2) / 12)
        energy = np.linalg.svd(d, compute_uv=False) ** 2
        if energy.sum() < 4 * noise:
            return None
        tail = energy.sum() - np.concatenate([[0.0], np.cumsum(energy)])
        # The top r of pure noise carry more than their share: allow for what r removed.
        rank = int(np.argmax(tail <= 1.3 * noise))
        if rank == 0 or rank > min(d.shape) // 4:
            return None
        found.append(rank)
        if len(found) == 12:
            break
    return max(found) if len(found) >= 2 else None


def _corner(matrix: Floats) -> Floats:
    """At most 192 rows and columns, spread over the matrix."""
    steps = tuple(max(1, size // RANK_SIDE) for size in matrix.shape)
    return matrix[:: steps[0], :: steps[1]][:RANK_SIDE, :RANK_SIDE]
