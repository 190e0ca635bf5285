"""What stays when a network is rewritten without changing what it computes.

Hidden units may be permuted or change sign, neurons and heads may be permuted or rescaled, layers
dropped, repeated or reordered. Units are found again by the rows (or columns) that go with them:
rows of independently trained networks have cosines of 0 ± 1/√n, rows of relatives far above.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cardlint.weights.plan import is_vector, role
from cardlint.weights.runs import Runs, count, intersect, values
from cardlint.weights.sketch import Block, Sketch, Tensor

Floats = npt.NDArray[np.floating]
Indexes = npt.NDArray[np.int64]

MAX_ROWS = 4096
"""Rows that are matched with each other at most; the work grows with the square."""
SURE = 0.5
"""Mean cosine of matched rows from which a match is believed. The best of 4,096 random partners of
128 numbers each has 0.36, of 1,024 numbers 0.13."""
AHEAD = 0.15
"""By how much the best partner must lead the second. In output matrices all columns share the
frequency of tokens: there everything is like everything."""
TRIED = 256
"""Rows by which it is decided whether matching all is worth it."""
LAYER_SAMPLE = 1 << 14
"""Elements of each component that tell layers apart."""


@dataclass(frozen=True, slots=True)
class Match:
    """Rows of one matrix found again in another."""

    index: Indexes
    """``(n,)``: row i of the first is row ``index[i]`` of the second; no row twice."""
    sign: Floats
    """``(n,)``: 1 or −1."""
    cosine: float
    """Median cosine of the matched rows."""

    @property
    def moved(self) -> bool:
        """Whether it is anything but each row to itself."""
        return bool((self.index != np.arange(self.index.size)).any() or (self.sign < 0).any())


def unit_rows(matrix: Floats) -> Floats:
    """Rows of length one; rows of zeros stay zero."""
    norms = np.linalg.norm(matrix, axis=1, keepdims=True)
    return matrix / np.where(norms == 0, 1, norms)


def match_rows(a: Floats, b: Floats) -> Match | None:
    """Find the rows of ``a`` (n, k) among those of ``b`` (m, k), n ≤ m, up to sign.

    Pairs that are each other's best partner are taken first, the rest by falling cosine. For
    related networks this gives what the optimal assignment gives, in O(n m) memory and no solver.

    Returns:
        ``None`` when sizes forbid it or no row stands out.
    """
    n, m = len(a), len(b)
    if not 1 < n <= m <= MAX_ROWS or a.shape[1] != b.shape[1] or a.shape[1] < 8:
        return None
    x, y = unit_rows(a.astype(np.float32)), unit_rows(b.astype(np.float32))
    few = slice(None, None, max(1, n // TRIED))
    if not _stands_out(np.abs(x[few] @ y.T)):
        return None
    size = x @ y.T
    np.abs(size, out=size)
    index = np.full(n, -1, np.int64)
    best, back = size.argmax(1), size.argmax(0)
    mutual = back[best] == np.arange(n)
    index[mutual] = best[mutual]
    left = np.flatnonzero(~mutual)
    if left.size:
        free = np.setdiff1d(np.arange(m), index)
        rest = size[np.ix_(left, free)]
        for flat in np.argsort(rest, axis=None)[::-1]:
            i, j = divmod(int(flat), len(free))
            if index[left[i]] < 0 and free[j] >= 0:
                index[left[i]], free[j] = free[j], -1
    chosen = (x * y[index]).sum(axis=1)
    return Match(index, np.where(chosen < 0, -1.0, 1.0), float(np.median(np.abs(chosen))))


def _stands_out(size: Floats) -> bool:
    """Whether rows have one partner each: (some rows, all partners) of absolute cosines."""
    two = np.partition(size, size.shape[1] - 2, axis=1)[:, -2:]
    return bool(np.median(two[:, 1]) >= SURE and np.median(two[:, 1] - two[:, 0]) >= AHEAD)


def gram_similarity(a: Floats, b: Floats) -> float:
    """Correlation of the Gram matrices of token embeddings, without their diagonals.

    Invariant under permutation, reflection and rotation of the hidden units; widths may differ.

    Args:
        a: ``(t, d)`` embeddings of t tokens.
        b: ``(t, e)`` embeddings of the same tokens.
    """
    off = ~np.eye(len(a), dtype=bool)
    x, y = (unit_rows(m - m.mean(0)) for m in (a.astype(np.float64), b.astype(np.float64)))
    return cosine((x @ x.T)[off], (y @ y.T)[off])


MAX_ROTATED = 1024
"""Hidden units of which a rotation is looked for: the work grows with the cube."""
ROTATED = 0.9
"""Cosine, on tokens that had no part in finding it, from which a rotation is believed."""


def rotation(a: Floats, b: Floats) -> Floats | None:
    """The orthogonal matrix that lays ``b`` (t, d) on ``a`` (t, d), if it does.

    Half of the rows give it (Schönemann 1966, "the orthogonal Procrustes problem"), the others judge
    it: between independent models of one tokenizer the best rotation fits only what it was made of.

    Returns:
        ``(d, d)`` with ``b @ rotation ≈ a``; ``None`` when there are too few rows or none fits.
    """
    rows, width = a.shape
    if width > MAX_ROTATED or rows < 3 * width:
        return None

    def turn(x: Floats, y: Floats) -> Floats:
        left, _, right = np.linalg.svd(y.astype(np.float64).T @ x.astype(np.float64))
        return np.asarray(left @ right)

    if cosine(a[1::2].ravel(), (b[1::2] @ turn(a[::2], b[::2])).ravel()) < ROTATED:
        return None
    return turn(a, b)


def as_order(turn: Floats) -> Match | None:
    """A rotation that moves or reflects units only, as that; ``None`` when it blends them."""
    index = np.abs(turn).argmax(0)
    strength = turn[index, np.arange(len(turn))]
    if np.abs(strength).min() < ROTATED or len(set(index.tolist())) < len(turn):
        return None
    return Match(index, np.where(strength < 0, -1.0, 1.0), float(np.median(np.abs(strength))))


def cosine(x: Floats, y: Floats) -> float:
    """Cosine of the centred vectors; 0 where one of them is constant."""
    x, y = x - x.mean(), y - y.mean()
    scale = float(np.linalg.norm(x) * np.linalg.norm(y))
    return float(x @ y) / scale if scale else 0.0


# --- layers -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LayerLikeness:
    """How alike every layer of a model is to every layer of another."""

    mine: tuple[int, ...]
    theirs: tuple[int, ...]
    cosines: Floats
    """``(len(mine), len(theirs))``: mean over components of the cosine at common positions."""
    noise: float
    """Standard deviation of an entry when nothing is related."""


def layer_likeness(model: Sketch, parent: Sketch, stack: str = "") -> LayerLikeness | None:
    """Compare every layer with every layer, at the positions that all of them have read.

    Args:
        model: rows of the result.
        parent: columns of the result.
        stack: which layers, such as ``encoder.``; the main ones if empty.

    Returns:
        ``None`` when the two have no component in common.
    """
    a, b = _by_layer(model, stack), _by_layer(parent, stack)
    mine, theirs = sorted(a), sorted(b)
    if not mine or not theirs:
        return None
    total = np.zeros((len(mine), len(theirs)))
    number = np.zeros_like(total)
    variance = np.zeros_like(total)
    for name in sorted({n for layer in a.values() for n in layer}):
        rows = [(i, a[layer][name]) for i, layer in enumerate(mine) if name in a[layer]]
        columns = [(j, b[layer][name]) for j, layer in enumerate(theirs) if name in b[layer]]
        shape = rows[0][1].tensor.shape
        rows = [r for r in rows if r[1].tensor.shape == shape]
        columns = [c for c in columns if c[1].tensor.shape == shape]
        runs = _common([block for _, block in rows + columns])
        if runs is None or not columns:
            continue
        x = np.stack([_sample(block, runs) for _, block in rows])
        y = np.stack([_sample(block, runs) for _, block in columns])
        at = np.ix_([i for i, _ in rows], [j for j, _ in columns])
        total[at] += _finite(x) @ _finite(y).T
        variance[at] += 1 / x.shape[1]
        number[at] += 1
    if not number.any():
        return None
    number = np.maximum(number, 1)
    noise = float(np.sqrt(variance.max()) / number.max())
    return LayerLikeness(tuple(mine), tuple(theirs), total / number, noise)


def layer_map(likeness: LayerLikeness) -> dict[int, int | None] | None:
    """Each layer's counterpart, or ``None`` when no layer is like any.

    A layer that stands in its own place is left there as long as it fits there nearly as well.
    """
    floor = max(0.05, 6 * likeness.noise)
    found: dict[int, int | None] = {}
    for row, layer in enumerate(likeness.mine):
        scores = likeness.cosines[row]
        best = int(scores.argmax())
        if scores[best] < floor:
            found[layer] = None
            continue
        own = likeness.theirs.index(layer) if layer in likeness.theirs else best
        near = scores[own] >= scores[best] - max(4 * likeness.noise, 1e-3)
        found[layer] = likeness.theirs[own if near else best]
    return found if any(v is not None for v in found.values()) else None


def stacks(sketch: Sketch) -> list[str]:
    """What stands before ``layers.N`` in a sketch's canonical names, the main stack first."""
    names = {stack_of(t) for t in sketch.tensors.values() if t.layer is not None}
    return sorted(n for n in names if n is not None)


