"""A parent that the weights name and no file does owes its conditions too."""

from __future__ import annotations

from pathlib import Path

from cardlint.engine import run
from cardlint.findings import Finding
from cardlint.licensing.upstream_terms import review
from cardlint.repository import Options, Repository
from cardlint.rule import registry
from cardlint.source.resolve import Resolver

HUB = Path(__file__).parents[2] / "examples" / "rio" / "hub"
RIO = "prefeitura-rio/Rio-3.5-Open-397B"
RULES = ("license/upstream-terms-dropped", "license/notice-dropped")


def _launch(weights: str) -> Repository:
    """The example at the commit that uploaded the weights, when the card named one base."""
    resolver = Resolver(hub=HUB, offline=True)
    commits = resolver.target(RIO).history().commits
    launch = next(c for c in commits if c.title == "Upload weights")
    source = resolver.target(f"{RIO}@{launch.id}")
    return Repository(source, resolver, Options(offline=True, weights=weights))


def _said(weights: str) -> list[Finding]:
    rules = [registry()[id_]() for id_ in RULES]
    return list(run(_launch(weights), rules, RIO).findings)


def test_the_weights_name_a_parent_that_the_card_does_not() -> None:
    """Its NOTICE and copyright are asked for, and the message says how the parent is known."""
    found = {f.rule: f for f in _said("auto")}
    terms = found["license/upstream-terms-dropped"]
    assert terms.evidence["upstream"] == ["Qwen/Qwen3.5-397B-A17B", "nex-agi/Nex-N2-Pro"]
    assert terms.evidence["missing"] == [
        "license-text",
        "change-notice",
        "retained-notices",
        "notice-file",
    ]
    assert "nex-agi/Nex-N2-Pro (by the weights)" in terms.message
    assert "nex-agi/Nex-N2-Pro (by the weights)" in found["license/notice-dropped"].message


def test_without_weights_only_what_is_declared_is_told() -> None:
    """Nothing is said of a parent that nobody named."""
    (terms,) = _said("off")
    assert terms.evidence["upstream"] == ["Qwen/Qwen3.5-397B-A17B"]
    assert [t.measured for t in review(_launch("off")).terms] == [False]
