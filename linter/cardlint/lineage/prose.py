"""Parents that the sentences of a card name: "a merge of `a/b` and `c/d`".

Only what is literally written counts: an ``owner/name`` or an address on the Hub, tied to a word of
derivation (merge, fine-tune, distil, quantize, convert, continue training) by the grammar of one
clause, in English, Portuguese, Spanish or Chinese. Comparisons, data sets, tokenizers, other models of
a family, usage notes and code are not statements about this model's parents. What each pattern is and
how often it is right: ``tests/corpus/prose_bases.py``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from cardlint.card.body import BlockKind
from cardlint.findings import Location
from cardlint.lineage.declared import Declaration, Origin
from cardlint.lineage.mentions import MENTION, THING, Reading, read
from cardlint.lineage.phrases import (
    INTRODUCTION,
    LABEL,
    OTHER_SECTION,
    PATTERNS,
    QUOTED_SECTION,
    REFUSED,
    TITLE,
    VERBS,
    WORTH,
    Phrase,
)

if TYPE_CHECKING:
    from cardlint.card.card import Card

MAX_SENTENCE = 1200
"""Characters of a sentence that are looked at: a longer one is a table or a log."""

_OF = re.compile(rf"\b(?:of|from|for|de|do|da|del)\s+{MENTION}", re.IGNORECASE)
_MAYBE_ID = re.compile(r"[A-Za-z0-9]/[A-Za-z0-9]")
_END = re.compile(r"(?<=[.!?;])[\"')\]]*\s+(?=[^a-z])|[。！？；]|\n\s*\n|\n(?=[-*] )")


@dataclass(frozen=True, slots=True)
class ProseBase:
    """One statement of the card that this model, or the model it documents, comes from ``parent``."""

    parent: str
    """``owner/name`` as it is written."""
    relation: str
    """``finetune``, ``merge``, ``quantized``, ``adapter`` or ``distillation``."""
    sentence: str
    """What says so, as it is read."""
    location: Location
    """Where the id stands."""
    quoted: bool
    """In the quoted card of another model (a quantized model's card often quotes the original)."""


def bases(card: Card) -> tuple[Declaration, ...]:
    """The parents that the card's prose names, each once, where it is named first.

    Raises:
        OverBudget: the body is longer than is parsed.
    """
    first: dict[str, ProseBase] = {}
    for said in statements(card):
        first.setdefault(said.parent.casefold(), said)
    return tuple(
        Declaration(
            s.parent,
            s.relation if s.relation != "distillation" else None,
            None,
            Origin.PROSE,
            s.location,
        )
        for s in first.values()
    )


@lru_cache(maxsize=4)
def statements(card: Card) -> tuple[ProseBase, ...]:
    """Every statement about a parent in the card's prose, in order.

    Raises:
        OverBudget: the body is longer than is parsed.
    """
    if not (_MAYBE_ID.search(card.body) and WORTH.pattern.search(card.body)):
        return ()
    return tuple(_statements(card))


def _statements(card: Card) -> Iterator[ProseBase]:
    own = _own_names(card)
    quoted = other = False
    introduced = ""  # the relation that the sentence before a list gives to its items
    section = ""
    for block in card.markdown.blocks:
        if block.kind is BlockKind.HEADING:
            title = block.text.strip("*_ :#").lower()
            quoted = quoted or bool(QUOTED_SECTION.pattern.search(title))
            other = block.level > 1 and bool(OTHER_SECTION.pattern.search(title))
            introduced = section = _relation(TITLE, title)
            if "/" in block.text and not other:
                yield from _of_block(card, read(block), own, "", quoted=quoted)
            continue
        if block.kind in {BlockKind.CODE, BlockKind.RULE}:
            introduced = "" if block.kind is BlockKind.RULE else introduced
            continue
        if not block.items:
            introduced = section
        if other or block.kind is BlockKind.CELL:
            continue
        text = block.text
        if "/" in text:
            reading = read(block)
            yield from _of_block(card, reading, own, introduced, quoted=quoted)
            text = reading.text
        if text.rstrip(" *_").endswith((":", "：")) and not block.text.lstrip().startswith("|"):
            last = [*_END.split(text.strip())][-1]
            found = _relation(INTRODUCTION, last)
            introduced = found or ("" if not block.items else introduced)


def _of_block(
    card: Card,
    reading: Reading,
    own: frozenset[str],
    introduced: str,
    *,
    quoted: bool,
) -> Iterator[ProseBase]:
    if not reading.mentions:
        return
    seen: set[tuple[str, int]] = set()

    def say(start: int, end: int, relation: str, sentence: str) -> Iterator[ProseBase]:
        for mention in reading.between(start, end):
            key = (mention.name, mention.start)
            itself = mention.name.rpartition("/")[2].casefold() in own
            # The copy of a model often bears its name as the title.
            if key in seen or (itself and relation != "quantized"):
                continue
            seen.add(key)
            at = card.location(mention.start, mention.end)
            yield ProseBase(mention.name, relation, sentence, at, quoted)

    for label in LABEL.pattern.finditer(reading.text):
        sentence = _show(reading, *label.span())
        yield from say(*label.span("ids"), _named(label), sentence)
    if introduced and reading.text.lstrip("-• ").startswith(MENTION):
        yield from say(0, reading.text.index(MENTION) + 1, introduced, _show(reading, 0, 200))
    position = 0
    for end in [*(m.end() for m in _END.finditer(reading.text)), len(reading.text)]:
        sentence = reading.text[position:end]
        if MENTION in sentence and len(sentence) <= MAX_SENTENCE and WORTH.pattern.search(sentence):
            for relation, start, stop in _matches(sentence, reading, position, own):
                yield from say(
                    position + start, position + stop, relation, _show(reading, position, end)
                )
        position = end


def _matches(
    sentence: str, reading: Reading, position: int, own: frozenset[str]
) -> Iterator[tuple[str, int, int]]:
    """Relation, start and end of the ids, for each clause of the sentence that names parents."""
    lower = sentence.lower()
    for phrase in PATTERNS:
        if not any(word in lower for word in phrase.needs):
            continue
        for match in phrase.pattern.finditer(sentence):
            before = sentence[: match.start()]
            if REFUSED.pattern.search(before + match[0][: match.start("ids") - match.start()]):
                continue
            subject = before.rfind(MENTION)
            # "A/B, which is a fine-tune of C/D": C/D is the parent of A/B, not of this model.
            if subject >= 0 and not _is_own(reading, position + subject, own):
                gap = before[subject + 1 :]
                if len(gap) < 60 and not re.search(r"[.;]|\b(?:and|y|e|then|we|it|this)\b", gap):
                    continue
            start, end = match.span("ids")
            ids = reading.between(position + start, position + end)
            if phrase.linked and not all(i.linked for i in ids):
                continue
            kind = phrase.relation
            if kind in {"", "zh"}:
                kind = _relation(VERBS, match["v"] if kind else sentence)
            if kind:
                yield kind, start, end


def _is_own(reading: Reading, index: int, own: frozenset[str]) -> bool:
    mention = reading.between(index, index + 1)[0]
    return mention.name.rpartition("/")[2].casefold() in own


def _relation(table: tuple[Phrase, ...], text: str) -> str:
    return next((p.relation for p in table if p.pattern.search(text)), "")


def _named(label: re.Match[str]) -> str:
    """The relation that the label stands for: the name of its group."""
    return next(k for k, v in label.groupdict().items() if v is not None and k != "ids")


def _own_names(card: Card) -> frozenset[str]:
    """What the card calls its own model, as the last parts of ids: its titles, its first subject."""
    names: set[str] = set()
    for block in card.markdown.blocks:
        if block.kind is BlockKind.HEADING and block.level == 1:
            reading = read(block)
            # "ONNX version of a/b" and "Original model: a/b" are titles that name another model.
            if not (_OF.search(reading.text) or LABEL.pattern.search(reading.text)):
                names.update(m.name.rpartition("/")[2] for m in reading.mentions)
            names.add(reading.text.strip().rpartition("/")[2])
    opening = next((b for b in card.markdown.blocks if b.kind is BlockKind.PARAGRAPH), None)
    if opening and not opening.items:
        reading = read(opening)
        subject = re.match(rf"\W*{MENTION}\W*\s(?:is|was|are|contains|provides)\b", reading.text)
        if subject:
            names.add(reading.mentions[0].name.rpartition("/")[2])
    return frozenset(n.casefold().replace(" ", "-") for n in names if n)


def _show(reading: Reading, start: int, end: int) -> str:
    """A part of the text with the ids in it, on one line."""
    text = reading.text[start:end]
    for mention in reading.between(start, end):
        text = text.replace(MENTION, mention.name, 1)
    return " ".join(text.replace(THING, "…").split())[:300]
