"""What was not checked is told briefly, and never left out."""

from __future__ import annotations

from cardlint.findings import NotChecked, TargetReport
from cardlint.report.gaps import gather


def _target(name: str, *gaps: NotChecked) -> TargetReport:
    return TargetReport(name, None, None, (), gaps)


def _gone(id_: str) -> NotChecked:
    return NotChecked(
        f"license of {id_}", f"{id_} is not in the cache", "Go online.", ("license/x",)
    )


def test_one_reason_for_two_facts_is_told_once() -> None:
    """Facts and rules are gathered under it."""
    one = NotChecked("weights", "there are none", None, ("weights/a", "weights/b"))
    two = NotChecked("headers", "there are none", None, ("weights/c",))
    (gap,) = gather([_target("m", one, two)])
    assert gap.what == "headers, weights"
    assert gap.stopped == "weights/a, weights/b, weights/c"


def test_a_few_parents_are_named_and_many_are_counted() -> None:
    """Up to three reasons that differ in a name stand alone; more are one."""
    few = gather([_target("m", *(_gone(f"org/m{i}") for i in range(3)))])
    assert [g.why for g in few] == [f"org/m{i} is not in the cache" for i in range(3)]
    (many,) = gather([_target("m", *(_gone(f"org/m{i}") for i in range(4)))])
    assert (many.what, many.why) == ("license of …", "… is not in the cache")
    assert len(gather([_target("m", *(_gone(f"org/m{i}") for i in range(4)))], every=True)) == 4


def test_many_targets_are_counted() -> None:
    """Each under one reason, with its own name left out."""
    targets = [
        _target(f"t{i}", NotChecked("history", f"t{i} has no history", None, ("history/a",)))
        for i in range(5)
    ]
    (gap,) = gather(targets)
    assert (gap.why, gap.where) == ("… has no history", "5 repositories")
    (pair,) = gather(targets[:2])
    assert pair.where == "t0, t1"


def test_no_gap_is_lost() -> None:
    """Whatever is gathered, every target and rule of it is still there."""
    targets = [_target(f"t{i}", _gone(f"org/m{i}"), _gone("org/same")) for i in range(20)]
    found = gather(targets)
    assert {t for g in found for t in g.targets} == {f"t{i}" for i in range(20)}
    assert {r for g in found for r in g.rules} == {"license/x"}


def test_a_rule_that_stopped_itself_is_named_once() -> None:
    """`rule, because …` needs no line that the rule could not say anything."""
    gap = NotChecked("license/link-unanswered", "not asked", None, ("license/link-unanswered",))
    assert gather([_target("m", gap)])[0].stopped == ""
