"""Frameworks as data hold together."""

from __future__ import annotations

import datetime as dt

import pytest

from cardlint import profiles
from cardlint.compliance import answers
from cardlint.compliance.framework import chosen, frameworks, items, of_profile
from cardlint.errors import UsageError
from cardlint.rule import registry


def test_every_item_is_asked_for_by_some_framework_and_answered_by_something() -> None:
    """No item stands for itself, and each has a rule, an answer or a person."""
    asked = {i for f in frameworks().values() for c in f.clauses for i in c.items}
    assert asked | {"originality"} == set(items())  # originality: asked by no framework in words
    assert all(i.rules or i.answer or i.person for i in items().values())


def test_answers_exist() -> None:
    """Each answer that an item names is a function."""
    for item in items().values():
        if item.answer:
            assert callable(getattr(answers, item.answer)), item.id


def test_rules_exist() -> None:
    """Each rule or family that an item names is registered."""
    known = registry()
    for item in items().values():
        for rule in item.rules:
            assert any(id_ == rule or id_.startswith(rule + "/") for id_ in known), (item.id, rule)


@pytest.mark.parametrize("framework", frameworks().values(), ids=lambda f: f.id)
def test_a_framework_has_source_date_and_how_it_was_verified(framework: object) -> None:
    """Legal statements carry a source and an as-of date."""
    row = frameworks()[framework.id]  # type: ignore[attr-defined]  # a Framework
    assert row.source.startswith("https://")
    assert dt.date.fromisoformat(row.as_of) <= dt.date(2026, 12, 31)
    assert row.verified in {"text read", "second-hand", "unverified"}
    assert row.clauses


def test_a_bill_is_switched_on_by_name_only() -> None:
    """PL 2338 is no law: no profile carries it."""
    assert frameworks()["br-pl-2338"].default is False
    assert all("br-pl-2338" not in of_profile(name) for name in profiles.names())
    assert [f.id for f in chosen(("br-pl-2338",))] == ["br-pl-2338"]


def test_a_profile_carries_its_own_or_those_of_the_one_it_extends() -> None:
    """``strict`` and ``hobby`` name none of their own."""
    assert of_profile("strict") == of_profile("hobby") == of_profile("default")
    assert set(of_profile("default")) < set(of_profile("public-sector"))


def test_an_unknown_framework_is_told_with_the_nearest_name() -> None:
    """A typing error costs one look."""
    with pytest.raises(UsageError) as error:
        chosen(("eu-ai-at",))
    assert error.value.remedy == "Did you mean eu-ai-act?"


def test_what_rules_say_they_serve_exists() -> None:
    """``framework:item`` of a rule is a framework with that item; ``hf`` is the Hub's own specification."""
    for rule in registry().values():
        for served in rule.frameworks:
            framework, _, item = served.partition(":")
            if framework == "hf":
                continue
            asked = {i for c in frameworks()[framework].clauses for i in c.items}
            assert item in asked, f"{rule.id} serves {served}"
