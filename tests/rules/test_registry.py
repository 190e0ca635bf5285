"""A walk through every rule and every command: each explains itself, and says what it is."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

import click
import pytest

from cardlint.cli import cardlint
from cardlint.findings import Confidence, Severity
from cardlint.report import rule_index
from cardlint.rule import Fact, Rule, RunRule, Status, registry
from tests.kit.cli import run

ROOT = Path(__file__).parent.parent.parent
PROFILES = {"default", "strict", "public-sector", "hobby", "before-upload"}
COMMANDS = cardlint.list_commands(click.Context(cardlint))


@pytest.mark.parametrize("rule", registry().values(), ids=registry())
def test_every_rule_says_what_it_is(rule: type[Rule]) -> None:
    """Severity, confidence, facts, frameworks or none, profiles, status, version, place."""
    assert isinstance(rule.severity, Severity)
    assert isinstance(rule.confidence, Confidence)
    assert rule.severity is not Severity.ERROR or rule.confidence.rank <= Confidence.HIGH.rank
    assert rule.needs <= set(Fact)
    assert rule.needs or issubclass(rule, RunRule)
    assert isinstance(rule.frameworks, tuple)
    assert all(re.fullmatch(r"[a-z0-9-]+:\S+", item) for item in rule.frameworks)
    assert rule.profiles <= PROFILES
    assert isinstance(rule.status, Status)
    assert re.fullmatch(r"\d+\.\d+\.\d+", rule.since)
    assert rule.__module__ == f"cardlint_rules.{rule.id}".replace("/", ".").replace("-", "_")


@pytest.mark.parametrize("rule", registry().values(), ids=registry())
def test_every_summary_is_one_plain_line(rule: type[Rule]) -> None:
    """It stands in tables: a sentence that ends with a period, and is not too long."""
    assert rule.summary().endswith(".")
    assert 20 <= len(rule.summary()) <= 120


@pytest.mark.parametrize("rule", registry().values(), ids=registry())
def test_no_rule_speaks_of_guilt(rule: type[Rule]) -> None:
    """Findings are about files and conditions, never about persons."""
    source = inspect.getsource(inspect.getmodule(rule) or rule)
    assert not re.search(r"(?i)\b(?:stolen|steals?|fake|plagiari|fraud|thie(?:f|ves))", source)


def test_no_alias_hides_a_rule() -> None:
    """An id is never used again."""
    aliases = [old for rule in registry().values() for old in rule.aliases]
    assert len(aliases) == len(set(aliases))
    assert set(aliases).isdisjoint(registry())


def test_the_index_is_not_stale() -> None:
    """``rules/README.md`` is what `cardlint rules --format markdown` prints."""
    written = (ROOT / "rules" / "README.md").read_text("utf-8")
    assert written == rule_index.page(registry().values()), (
        "run: cardlint rules --format markdown -o rules/README.md"
    )


def test_every_family_says_what_it_is_about() -> None:
    """The first line of a family's package is in the index."""
    text = rule_index.page(registry().values())
    assert not re.search(r"^Rules about \w+\.$", text, re.MULTILINE), "say it in a sentence"


@pytest.mark.parametrize("rule", registry())
def test_every_rule_can_be_read_on_the_command_line(rule: str) -> None:
    """The manual that the class holds is what the reader gets."""
    ran = run("rule", rule)
    assert ran.code == 0
    assert ran.out.splitlines()[0] == rule
    assert "How to fix" in ran.out


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_and_an_example(name: str) -> None:
    """One line for the list, a text of its own, and a line that can be typed."""
    command = cardlint.get_command(click.Context(cardlint), name)
    assert command is not None
    assert command.help, f"{name} has no help"
    shown = run(name, "--help")
    assert shown.code == 0
    commands = _all(command, name)
    for path, one in commands.items():
        said = f"{one.help} {one.epilog} {command.epilog}"
        assert "Example" in said, f"{path} has no example"
        for parameter in one.params:
            if isinstance(parameter, click.Option):
                plain = parameter.name in {"format", "weights"}
                assert plain or parameter.help, f"{path} {parameter.opts} has no help"
    listed: Any = run("--help").out
    assert re.search(rf"^  {name} +\S", listed, re.MULTILINE)


def _all(command: click.Command, path: str) -> dict[str, click.Command]:
    """A command, or those of a group."""
    if not isinstance(command, click.Group):
        return {path: command}
    context = click.Context(command)
    found: dict[str, click.Command] = {}
    for name in command.list_commands(context):
        below = command.get_command(context, name)
        assert below is not None
        found |= _all(below, f"{path} {name}")
    return found
