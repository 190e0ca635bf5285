"""The committed table of findings on real cards is complete, and each frequent rule is justified."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from cardlint.engine import CRASHED
from cardlint.rule import registry
from tests.corpus import report

CARDS = Path(__file__).parents[3] / "shared" / "cards"


def rows() -> list[dict[str, str]]:
    """The committed table."""
    with report.TABLE.open(encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def test_the_table_speaks_of_rules_that_exist() -> None:
    """Every row is of a rule, over at least 1,600 cards; no rule crashed."""
    assert {row["rule"] for row in rows()} <= set(registry()) - {CRASHED}
    assert all(int(row["of"]) >= 1600 for row in rows())


def test_every_frequent_rule_is_justified() -> None:
    """A rule that fires on more than one card in ten says why that is right."""
    often = [row for row in rows() if int(row["cards"]) > report.OFTEN * int(row["of"])]
    assert [row["rule"] for row in often if not row["why it is right"]] == []
    assert [row["rule"] for row in often if row["severity"] == "error"] == []


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.skipif(not CARDS.is_dir(), reason="the shared cards are not beside the checkout")
def test_the_table_is_not_stale() -> None:
    """`python -m tests.corpus.report` would write nothing else for the rules about metadata."""
    now = [line for line in report.count(CARDS).rows() if line.startswith("metadata/")]
    then = report.TABLE.read_text("utf-8").splitlines()
    assert now == [line for line in then if line.startswith("metadata/")]
