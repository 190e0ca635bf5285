"""Sections of a card, and what each is about, told by synonyms in English, Portuguese and Spanish.

Section names are free: one survey counted 947 names in 100 cards, 97 of them for "usage" alone (AI
Transparency Atlas, arXiv 2512.12443). So a topic is a set of stems, never one exact name, and a bold
label at the start of a paragraph counts as a heading does.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from cardlint.card.body import Block, BlockKind, Markdown


class Topic(StrEnum):
    """What a reader of a card looks for."""

    INTENDED_USE = "intended use"
    OUT_OF_SCOPE = "out-of-scope use"
    LIMITATIONS = "limitations"
    TRAINING_DATA = "training data"
    EVALUATION = "evaluation"
    LICENSE = "license and attribution"
    CITATION = "citation"
    CONTACT = "contact"


# Stems on text in lower case without accents; `\b` so that "use" is not found in "house".
_STEMS: dict[Topic, str] = {
    Topic.INTENDED_USE: (
        r"\b(?:intended|primary|direct|downstream|recommended|suggested) (?:and [\w-]+ )?us(?:es?|age|ers?)\b|^uses?$"
        r"|\buse[- ]cases?\b|\bapplications?\b|\bintended (?:purpose|audience)|\bhow to use|\bmodel use\b|\bget(?:ting)? started|\bquick ?start|\busage\b|\bpurpose\b"
        r"|^uses and limitations|\b(?:uso|usos) (?:pretendidos?|previstos?|recomendados?|diretos?|directos?)\b|^usos?$|^como usar|^como utilizar"
        r"|\bcasos de uso\b|\bfinalidade|\baplicac(?:oes|iones)\b|\bproposito|\bobjetivos?\b|使用"
    ),
    Topic.OUT_OF_SCOPE: (
        r"\bout[- ]of[- ]scope|\bmisuse|\bmalicious use|\bprohibited|\bunintended use|\bnot intended|\buse restrictions|\brestricted use"
        r"|\bacceptable use|\bexcluded uses|\bfora d[oe] escopo|\bfuera de(?:l)? (?:alcance|ambito)|\busos? (?:indevidos?|indebidos?|proibidos?|prohibidos?|nao pretendidos?|no previstos?)"
    ),
    Topic.LIMITATIONS: (
        r"\blimit(?:ation|s\b|acao|acoes|acion|aciones)|\bbias|\brisks?\b|\bcaveats?\b|\bknown issues|\bethic|\bconsiderations?\b|\bsafety\b|\bwarning|\bdisclaimer"
        r"|\bresponsib|\bvies(?:es)?\b|\bsesgos?\b|\briscos?\b|\briesgos?\b|\bconsidera(?:coes|ciones)\b|\bavisos?\b|局限|限制|免责"
    ),
    Topic.TRAINING_DATA: (
        r"\btrain(?:ing|ed)?\b.{0,20}\b(?:data|dataset|corpus|corpora|set|mixture|procedure|details)|\bdata ?sets?\b|\bpre-?training\b|^training$|^data$|\bcorpus\b"
        r"|\bfine-?tuning data|\bdata (?:sources|collection|mixture|composition|overview)|\bdados\b|\bdatos\b|\bconjuntos? de (?:dados|datos)|\btreinamento|\bentrenamiento|训练|数据"
    ),
    Topic.EVALUATION: (
        r"\bevaluat|\bbenchmark|\bresults?\b|\bperformance\b|\bmetrics?\b|\bscores?\b|\baccuracy\b|\bleaderboard|\bcomparison|\bgains?\b"
        r"|\bavalia(?:cao|coes)|\bevaluacion|\bresultados?\b|\bdesempenho|\brendimiento|\bmetricas?\b|\bganhos?\b|\bganancias?\b|评测|评估|结果|性能"
    ),
    Topic.LICENSE: (
        r"\blicen[sc]|\battribution|\bcredits?\b|\backnowledg|\bthanks\b|\bterms of use|\bcopyright|\blegal\b|\bnotice\b"
        r"|\blicenca|\bcreditos\b|\bagradecimentos|\bagradecimientos|\batribui|\batribuc|许可|协议|致谢"
    ),
    Topic.CITATION: r"\bcit(?:ations?|e|ing|acao|acion|ar)\b|\bbibtex|\breferences?\b|\bpapers?\b|\bpublications?\b|\bcomo citar|\breferencias?\b|引用",
    Topic.CONTACT: (
        r"\bcontact|\bcard authors?\b|\bauthors?\b|\bfeedback|\bsupport\b|\bquestions\b|\bcommunity\b|\bdeveloped by|\bmaintainers?\b|\bteam\b|\bdiscord\b"
        r"|\bcontato|\bcontacto|\bautor(?:es|ia|a)?\b|\bequipe\b|\bequipo\b|联系"
    ),
}
_LABEL = re.compile(
    r"^[ \t]*(?:(?:\*\*|__)([^*_\n]{3,60}?)(?:\*\*|__)|([^\n:：*]{3,40})[:：](?=\s|\*|$))",
    re.MULTILINE,
)

_HTML_TITLE = re.compile(r"<(?:h\d|summary|b|strong)\b[^<>]{0,500}>([^<>]{3,80})<")


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands below it, up to the next heading of any level."""

    heading: Block
    blocks: tuple[Block, ...]
    parents: tuple[str, ...]
    """The headings that it stands under, outermost first, in plain words."""

    @property
    def title(self) -> str:
        """The heading in plain words."""
        return plain(self.heading.text)


