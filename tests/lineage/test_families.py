"""Traces in whole families whose tree is known: who is found, and that nobody else is named."""

from __future__ import annotations

import time
from collections.abc import Sequence
from unittest import mock

import pytest

from cardlint.lineage import merges
from cardlint.lineage.explain import explain
from cardlint.weights.compare import compare
from cardlint.weights.evidence import Comparison
from cardlint.weights.sketch import Sketch
from tests.accuracy.family import SIZES, make
from tests.benchmarks.trace import LAB, Family, family

COMPARISONS = 60
"""What a trace costs on average, in comparisons of two models in the same run: 20 to 30."""


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Family:
    """A family drawn from seeds: bases, fine-tunes far and near, copies in disguise, merges."""
    folder = tmp_path_factory.mktemp("family")
    with mock.patch.dict(SIZES, hidden=64, vocab=256):
        make(folder, seed=7)
    return family([folder])


def test_true_parents_come_first_among_all_decoys(drawn: Family) -> None:
    """Merges, one of them a few units in the last place from its parents."""
    cases = list(drawn.present(["m-rio", "m-small"]))
    assert [c.model.name for c in cases if not c.right] == []
    assert [c.model.name for c in cases if c.falsely_named] == []
    assert [c.model.name for c in cases if not c.answer.named] == []


def test_nobody_is_named_in_place_of_absent_parents(drawn: Family) -> None:
    """The relatives that are left explain nothing, and that is said."""
    cases = list(drawn.absent(["m-small"]))
    assert [(c.model.name, c.answer.named) for c in cases] == [("m-small", ())]


def test_few_proposals_are_compared_in_full(drawn: Family, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the screen lets through is bounded, however many relatives there are."""
    tried: list[Sequence[Sketch]] = []

    def counted(
        model: Sketch, parents: Sequence[Sketch], controls: Sequence[Sketch] = ()
    ) -> Comparison:
        tried.append(parents)
        return compare(model, parents, controls)

    monkeypatch.setattr(merges, "compare", counted)
    assert [c.right for c in drawn.present(["m-small"])] == [True]
    assert 1 <= len(tried) <= merges.MAX_CONFIRMED


def test_what_began_later_is_no_parent(drawn: Family) -> None:
    """With one of the two parents known to be younger, no recipe is left."""
    parents = [drawn.sketches[n] for n in ("A-code", "A")]
    assert explain(drawn.sketches["m-rio"], parents).named == ("A-code", "A")
    said = explain(drawn.sketches["m-rio"], parents, later=["A-code"])
    assert (said.kind, said.parents, said.named) == ("relative", ("A",), ())


def test_of_copies_the_declared_one_is_named(drawn: Family) -> None:
    """A re-upload of a declared base accuses nobody."""
    candidates = [drawn.sketches[n] for n in ("A", "A-code", "x-rename")]
    for declared in ("A-code", "x-rename"):
        said = explain(drawn.sketches["m-rio"], candidates, declared=["A", declared])
        (other,) = {"A-code", "x-rename"} - {declared}
        assert said.named == (declared, "A")
        assert said.same == {declared: (other,)}


@pytest.mark.slow
@pytest.mark.parametrize("which", ["lab", "drawn"])
def test_a_whole_family(which: str, drawn: Family) -> None:
    """At least 95 % of merges and fine-tunes are traced; without ancestors nobody is named."""
    if which == "lab" and not LAB.is_dir():
        pytest.skip("the lab is not beside the checkout (../shared/lab)")
    whole = family([LAB]) if which == "lab" else drawn
    present, absent = list(whole.present()), list(whole.absent())
    assert sum(c.right for c in present) >= 0.95 * len(present)
    assert [c.model.name for c in present if c.falsely_named] == []
    assert [(c.model.name, c.answer.named) for c in absent if c.answer.named] == []
    start = time.process_time()
    for case in present:
        compare(whole.sketches[case.model.name], [whole.sketches[case.answer.parents[0]]])
    one = (time.process_time() - start) / len(present)
    traces = [c.seconds for c in (*present, *absent)]
    assert sum(traces) / len(traces) < COMPARISONS * one, (sum(traces) / len(traces), one)
