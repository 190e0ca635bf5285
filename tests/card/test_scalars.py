"""Plain scalars mean to the Hub and to Python what cardlint says they mean."""

from __future__ import annotations

import datetime as dt
import math

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from cardlint.card.nodes import Kind
from cardlint.card.scalars import differ, hub, python

# What js-yaml 4.1.0 (DEFAULT_SCHEMA) made of each, recorded with node 20.
JS_YAML = [
    ("no", Kind.STR, "no"),
    ("off", Kind.STR, "off"),
    ("Yes", Kind.STR, "Yes"),
    ("True", Kind.BOOL, True),
    ("tRUE", Kind.STR, "tRUE"),
    ("~", Kind.NULL, None),
    ("", Kind.NULL, None),
    ("Null", Kind.NULL, None),
    ("1:30", Kind.STR, "1:30"),
    ("012", Kind.INT, 12),
    ("08", Kind.INT, 8),
    ("0o14", Kind.INT, 12),
    ("-0x1F", Kind.INT, -31),
    ("0b101", Kind.INT, 5),
    ("+7", Kind.INT, 7),
    ("1e3", Kind.FLOAT, 1000.0),
    ("1.", Kind.FLOAT, 1.0),
    (".5", Kind.FLOAT, 0.5),
    ("5e-05", Kind.FLOAT, 5e-05),
    ("-.inf", Kind.FLOAT, -math.inf),
    (".", Kind.STR, "."),
    ("1.2.3", Kind.STR, "1.2.3"),
    ("-", Kind.STR, "-"),
    ("0x", Kind.STR, "0x"),
    ("2024-01-31", Kind.DATE, "2024-01-31"),
    ("2024-1-31", Kind.STR, "2024-1-31"),
    ("2024-01-31 10:00:00", Kind.DATE, "2024-01-31 10:00:00"),
]


@pytest.mark.parametrize(("text", "kind", "data"), JS_YAML)
def test_the_hubs_reading(text: str, kind: Kind, data: object) -> None:
    """As js-yaml reads it."""
    assert hub(text) == (kind, data)


_PIECES = st.sampled_from(
    ["no", "Off", "yes", "ON", "true", "null", "~", "1", "0", "7", "9", "12", ":", "30", ".", "e",
     "E", "+", "-", "0x", "0b", "0o", "_", "a", "F", "inf", "nan", "2024-01-31", "T", "Z"]
)  # fmt: skip


@given(st.lists(_PIECES, min_size=1, max_size=5).map("".join))
def test_pythons_reading_is_pyyamls(text: str) -> None:
    """Whatever PyYAML's safe loader makes of a plain scalar, `python` says the same."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        expected = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError):
        return
    if not isinstance(node, yaml.ScalarNode) or node.value != text:
        return
    kind, data = python(text)
    if isinstance(expected, dt.date):
        assert (kind, data) == (Kind.DATE, text)
    elif isinstance(expected, float) and math.isnan(expected):
        assert kind is Kind.FLOAT
        assert isinstance(data, float)
        assert math.isnan(data)
    else:
        assert (data, type(data)) == (expected, type(expected))


@pytest.mark.parametrize(
    "text", ["en", "mit", "1", "0.5", "true", "~", "2024-01-31", "1_000", ".nan"]
)
def test_no_difference_where_there_is_none(text: str) -> None:
    """What both read the same is not reported."""
    assert differ(text) is None


def test_a_number_without_end_is_no_work() -> None:
    """Python refuses to read integers of many digits; they are infinite to JavaScript."""
    assert hub("1" * 100_000) == (Kind.FLOAT, math.inf)
    assert python("1" * 100_000) == (Kind.FLOAT, math.inf)
    assert python("1:" * 100_000 + "1") == (Kind.FLOAT, math.inf)
