"""What a recipe explains, and how well."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from cardlint.findings import Json
from cardlint.weights.align import Aligned
from cardlint.weights.evidence import Interval
from cardlint.weights.rounding import bf16, to_dtype
from cardlint.weights.samples import Sample

Floats = npt.NDArray[np.floating]
Array = npt.NDArray[np.float64]
Single = npt.NDArray[np.float32]
Round = Callable[[Floats], Single]
Recipe = Callable[[Aligned], Floats | None]
"""One tensor → what the recipe gives for its elements (before the last rounding), or ``None``
where it cannot be computed from what was read."""

FLOAT32 = "float32, rounded once"
BFLOAT16 = "bfloat16 throughout"
FLOAT16 = "float16 throughout"
PROOF = 0.99
"""Bit-identical share from which a replay proves the arithmetic."""
MAX_REPLAY = 8_000_000
"""Elements that one replay looks at."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A model and its parents, prepared."""

    names: tuple[str, ...]
    """Of the parents."""
    tensors: tuple[Aligned, ...]
    """Those that all parents have and that are evidence."""
    samples: tuple[Sample, ...]
    """Some elements of each, in the same order."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """A recipe with its parameters and what it explains."""

    method: str
    coefficients: Mapping[int, Interval]
    """Parent → coefficient, where one number holds for the whole model."""
    consistency: float
    chance: float
    arithmetic: str | None = None
    parameters: Mapping[str, Json] = field(default_factory=dict)
    replay: float | None = None
    """Bit-identical share of the elements at which the parents differ."""
    not_followed: tuple[str, ...] = ()
    per_tensor: Mapping[str, tuple[float | None, float]] = field(default_factory=dict)
    """Tensor → coefficient of the first parent there, and its consistency."""

    def replayed(self, problem: Problem, recipe: Recipe) -> Explanation:
        """The same with the recipe counted on every element."""
        share, by_tensor = replay(problem.tensors, recipe)
        lost = tuple(n for n, s in by_tensor.items() if s < 0.9)
        return replace(self, replay=share, not_followed=lost)


def replay(
    tensors: Sequence[Aligned], recipe: Recipe, limit: int = MAX_REPLAY
) -> tuple[float, dict[str, float]]:
    """Share of bit-identical elements among those at which the parents differ, all and by tensor.

    Tensors that the recipe cannot compute are left out; without any, the share is 0.
    """
    same = total = 0
    by_tensor: dict[str, float] = {}
    for t in tensors:
        if total >= limit:
            break
        y = recipe(t)
        if y is None:
            continue
        hit = to_dtype(y, t.dtypes[0] or "") == t.x
        first = t.parents[0]
        differ = np.zeros(t.x.size, np.bool_)
        for p in t.parents[1:]:
            differ |= p != first
        n = int(np.count_nonzero(differ))
        if not n:
            if not hit.all():
                by_tensor[t.canonical] = float(np.mean(hit))
            continue
        s = int(np.count_nonzero(hit & differ))
        same, total = same + s, total + n
        by_tensor[t.canonical] = s / n
    return (same / total if total else 0.0), by_tensor


def single_share(tensors: Sequence[Aligned]) -> float:
    """The best bit-identical share that one parent alone reaches: what a merge must beat."""
    best = 0.0
    for j in range(len(tensors[0].parents) if tensors else 0):

        def alone(t: Aligned, j: int = j) -> Floats | None:
            return t.parents[j]

        best = max(best, replay(tensors, alone)[0])
    return best


def exact(x: Floats) -> Single:
    """No rounding beyond float32."""
    return np.asarray(x, np.float32)


def b(x: Floats) -> Single:
    """One operation in bfloat16: computed in float32, rounded."""
    return bf16(x)


def h(x: Floats) -> Single:
    """One operation in float16."""
    return np.asarray(to_dtype(x, "F16"), np.float32)


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """A way to compute: what rounds after every operation."""

    name: str
    round: Round
    bits: int
    """Of the fraction, as stored: steps of a number x are 2^(⌊log₂ x⌋ − bits)."""


SINGLE = Arithmetic(FLOAT32, exact, 23)
SHORT = {"BF16": Arithmetic(BFLOAT16, b, 7), "F16": Arithmetic(FLOAT16, h, 10)}


def arithmetics(tensors: Sequence[Aligned]) -> tuple[Arithmetic, ...]:
    """Those in which software may have computed numbers of this dtype, the shorter first.

    A merge stored in float32 may have been computed in the parents' dtype nearly to the end.
    """
    for place in (slice(0, 1), slice(1, None)):
        stored = {d for t in tensors for d in t.dtypes[place] if d in SHORT}
        if len(stored) == 1:
            return (SHORT[stored.pop()], SINGLE)
    return (SINGLE,)


SEARCH = 150_000
"""Elements on which parameters are searched before all are counted."""


def subset(tensors: Sequence[Aligned]) -> list[Aligned]:
    """Whole tensors that together have about :data:`SEARCH` elements, spread over the model."""
    step = max(1, len(tensors) // 16)
    chosen: list[Aligned] = []
    total = 0
    for t in tensors[::step]:
        if total + t.x.size <= SEARCH or not chosen:
            chosen.append(t)
            total += t.x.size
    return chosen


def roundest(low: float, high: float) -> float:
    """The number with the fewest decimals between two ends: people write 0.7, not 0.69921875."""
    for digits in range(1, 8):
        unit = 10.0**-digits
        value = np.ceil(low / unit - 1e-9) * unit
        if value <= high + 1e-12:
            return round(float(value), digits)
    return (low + high) / 2
