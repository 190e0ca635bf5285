"""The plan picks the same canonical positions in every model of one architecture."""

from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
import pytest

from cardlint.weights.plan import LONG_ROW, Run, plan
from cardlint.weights.sketch import Tensor


def tensor(
    canonical: str, shape: tuple[int, ...], layer: int | None = None, expert: int | None = None
) -> Tensor:
    """A tensor whose component is the end of its name."""
    component = ".".join(w for w in canonical.split(".") if not w.isdigit() and w != "layers")
    return Tensor(canonical, component, layer, expert, shape, "BF16", (canonical,))


def model(layers: int = 4, vocab: int = 32_000, experts: int = 0) -> list[Tensor]:
    """A decoder of width 1,024."""
    found = [tensor("embedding", (vocab, 1024)), tensor("norm.final", (1024,))]
    for i in range(layers):
        found += [
            tensor(f"layers.{i}.attention.q", (1024, 1024), i),
            tensor(f"layers.{i}.norm.input", (1024,), i),
        ]
        found += [tensor(f"layers.{i}.experts.{e}.up", (512, 1024), i, e) for e in range(experts)]
    return found


def first(count: int, tensors: list[Tensor]) -> list[Run]:
    """So many runs of the plan."""
    return list(itertools.islice(plan(tensors), count))


FROZEN = [
    ("embedding", 9699328, 32768),
    ("embedding", 557056, 32768),
    ("norm.final", 0, 1024),
    ("layers.0.attention.q", 196608, 8192),
    ("layers.0.norm.input", 0, 1024),
    ("layers.1.attention.q", 196608, 8192),
    ("layers.1.norm.input", 0, 1024),
    ("embedding", 13991936, 32768),
    ("layers.0.attention.q", 548864, 8192),
    ("layers.1.attention.q", 548864, 8192),
]


def test_the_plan_of_version_1_is_frozen() -> None:
    """These positions are in sketches that people keep; another plan needs another version."""
    runs = [(r.canonical, r.start, r.length) for r in first(24, model(2))]
    assert runs[:2] + runs[16:] == FROZEN


def test_order_and_storage_of_tensors_do_not_matter() -> None:
    """Sharding and fusing change the order in which tensors are met."""
    assert set(first(60, model())) == set(first(60, model()[::-1]))


def test_the_same_positions_in_every_layer() -> None:
    """Otherwise a layer that moved could not be found again."""
    where: dict[int, set[int]] = {}
    for run in plan(model(6)):
        if "attention.q" in run.canonical:
            where.setdefault(int(run.canonical.split(".")[1]), set()).add(run.start)
    assert len(where) == 6
    assert len({frozenset(w) for w in where.values()}) == 1


def test_a_larger_vocabulary_keeps_the_common_rows() -> None:
    """A few added tokens must not move what is compared."""

    def rows(vocab: int) -> set[int]:
        return {r.start for r in first(16, model(1, vocab)) if r.canonical == "embedding"}

    assert len(rows(32_000)) == 16
    assert len(rows(32_000) & rows(32_064)) >= 15


def test_a_larger_budget_only_adds() -> None:
    """A sketch of 200 runs holds all of a sketch of 100."""
    assert first(200, model())[:100] == first(100, model())


def test_every_component_of_every_layer_comes_first() -> None:
    """One round touches each group before any is read twice."""
    runs = first(16 + 2 + 8, model(8))  # tokens, two norms, one run a layer
    assert {r.canonical for r in runs if "attention" in r.canonical} == {
        f"layers.{i}.attention.q" for i in range(8)
    }


def test_experts_take_turns() -> None:
    """All experts of a layer are read before one is read again; the first is the same everywhere."""
    runs = [r for r in plan(model(3, experts=8)) if "experts" in r.canonical]
    for layer in range(3):
        mine = [r.canonical for r in runs if r.canonical.startswith(f"layers.{layer}.")]
        assert len(set(mine[:8])) == 8
        assert mine[0].replace(f"layers.{layer}.", "") == runs[0].canonical.replace("layers.0.", "")
    second = {r.canonical.split(".")[3] for r in runs[3:6]}
    assert len(second) > 1


@pytest.mark.parametrize(
    "shape", [(1,), (7,), (100_000,), (1, 1), (3, 5), (10_000, 4), (2, LONG_ROW + 1), (8, 3, 3, 3)]
)
def test_in_the_end_everything_is_read_once(shape: tuple[int, ...]) -> None:
    """Slots cover the tensor without overlap and stay inside it."""
    seen: Counter[int] = Counter()
    for run in plan([tensor("x", shape)]):
        assert run.length > 0
        seen.update(range(run.start, run.start + run.length))
    assert seen == Counter(range(int(np.prod(shape))))


def test_nothing_to_read_is_no_endless_loop() -> None:
    """Empty and fixed tensors give no runs."""
    fixed = Tensor("f", "f", None, None, (4,), "F32", ("f",), fixed=True)
    assert list(plan([tensor("x", (0, 5)), fixed])) == []


def test_matrices_are_read_in_whole_rows() -> None:
    """Alignment by invariants needs them."""
    for run in first(100, model()):
        if "norm" not in run.canonical:
            assert run.start % 1024 == run.length % 1024 == 0