def plain(text: str) -> str:
    """A heading as words: lower case, no accents, marks, emoji, link targets or leading numbers."""
    text = re.sub(r"!?\[([^\[\]]*)\]\([^()]*\)", r"\1", text)
    text = re.sub(r"<[^<>]{0,500}>|&\w+;", " ", text)
    text = unicodedata.normalize("NFKD", text.casefold())
    text = "".join(c for c in text if not unicodedata.combining(c))
    text = re.sub(r"[^\w\s/&:,'()-]|_", " ", text)
    return re.sub(r"^[\d.\s)]+(?=\D)", "", " ".join(text.split())).strip(" :-")


def sections(markdown: Markdown) -> tuple[Section, ...]:
    """The sections in order; text before the first heading belongs to none."""
    found: list[Section] = []
    trail: list[Block] = []
    heading: Block | None = None
    below: list[Block] = []

    def close() -> None:
        if heading is not None:
            over = tuple(plain(t.text) for t in trail[:-1])
            found.append(Section(heading, tuple(below), over))

    for block in markdown.blocks:
        if block.kind is not BlockKind.HEADING:
            below.append(block)
            continue
        close()
        while trail and trail[-1].level >= block.level:
            trail.pop()
        trail.append(block)
        heading, below = block, []
    close()
    return tuple(found)


@cache
def _pattern(topic: Topic) -> re.Pattern[str]:
    return re.compile(_STEMS[topic])


def about(title: str) -> frozenset[Topic]:
    """The topics that a heading in plain words speaks of."""
    return frozenset(t for t in Topic if _pattern(t).search(title))


def topics(markdown: Markdown) -> frozenset[Topic]:
    """The topics that headings and labels of the body cover."""
    covered: set[Topic] = set()
    for name in _names(markdown):
        covered |= about(name)
        if len(covered) == len(Topic):
            break
    return frozenset(covered)


def _names(markdown: Markdown) -> Iterator[str]:
    for block in markdown.blocks:
        if block.kind is BlockKind.HEADING:
            yield plain(block.text)
        elif block.kind in {BlockKind.PARAGRAPH, BlockKind.CELL}:
            yield from (plain(m[1] or m[2]) for m in _LABEL.finditer(block.text))
        elif block.kind is BlockKind.HTML:
            yield from (plain(t) for t in _HTML_TITLE.findall(block.text))
        elif block.info.startswith("bib") or block.text.lstrip().startswith("@"):
            yield "bibtex"
