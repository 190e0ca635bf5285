"""What the rules about the front matter's values share."""

from __future__ import annotations

import json
import math
from abc import abstractmethod
from collections.abc import Iterator
from itertools import islice
from typing import ClassVar

from cardlint.card.front_matter import FrontMatter
from cardlint.card.nodes import Field, Kind, Span, Value
from cardlint.card.writing import scalar
from cardlint.findings import Edit, Finding, Fix, Json, NotChecked
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule

MAX_FINDINGS = 20
"""Faults told of one field; beyond that the field is wrong as a whole."""


class FrontMatterRule(Rule):
    """A rule about values of the front matter.

    It judges what can be read. Where a part cannot, that part is "not checked".
    """

    needs = frozenset({Fact.CARD})
    frameworks: ClassVar[tuple[str, ...]] = ("hf:metadata",)

    def check(self, repo: Repository) -> Iterator[Finding | NotChecked]:
        front = repo.card.front_matter
        if front is None:
            return  # metadata/front-matter-missing and -malformed say so
        yield from unread(front)
        if front.partial is not None:
            yield from self.judge(front.partial)

    @abstractmethod
    def judge(self, root: Value) -> Iterator[Finding | NotChecked]:
        """Yield what is wrong with the map of the front matter."""


def unread(front: FrontMatter) -> Iterator[NotChecked]:
    """That a part of the front matter cannot be read, where that is so."""
    if front.root is None:
        why = "a part of it cannot be read: " + front.problems[0].message
        yield NotChecked("front matter", why, "Mend the YAML first.")


def bounded(findings: Iterator[Finding], rule: str, what: str) -> Iterator[Finding | NotChecked]:
    """The first of many findings, and a word about the rest."""
    yield from islice(findings, MAX_FINDINGS)
    if next(findings, None) is not None:
        why = f"{what} has more than {MAX_FINDINGS} faults; the rest are not listed"
        yield NotChecked(rule, why, "Mend the first ones.")


def values(root: Value, name: str) -> Iterator[tuple[Field, str, Value]]:
    """Each value that stands under a key, be the key there twice or the value a list of them.

    Yields:
        The field, how the Hub names the value (``datasets[0]``), and the value.
    """
    for field in root.fields:
        if field.name == name:
            for index, value in one_or_many(field.value):
                yield field, f"{name}{index}", value


def one_or_many(value: Value) -> Iterator[tuple[str, Value]]:
    """The value, or each item of it if it is a list, with its index as text (``[0]`` or empty)."""
    if value.kind is Kind.LIST:
        for number, item in enumerate(value.items):
            yield f"[{number}]", item
    else:
        yield "", value


def written(value: Value) -> str:
    """A value as a message quotes it: what stands in the card, on one line, not too long."""
    return clip(value.text if value.kind is Kind.STR else value.span.text)


def clip(text: str, length: int = 80) -> str:
    """A stranger's text on one line, not too long."""
    line = " ".join(text[: 4 * length].split())
    return line if len(line) <= length and len(text) <= 4 * length else f"{line[: length - 1]}…"


def evident(data: Json) -> Json:
    """A value as evidence: a text not too long, and no number that JSON cannot write."""
    if isinstance(data, float) and not math.isfinite(data):
        return str(data)
    return data[:500] if isinstance(data, str) else data


def rewrite(old: Value, new: str) -> str:
    """A new scalar in the quotes of the old one."""
    first = old.span.text[:1]
    if first == "'" and "'" not in new and "\n" not in new:
        return f"'{new}'"
    if first == '"':
        return json.dumps(new, ensure_ascii=False)
    return scalar(new)


def replace(where: Span, text: str, title: str, *, safe: bool, path: str = "README.md") -> Fix:
    """A fix that writes ``text`` over ``where``."""
    return Fix(title, (Edit(path, where.start, where.end, text),), safe)
