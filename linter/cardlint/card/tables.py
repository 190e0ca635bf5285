"""Tables of results: which columns are models, and what number each cell holds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from cardlint.card.body import Block, Table

_NUMBER = re.compile(
    r"(?P<sign>[-−+])?(?P<number>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:[.,]\d+)?|\.\d+)\s*(?P<unit>%|[kKMB](?![a-z])|ms|s\b|[xX]\b)?"
)
# What may stand around a score: marks, error bars, footnotes, arrows, a rank.
_AROUND = re.compile(
    r"(?:\*\*|__|\*|_|`|~|<(?:/?(?:b|strong|i|em|sup|sub|u|span|font|center)\b[^<>]*)>|&nbsp;|\\|[†‡§¹²³★⭐🥇🥈🥉🏆✅↑↓▲▼^ ])+"
)
_SPREAD = re.compile(r"\s*(?:±|\+/-|\+-|\(±?)\s*[\d.,]+\s*%?\)?$")
_BOLD = re.compile(r"\*\*[^*]+\*\*|__[^_]+__|<(?:b|strong)\b[^<>]*>[^<>]+<", re.IGNORECASE)

# Names of measures where less is better, and of columns that are no scores.
LESS_IS_BETTER = re.compile(
    r"\b(?:loss|perplexity|ppl|wer|cer|mer|ter|fid|kid|fvd|mae|mse|rmse|mape|error|err|eer|der|latency|time|toxicity|hallucinat\w*|"
    r"bias|refus\w*|size|memory|vram|params?|parameters|cost|lpips|nme|distance|rank|ece|brier|flops|macs|ttft|bpb|bpc|nll)\b|↓|lower",
    re.IGNORECASE,
)
NO_SCORE = re.compile(
    r"\b(?:params?|parameters?|sizes?|date|year|context|length|layers?|heads?|hidden|dims?|dimensions?|vocab\w*|tokens?|shots?|steps?|"
    r"epochs?|lr|learning rate|batch|seed|bits?|downloads?|rank|#|no\.?|id|index|version|price|cost|gb|mb|speed|throughput|latency|"
    r"time|samples?|examples|count|support|train|resolution|fps|gpus?|flops|macs|use case|file)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Score:
    """The number of a cell."""

    value: float
    text: str
    """As it is written."""
    unit: str
    bold: bool
    cell: Block


@dataclass(frozen=True, slots=True)
class Line:
    """Scores that measure one thing: one row, or one column, of a table."""

    label: str
    """What is measured, as its header says."""
    scores: tuple[tuple[str, Score], ...]
    """Model, as its header says, and score; models without a number are left out."""


def words(cell: Block) -> str:
    """The text of a cell without markup."""
    text = re.sub(r"!?\[([^\[\]]*)\]\([^()]*\)", r"\1", cell.text)
    return " ".join(re.sub(r"<[^<>]{0,300}>|[*`~]|\\", " ", text).split())


def score(cell: Block) -> Score | None:
    """The number in a cell; ``None`` where it holds anything besides one number."""
    found = _read(cell.text.strip())
    return Score(*found, cell) if found else None


@lru_cache(maxsize=4096)
def _read(text: str) -> tuple[float, str, str, bool] | None:
    if not text or len(text) > 60:
        return None
    bare = re.sub(r"\[([^\[\]]*)\]\([^()]*\)", r"\1", text)
    bare = _SPREAD.sub("", _AROUND.sub(" ", bare).strip())
    match = _NUMBER.fullmatch(bare.strip())
    if not match:
        return None
    number = match["number"]
    if "," in number and "." not in number and not re.fullmatch(r"\d{1,3}(?:,\d{3})+", number):
        number = number.replace(",", ".")  # a decimal comma
    value = float(number.replace(",", ""))
    sign = -1.0 if match["sign"] in {"-", "−"} else 1.0
    return sign * value, match["number"], match["unit"] or "", bool(_BOLD.search(text))


def by_row(table: Table) -> Iterator[Line]:
    """Each row as a line: the first column names what is measured, the others are models."""
    names = [words(c) for c in table.header]
    for row in table.rows:
        found = [
            (names[i], s)
            for i, cell in enumerate(row[1:], 1)
            if i < len(names) and (s := score(cell))
        ]
        if found and row:
            yield Line(words(row[0]), tuple(found))


def by_column(table: Table) -> Iterator[Line]:
    """Each column as a line: the first column names the models."""
    for i, head in enumerate(table.header[1:], 1):
        found = [(words(row[0]), s) for row in table.rows if len(row) > i and (s := score(row[i]))]
        if found:
            yield Line(words(head), tuple(found))