def stack_of(tensor: Tensor) -> str | None:
    """``encoder.`` of ``encoder.layers.3.…``; ``None`` for a name that no table knows."""
    before, found, _ = tensor.canonical.partition(f"layers.{tensor.layer}.")
    return before if found else None


def _by_layer(sketch: Sketch, stack: str) -> dict[int, dict[str, Block]]:
    result: dict[int, dict[str, Block]] = {}
    for block in sketch.blocks.values():
        t = block.tensor
        if t.layer is None or t.expert is not None or len(t.shape) < 2 or is_vector(t.component):
            continue
        if stack_of(t) == stack:
            result.setdefault(t.layer, {})[role(t)] = block
    return result


def _common(blocks: Sequence[Block]) -> Runs | None:
    runs = blocks[0].runs if blocks else None
    for block in blocks[1:]:
        runs = intersect(runs, block.runs) if runs is not None else None
    return runs if runs is not None and count(runs) >= 64 else None


def _sample(block: Block, runs: Runs) -> Floats:
    x = values(block, runs)
    if x.size > LAYER_SAMPLE:  # a stride would follow the columns; a prime one does not
        x = x[:: x.size // LAYER_SAMPLE | 1]
    return x


def _finite(x: Floats) -> Floats:
    x = np.nan_to_num(x.astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    return unit_rows(x - x.mean(1, keepdims=True))


def mapped(tensor: Tensor, layers: Mapping[tuple[str, int], int | None]) -> str | None:
    """The canonical name of a tensor's counterpart when layers are moved."""
    stack = stack_of(tensor)
    if tensor.layer is None or stack is None or (stack, tensor.layer) not in layers:
        return tensor.canonical
    other = layers[stack, tensor.layer]
    if other is None:
        return None
    return tensor.canonical.replace(f"layers.{tensor.layer}.", f"layers.{other}.", 1)


def is_sinusoid(rows: Floats) -> bool:
    """Whether rows are sines and cosines of one table: s² + c² = 1 in every pair of columns.

    Whisper's encoder and the first transformers keep positions so (Vaswani et al. 2017, 3.5), the two
    halves side by side or taking turns. The same in unrelated models.

    Args:
        rows: ``(n, d)`` whole rows.
    """
    width = rows.shape[1]
    if width % 2 or width < 4 or not len(rows):
        return False
    half = width // 2
    squares = rows.astype(np.float64) ** 2
    beside, turns = squares[:, :half] + squares[:, half:], squares[:, ::2] + squares[:, 1::2]
    return any(bool(np.abs(pairs - 1).max() < 0.02) for pairs in (beside, turns))
