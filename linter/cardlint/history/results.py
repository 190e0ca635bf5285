"""The figures that a card claims: cells of its tables, `model-index`, and "BENCHMARK: NUMBER" prose.

A figure is known by its name, which is built from words that stay when a card is edited: the row's
label and the column's head. So that a table that is moved, or transposed with its words, stays the
same claim.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from cardlint.card.body import BlockKind
from cardlint.card.nodes import Kind, Value
from cardlint.findings import Location, NotChecked

if TYPE_CHECKING:
    from cardlint.card.card import Card
    from cardlint.history.timeline import State

MAX_RESULTS = 5_000
"""Figures read from one card; the longest public tables have some hundreds of cells."""

_NUMBER = re.compile(r"[<>~≈±+]?\s*(?P<n>[-+]?\d{1,4}(?:[.,]\d+)?)\s*(?:%|pp|pts?)?(?:\s*±.*)?")
_MARKUP = re.compile(r"[*_`~]|<[^>\n]{0,200}>|!?\[|\]\([^)\n]{0,500}\)")
_BENCHMARKS = (
    r"MMLU(?:-?(?:Pro|Redux))?|MMMU(?:-Pro)?|GSM-?8K|HumanEval\+?|MBPP\+?|HellaSwag|TruthfulQA|"
    r"ARC-?(?:C|E|Challenge|Easy|AGI)?|WinoGrande|GPQA(?:[ -]Diamond)?|AIME(?:[ ']?\d\d(?:\d\d)?)?|"
    r"MATH(?:-500)?|BBH|IFEval|MT-?Bench|SWE-?bench(?:[ -]Verified)?|LiveCodeBench|AlpacaEval|"
    r"BLEU|ROUGE(?:-[12L])?|WER|CER|F1|mAP|GLUE|SQuAD|C-?Eval|CMMLU"
)
_SENTENCE = re.compile(
    rf"\b(?P<what>{_BENCHMARKS})\b(?P<gap>[^\n|.;\d]{{0,40}}?)(?P<n>\d{{1,3}}(?:[.,]\d+)?)\s*(?P<unit>%)?"
)


@dataclass(frozen=True, slots=True)
class Result:
    """One figure."""

    name: str
    """``row, column`` of a table, ``dataset, metric`` of model-index, or the benchmark."""
    value: str
    """As it is written."""
    location: Location


def same_figure(a: str, b: str) -> bool:
    """Whether two written figures are one: 94.60 and 94.6, or 94.62 rounded to 94.6."""
    if a == b:
        return True
    try:
        x, y = (float(v.replace(",", ".")) for v in (a, b))
    except ValueError:
        return False
    digits = min(len(v.replace(",", ".").partition(".")[2]) for v in (a, b))
    return abs(x - y) <= 0.5 * float(10**-digits) + 1e-12


def read(card: Card) -> tuple[Result, ...]:
    """Every figure that the card claims, in order.

    Raises:
        OverBudget: the body is longer than is parsed.
    """
    return tuple(islice(_all(card), MAX_RESULTS))


def _all(card: Card) -> Iterator[Result]:
    yield from _model_index(card)
    body = card.markdown
    for table in body.tables:
        head = [_words(c.text) for c in table.header]
        for row in table.rows:
            label = _words(row[0].text)
            for column, cell in zip(head[1:], row[1:], strict=False):
                number = _NUMBER.fullmatch(_words(cell.text))
                if number and label and column:
                    where = card.location(cell.start, cell.end)
                    yield Result(f"{label}, {column}", number["n"], where)
    for block in body.blocks:
        if block.kind is not BlockKind.PARAGRAPH:
            continue
        for match in _SENTENCE.finditer(block.text):
            if match["unit"] or "." in match["n"]:  # "MMLU 5-shot" is no result
                where = card.location(block.at(match.start()), block.at(match.end() - 1) + 1)
                yield Result(match["what"], match["n"], where)


def _words(cell: str) -> str:
    return " ".join(_MARKUP.sub("", cell).split())


def _model_index(card: Card) -> Iterator[Result]:
    matter = card.front_matter
    index = matter.get("model-index") if matter else None
    for model in index.items if index else ():
        results = model.get("results")
        for result in results.items if results else ():
            dataset = _text(result.get("dataset"), "name", "type")
            metrics = result.get("metrics")
            for metric in metrics.items if metrics else ():
                value = metric.get("value")
                if value is not None and value.kind in {Kind.INT, Kind.FLOAT, Kind.STR}:
                    name = f"{dataset}, {_text(metric, 'name', 'type')}"
                    yield Result(name, value.text, value.span.location(card.path))


def _text(value: Value | None, *keys: str) -> str:
    for key in keys:
        found = value.get(key) if value else None
        if found is not None and found.text:
            return found.text
    return "?"


def unread(states: Sequence[State]) -> Iterator[NotChecked]:
    """The first card whose figures could not be read."""
    for state in states:
        if state.too_long:
            why = f"the card at commit {state.commit.id[:7]}: {state.too_long}"
            yield NotChecked("results in the card's history", why)
            return
