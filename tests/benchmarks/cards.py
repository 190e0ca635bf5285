"""What reading and checking cards costs, part by part.

``python -m tests.benchmarks.cards [FOLDER]`` takes the ``*.md`` files of FOLDER (by default
``../shared/cards`` beside the checkout) and prints CPU milliseconds a card for: ModelCard.load of
huggingface_hub on text that is in memory, cardlint's front matter with libyaml and with PyYAML's
own parser, and the rules of each family; then the ten dearest rules.
"""

from __future__ import annotations

import contextlib
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import yaml

from cardlint.card.front_matter import parse
from cardlint.engine import run
from cardlint.repository import Options, Repository
from cardlint.rule import Rule, registry
from cardlint.source.resolve import Resolver
from tests.kit.memory import MemorySource

SHARED = Path(__file__).parents[3] / "shared" / "cards"


def milliseconds(work: Callable[[str], object], texts: Sequence[str]) -> float:
    """CPU milliseconds a text."""
    begin = time.process_time()
    for text in texts:
        work(text)
    return (time.process_time() - begin) / len(texts) * 1000


def hub_load(text: str) -> None:
    """What huggingface_hub does with a card; it refuses some."""
    from huggingface_hub import ModelCard

    with contextlib.suppress(ValueError, yaml.YAMLError):
        ModelCard(text, ignore_metadata_errors=True)


def check(text: str, rules: Sequence[Rule], resolver: Resolver) -> None:
    """Some rules over one card."""
    options = Options(offline=True, weights="off")
    run(Repository(MemorySource({"README.md": text}), resolver, options), rules, "card")


def main(folder: Path) -> None:
    """Print the table."""
    texts = [p.read_bytes().decode("utf-8") for p in sorted(folder.glob("*.md"))]
    resolver = Resolver(offline=True)
    rules = [rule() for rule in registry().values()]
    for text in texts[:50]:  # imports and caches are not what is measured
        hub_load(text)
        check(text, rules, resolver)
    sys.stdout.write(f"{len(texts)} cards, CPU milliseconds a card\n")

    def row(name: str, figure: float) -> None:
        sys.stdout.write(f"{figure:8.3f}  {name}\n")

    row("huggingface_hub.ModelCard(text)", milliseconds(hub_load, texts))
    row("front matter, libyaml", milliseconds(parse, texts))
    slow = texts[::20]
    row("front matter, pure Python", milliseconds(lambda t: parse(t, loader=yaml.SafeLoader), slow))
    for family in sorted({r.id.partition("/")[0] for r in rules}):
        chosen = [r for r in rules if r.id.startswith(f"{family}/")]
        cost = milliseconds(lambda t, c=chosen: check(t, c, resolver), texts)  # type: ignore[misc]  # bound now
        row(f"rules of {family} ({len(chosen)})", cost)
    row(f"all {len(rules)} rules", milliseconds(lambda t: check(t, rules, resolver), texts))
    sys.stdout.write("the dearest rules, alone:\n")
    alone = Counter(
        {r.id: milliseconds(lambda t, r=r: check(t, [r], resolver), slow) for r in rules}  # type: ignore[misc]  # same
    )
    for id_, cost in alone.most_common(10):
        row(id_, cost)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else SHARED)
