"""What a card claims: the sentences of its prose, and which column of a table is which model."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache

from cardlint.card import tables
from cardlint.card.body import Block, BlockKind, Markdown
from cardlint.card.card import Card
from cardlint.card.sections import plain
from cardlint.findings import Location

_END = re.compile(r"(?<=[.!?])[\"')\]*_]*\s+(?=[^a-z])|[。！？]|\n\s*\n")
_TITLE = re.compile(r"^\W*model ?cards? (?:for|of)\b|\bmodel ?card\W*$", re.IGNORECASE)
MOST = 0.75
"""Share of a name that has to agree before a label is taken for it."""
_QUOTED_CARD = re.compile(r"\boriginal (?:model ?card|readme|card)\b")


@dataclass(frozen=True)
class Sentence:
    """One sentence of the prose."""

    text: str
    block: Block
    start: int
    """Index of its first character in the block's text."""
    section: str
    """The heading above it, in plain words."""

    def location(self, card: Card, match: re.Match[str]) -> Location:
        """The place of a match in :attr:`text`."""
        start, end = match.span()
        return card.location(
            self.block.at(self.start + start), self.block.at(self.start + end - 1) + 1
        )


def sentences(markdown: Markdown, worth: re.Pattern[str]) -> Iterator[Sentence]:
    """The sentences in which ``worth`` is found: paragraphs and list items, no tables, no code.

    The quoted card of an original model, and block quotations, speak of something else.
    """
    section = ""
    for block in markdown.blocks:
        if block.kind is BlockKind.HEADING:
            section = plain(block.text)
            if _QUOTED_CARD.search(section):
                return
        if block.kind not in {BlockKind.PARAGRAPH, BlockKind.HEADING} or block.quoted:
            continue
        if not worth.search(block.text):
            continue
        position = 0
        for end in [*(m.end() for m in _END.finditer(block.text)), len(block.text)]:
            text = block.text[position:end]
            if worth.search(text):
                yield Sentence(text, block, position, section)
            position = end


@lru_cache(maxsize=4096)
def squeezed(text: str) -> str:
    """Letters and digits only, lower case: ``Qwen2.5-7B (base)`` → ``qwen257bbase``."""
    return re.sub(r"[^a-z0-9]", "", plain(text).replace(" ", ""))


@dataclass(frozen=True)
class Names:
    """The names under which tables may speak of this model and of its declared parents."""

    own: tuple[str, ...]
    parents: tuple[str, ...]

    @cached_property
    def _own(self) -> tuple[str, ...]:
        return tuple(s for n in self.own if len(s := squeezed(n)) > 3)

    @cached_property
    def _parents(self) -> dict[str, str]:
        return {s: p for p in self.parents if len(s := squeezed(p.rpartition("/")[2])) > 2}

    def is_own(self, label: str) -> bool:
        """Whether a column or row is this model's."""
        text = squeezed(label)
        if not text or self.parent(label):
            return False
        if re.search(r"\bours?\b|\bthis (?:model|work)\b|\best[ea] modelo\b", label, re.IGNORECASE):
            return True
        return any(text == n or (_holds(text, n) or _holds(n, text)) for n in self._own)

    def parent(self, label: str) -> str | None:
        """The declared parent that a column or row is about."""
        text = squeezed(label)
        if not text:
            return None
        if text in {"base", "basemodel", "baseline", "parent", "parentmodel", "modelobase"}:
            return self.parents[0] if len(self.parents) == 1 else None
        if any(text == n for n in self._own):
            return None
        exact = self._parents.get(text)
        if exact:
            return exact
        # "Qwen3.5-397B-A17B (base)": the longest name that the label begins or ends with.
        close = [
            s for s in self._parents if len(s) > 5 and (text.startswith(s) or text.endswith(s))
        ]
        longer = [n for n in self._own if any(s in n for s in close) and n in text]
        return self._parents[max(close, key=len)] if close and not longer else None


def _holds(longer: str, shorter: str) -> bool:
    """Whether a name is most of another: "Tuned-7B (ours)", but not "Llama-3-8B" of "…-8B-Chat"."""
    return shorter in longer and len(shorter) > 5 and len(shorter) >= MOST * len(longer)


def own_scores(card: Card, who: Names) -> dict[str, tables.Score]:
    """What tables of the card say that this model scored: measure, squeezed → its first score."""
    found: dict[str, tables.Score] = {}
    for table in card.markdown.tables:
        for lines in (tables.by_row(table), tables.by_column(table)):
            for line in lines:
                if tables.NO_SCORE.search(line.label) or not squeezed(line.label):
                    continue
                own = next((s for label, s in line.scores if who.is_own(label)), None)
                if own is not None:
                    found.setdefault(squeezed(line.label), own)
    return found


def names(card: Card, repo_id: str | None, parents: Iterable[str]) -> Names:
    """Gather the names: the repository's, the titles', the declared parents'."""
    titles = [b.text for b in card.markdown.headings if b.level == 1][:3]
    own = [_TITLE.sub("", re.sub(r"\(.*?\)", "", t)) for t in titles]
    own += [repo_id.rpartition("/")[2]] if repo_id else []
    return Names(tuple(own), tuple(dict.fromkeys(parents)))
