"""The published JSON Schema is the specification, no more and no less."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from cardlint.card import schema
from cardlint.card.front_matter import parse
from cardlint.card.nodes import Kind, Value

CASES = Path(__file__).parents[1] / "rules" / "metadata"
CARDS = Path(__file__).parents[3] / "shared" / "cards"
VALIDATOR = Draft202012Validator(schema.card_schema())
SHAPES = ("model_index", "datasets", "widget", "gated_fields", "co2", "base_model_relation")
"""Rules whose whole judgment a schema can express (ids and spelling aside)."""


def plain(value: Value) -> Any:
    """As the Hub's parser hands it on."""
    if value.kind is Kind.LIST:
        return [plain(v) for v in value.items]
    if value.kind is Kind.MAP:
        return {f.name: plain(f.value) for f in value.fields}
    return value.data


def root(text: str) -> Any:
    """The front matter of a card."""
    front = parse(text)
    assert front is not None
    assert front.root is not None
    return plain(front.root)


def cases(kind: str) -> list[Any]:
    """Cards of the rules' tables; what is only information is no matter for a schema."""
    return [
        pytest.param(case["files"]["README.md"], id=f"{name}:{case['name']}")
        for name in SHAPES
        for case in yaml.safe_load((CASES / f"{name}_invalid" / "cases.yaml").read_text("utf-8"))
        if case["kind"] == kind
        and "info" not in [e.get("severity") for e in case.get("expect", ())]
    ]


def test_the_file_is_not_stale() -> None:
    """`python -m cardlint.card.schema` has been run since the specification changed."""
    assert schema.FILE.read_text("utf-8") == schema.text()
    Draft202012Validator.check_schema(json.loads(schema.text()))


@pytest.mark.parametrize("card", cases("pass"))
def test_what_the_rules_pass_is_valid(card: str) -> None:
    """A card without findings has no errors."""
    assert [e.message for e in VALIDATOR.iter_errors(root(card))] == []


@pytest.mark.parametrize("card", cases("fail"))
def test_what_the_rules_fail_is_not_valid(card: str) -> None:
    """A card with a wrong shape has errors."""
    assert list(VALIDATOR.iter_errors(root(card))) != []


@pytest.mark.skipif(not CARDS.is_dir(), reason="the shared cards are not beside the checkout")
def test_real_cards_are_valid_where_no_rule_objects() -> None:
    """The schema refuses at most 4 % of real cards: those whose fields the rules object to."""
    paths = sorted(CARDS.glob("*.md"))[::10]
    wrong = 0
    for path in paths:
        front = parse(path.read_bytes().decode("utf-8"))
        if front and front.root:
            wrong += any(True for _ in VALIDATOR.iter_errors(plain(front.root)))
    assert wrong <= 0.04 * len(paths)
