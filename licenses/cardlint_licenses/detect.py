"""Says what license a text is, how much of it is there, and what else stands in the file.

Two methods, each where it is the better one. Four-word shingles, hashed, know the texts of the
catalog (:mod:`cardlint_licenses.words`): fast, no text shipped, and they find a license in a text
that was rewrapped, joined or cut. `licenseclassifier` knows the 700 texts of SPDX word by word
(:mod:`cardlint_licenses.spdx_texts`): it is asked whenever the shingles are not perfect, and its
"no" turns "is" into "altered". Where the two disagree, nothing is named.
"""

from __future__ import annotations

import re
import sys
from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache

from cardlint_licenses import catalog, spdx_texts
from cardlint_licenses.model import Text
from cardlint_licenses.words import NEGATIONS, SHINGLE, Words, shingles, split

# Tuned on texts that are not in the set: tests/benchmarks/license_detection.py prints the margins.
CANDIDATE = 0.12
"""Share of a text's sampled shingles at which it is looked at closely."""
WHOLE = 0.97
"""Share of a license's shingles at which the text is whole."""
NEARLY = 0.9
"""Share at which a text without changed terms is whole, though not word for word."""
PART = 0.35
"""Share at which a part of a license is named at all."""
SLACK = 8
"""Shingles that may always be missing: a title, a holder's name."""
MAX_LICENSES = 24
"""Licenses looked for in one file."""
_INSIDE = 0.8
"""Share of a text at which it may be told from a longer one that holds it."""
_OWN = 12
"""Shingles that such a text has besides: its title."""
_ADDED = 8
"""Shingles by which the longer one must be longer."""
_CLAUSE = 8
"""Words of a passage that is looked at even with one word of terms in it."""
_OPENING = 20
"""Shingles by which the beginning of a further copy is known."""
_GAP = 250
"""Words without a match that end a license's passage."""
_STEP = 6
"""Words without a match that end a run of matches."""
_RUN = 6
"""Matches in a run that say something: a few words in a row stand in many licenses."""

_NORMATIVE = frozenset(
    [
        "shall",
        "must",
        "may",
        "not",
        "only",
        "no",
        "non",
        "never",
        "without",
        "except",
        "unless",
        "prohibited",
        "prohibit",
        "forbidden",
        "restrict",
        "restricted",
        "restriction",
        "restrictions",
        "commercial",
        "noncommercial",
        "commercially",
        "purposes",
        "permission",
        "permitted",
        "agree",
        "terminate",
        "terminated",
        "require",
        "requires",
        "required",
        "condition",
        "conditions",
        "consent",
        "royalty",
        "fee",
        "research",
        "obtain",
        "display",
        "prominently",
    ]
)
_STRONG = frozenset(
    [
        "not",
        "no",
        "non",
        "never",
        "only",
        "without",
        "except",
        "unless",
        "prohibited",
        "forbidden",
        "commercial",
        "noncommercial",
        "commercially",
        "research",
        "restricted",
        "prominently",
        "display",
        "must",
    ]
)
_HOLDER_LINE = re.compile(
    r"^\W*(?:portions\W+)?(?:copyright|©|\(c\)).*$"
    r"|^.*copyright\s*(?:\(c\)|©|\d{4}|[\[<{]).*$"
    r"|^.*all rights reserved.*$",
    re.IGNORECASE | re.MULTILINE,
)


class Form(StrEnum):
    """How much of a license is in a text."""

    FULL = "full"
    PARTIAL = "partial"
    HEADER = "header"
    """The short notice that says which license applies."""
    MENTION = "mention"
    """Only its name."""


@dataclass(frozen=True, slots=True)
class Passage:
    """Words of a text that belong to no known license."""

    start: int
    end: int
    text: str
    """At most 400 characters of it."""
    normative: int
    """How many of its words are those of terms ("shall", "only", "prohibited", …)."""


@dataclass(frozen=True, slots=True)
class Match:
    """One license in a text."""

    license: str | None
    """Id in the catalog; ``None`` for an SPDX license that is not in it."""
    spdx: str
    text: str | None
    """Which of the license's known texts; ``None`` where its date or number is another."""
    form: Form
    start: int
    """Character offsets of the passage."""
    end: int
    coverage: float
    """Share of the license's text that is there, 0 to 1."""
    altered: tuple[Passage, ...] = ()
    """Words put into the license's own text, or changed in it."""
    method: str = "shingles"
    doubtful: bool = False
    """The text is not word for word the known one, and where it differs cannot be shown."""

    @property
    def whole(self) -> bool:
        """Whether the license is there in full, with nothing changed."""
        return self.form is Form.FULL and not self.altered and not self.doubtful


@dataclass(frozen=True, slots=True)
class Detection:
    """All that was found in one text."""

    matches: tuple[Match, ...]
    """In order of place; mentions only where nothing better was found."""
    added: tuple[Passage, ...]
    """Passages outside every license that are worded as terms."""
    withheld: tuple[str, ...] = ()
    """Why something that looks like a license was not named."""

    def ids(self) -> tuple[str, ...]:
        """Catalog ids of the licenses whose text (not header or mention) is there."""
        texts = (Form.FULL, Form.PARTIAL)
        return tuple(
            dict.fromkeys(m.license for m in self.matches if m.license and m.form in texts)
        )


def detect(text: str) -> Detection:
    """Look for licenses in ``text``."""
    words = split(text)
    if not words:
        return Detection((), ())
    reader = _Reader(text, words)
    reader.run()
    reader.second_opinion()
    matches = sorted(reader.matches, key=lambda m: m.start)
    if not matches:
        matches = _mentions(words)
        return Detection(tuple(matches), (), tuple(reader.withheld))
    return Detection(tuple(matches), tuple(reader.added()), tuple(reader.withheld))


@cache
def _hashes(name: str) -> frozenset[int]:
    values = array("I", (catalog.DATA / "shingles" / f"{name}.bin").read_bytes())
    if sys.byteorder == "big":
        values.byteswap()
    return frozenset(values)


@cache
def _index() -> dict[int, tuple[int, ...]]:
    pairs = array("I", (catalog.DATA / "shingles" / "candidates.idx").read_bytes())
    if sys.byteorder == "big":
        pairs.byteswap()
    found: dict[int, tuple[int, ...]] = {}
    for value, number in zip(pairs[::2], pairs[1::2], strict=True):
        found[value] = (*found.get(value, ()), number)
    return found


@cache
def _sampled() -> Counter[int]:
    return Counter(number for numbers in _index().values() for number in numbers)


def _core(text: Text) -> frozenset[int]:
    """A text's shingles without the standing words around it, unless nothing else would be left."""
    if text.form == "header":
        return _hashes(text.name)
    core = _hashes(text.name) - _hashes("boilerplate")
    return core if len(core) * 4 > text.size else _hashes(text.name)


@dataclass(slots=True)
class _Candidate:
    text: Text
    hits: list[int]
    """Word positions whose shingle is in the text."""
    unique: int
    size: int
    score: float

    @property
    def containment(self) -> float:
        return self.unique / self.size

    @property
    def whole(self) -> bool:
        return self.size - self.unique <= max(SLACK, (1 - WHOLE) * self.size)


def _passages(places: Sequence[int]) -> list[list[int]]:
    """Hits that belong together: runs of them, and what lies between runs that are near.

    A few words in a row stand in every license; a passage begins and ends with a run.
    """
    runs: list[tuple[int, int]] = []
    first = last = 0
    for number, place in enumerate([*places, sys.maxsize]):
        if number and place - places[last] > _STEP:
            if last - first + 1 >= _RUN:
                if runs and places[first] - places[runs[-1][1]] <= _GAP:
                    runs[-1] = (runs[-1][0], last)
                else:
                    runs.append((first, last))
            first = number
        last = number
    return [list(places[a : b + 1]) for a, b in runs]


class _Reader:
    """Takes one license after the other out of a text."""

    def __init__(self, text: str, words: Words) -> None:
        self.text = text
        self.words = words
        self.hashes = shingles(words.words)
        self.free = [True] * len(self.hashes)
        self.covered = [False] * len(words)
        self.matches: list[Match] = []
        self.withheld: list[str] = []
        self.holders = [(m.start(), m.end()) for m in _HOLDER_LINE.finditer(text)]

    def run(self) -> None:
        standing = _hashes("boilerplate")
        for _ in range(MAX_LICENSES):
            ranked = self.candidates()
            if not ranked:
                break
            match = self.judge(ranked)
            self.take(ranked[0])
            if match:
                self.matches.append(match)
        if any(m.form in {Form.FULL, Form.PARTIAL} for m in self.matches):
            for i, value in enumerate(self.hashes):
                if value in standing:
                    self.cover(i)

    def candidates(self) -> list[_Candidate]:
        """Texts that are there, best first; none that is not there in good part."""
        votes: Counter[int] = Counter()
        index = _index()
        for value in {h for h, free in zip(self.hashes, self.free, strict=True) if free}:
            votes.update(index.get(value, ()))
        texts = catalog.texts()
        likely = [n for n, count in votes.items() if count >= max(1, CANDIDATE * _sampled()[n])]
        likely.sort(key=lambda n: votes[n] / _sampled()[n], reverse=True)
        found = [c for c in (self.look(texts[n]) for n in likely[:16]) if c]
        return sorted(found, key=lambda c: (c.text.form == "header", -c.score, -c.size))

    def look(self, text: Text) -> _Candidate | None:
        """The best passage for one text."""
        core = _core(text)
        places = [p for p, h in enumerate(self.hashes) if self.free[p] and h in core]
        needed = (0.7 if text.form == "header" else PART) * len(core)
        if len(places) < needed:
            return None
        best: list[int] = []
        seen: set[int] = set()
        for passage in _passages(places):
            hits = self.one_copy(passage, core)
            unique = {self.hashes[p] for p in hits}
            if len(unique) > len(seen):
                best, seen = hits, unique
        if not best or len(seen) < needed:
            return None
        standing = _hashes("boilerplate")
        inside = sum(h in core or h not in standing for h in self.hashes[best[0] : best[-1] + 1])
        return _Candidate(text, best, len(seen), len(core), 2 * len(seen) / (len(core) + inside))

    def one_copy(self, hits: Sequence[int], core: frozenset[int]) -> list[int]:
        """The hits up to where a further copy of the same text begins."""
        seen: set[int] = set()
        opening = {self.hashes[p] for p in hits[:_OPENING]}
        for number, position in enumerate(hits):
            if (
                number >= _OPENING
                and len(seen) >= WHOLE * len(core)
                and opening.issuperset(self.hashes[position : position + _RUN])
            ):
                return list(hits[:number])
            seen.add(self.hashes[position])
        return list(hits)

    def take(self, candidate: _Candidate) -> None:
        """Use up the passage of a candidate."""
        own = _hashes(candidate.text.name)
        standing = own & _hashes("boilerplate")
        first, last = candidate.hits[0], candidate.hits[-1]
        for position, value in enumerate(self.hashes):
            inside = first <= position <= last
            if value in standing or (inside and value in own):
                self.cover(position)
            if inside or value in standing:
                self.free[position] = False

    def cover(self, position: int) -> None:
        for i in range(position, min(position + SHINGLE, len(self.words))):
            self.covered[i] = True

    def judge(self, ranked: Sequence[_Candidate]) -> Match | None:
        """The match for the best candidate, if it can be told from its rivals."""
        best = ranked[0]
        mine = _core(best.text)
        here = {self.hashes[p] for p in range(best.hits[0], best.hits[-1] + 1)}
        for rival in ranked[1:]:
            if rival.text.license == best.text.license or rival.score < best.score - 0.25:
                continue
            theirs = _core(rival.text)
            for_me = len((mine - theirs) & here)
            for_them = len((theirs - mine) & here)
            apart = for_me >= 3 and for_them <= 0.25 * for_me
            # A license that a rival only adds to (MIT, and Kimi K2's MIT) has little of its own.
            inside = best.whole or (best.containment >= _INSIDE and len(mine - theirs) <= _OWN)
            lacking = for_them <= max(2, for_me // 2) and len(theirs - mine) >= _ADDED
            if not apart and not (inside and lacking):
                self.withheld.append(
                    f"the text is near {best.text.license} and {rival.text.license} "
                    "and cannot be told apart"
                )
                return None
        return self.match(best)

    def match(self, best: _Candidate) -> Match:
        license_ = catalog.index()["texts"][best.text.name]["license"]
        first, last = best.hits[0], min(best.hits[-1] + SHINGLE, len(self.words)) - 1
        start, end = self.words.starts[first], self.words.ends[last]
        near = self.text[max(0, start - 400) : end + 400]
        dated = best.text.marker is None or re.search(best.text.marker, near) is not None
        hit = [False] * (last - first + 1)
        known = _hashes(best.text.name) | _hashes("boilerplate")
        for position in range(first, best.hits[-1] + 1):
            if self.hashes[position] in known:
                for i in range(position, min(position + SHINGLE, last + 1)):
                    hit[i - first] = True
        altered = tuple(p for p in self.passages(hit, first) if self.changes(p))
        if self.lost_negation(best.text, first, last):
            lost = Passage(start, end, "(a negation of the license is missing)", 1)
            altered = (*altered, lost)
        form = Form.HEADER if best.text.form == "header" else Form.FULL
        if form is Form.FULL and best.containment < NEARLY and not best.whole and not altered:
            form = Form.PARTIAL
        doubtful = form is Form.FULL and not best.whole
        return Match(
            license=license_,
            spdx=_spdx(license_),
            text=best.text.name if dated else None,
            form=form,
            start=start,
            end=end,
            coverage=round(best.containment, 4),
            altered=altered,
            doubtful=doubtful,
        )

    def lost_negation(self, text: Text, first: int, last: int) -> bool:
        """Whether fewer negations are in the passage than in the (short) license itself."""
        if text.negations is None:
            return False
        return sum(w in NEGATIONS for w in self.words.words[first : last + 1]) < text.negations

    def changes(self, passage: Passage) -> bool:
        """Whether words inside a license change what it says, as far as words can tell."""
        if any(a <= passage.start and passage.end <= b + 2 for a, b in self.holders):
            return False
        said = set(split(self.text[passage.start : passage.end]).words)
        return bool(said & _STRONG) or len(said & _NORMATIVE) >= 3

    def passages(self, hit: Sequence[bool], first: int = 0) -> list[Passage]:
        """Runs of words that no shingle covers."""
        found: list[Passage] = []
        begin: int | None = None
        for i, covered in enumerate([*hit, True]):
            if not covered and begin is None:
                begin = i
            elif covered and begin is not None:
                a, b = self.words.starts[first + begin], self.words.ends[first + i - 1]
                said = self.words.words[first + begin : first + i]
                normative = sum(w in _NORMATIVE for w in said)
                found.append(Passage(a, b, " ".join(self.text[a:b].split())[:400], normative))
                begin = None
        return found

    def second_opinion(self) -> None:
        """Ask licenseclassifier where the shingles are not perfect, or found nothing."""
        doubtful = [m for m in self.matches if _in_spdx(m) and m.form is not Form.HEADER]
        if self.matches and all(m.coverage == 1 and not m.altered for m in doubtful):
            return
        if self.matches and not doubtful:
            return
        spans = spdx_texts.identify(self.text)
        kept: list[Match] = []
        for match in self.matches:
            if match not in doubtful or (match.coverage == 1 and not match.altered):
                kept.append(match)
                continue
            over = [s for s in spans if s.start < match.end and s.end > match.start]
            same = [s for s in over if spdx_texts.same(s.spdx, match.spdx)]
            if same and not match.altered:
                both = "shingles, licenseclassifier"
                kept.append(replace(match, form=Form.FULL, doubtful=False, method=both))
            elif over and not same:
                self.withheld.append(
                    f"the text is near {match.spdx} by its shingles and {over[0].spdx} "
                    "by licenseclassifier"
                )
            elif match.form is Form.FULL:
                kept.append(replace(match, doubtful=True))
            else:
                kept.append(match)
        self.matches = kept
        if not self.matches and not self.withheld:
            for span in spans:
                self.take_span(span)

    def take_span(self, span: spdx_texts.Span) -> None:
        first, last = self.words.at(span.start), self.words.at(max(span.start, span.end - 1))
        if last - first < 20:  # a sentence that names a license, not the license
            return
        for i in range(first, last + 1):
            self.covered[i] = True
        license_ = catalog.find(span.spdx)
        share = (last - first + 1) / len(self.words)
        if license_ and catalog.load(license_).texts:
            return  # the shingles know that text and did not find it
        self.matches.append(
            Match(
                license=license_,
                spdx=span.spdx,
                text=None,
                form=Form.FULL,
                start=span.start,
                end=span.end,
                coverage=1.0,
                method="licenseclassifier",
                doubtful=share < 0.3,
            )
        )

    def added(self) -> list[Passage]:
        """Passages outside all licenses that are worded as terms."""
        inside = [(m.start, m.end) for m in self.matches if m.form in {Form.FULL, Form.PARTIAL}]
        if not inside:
            return []
        return [
            self.from_sentence(p)
            for p in self.passages(self.covered)
            if (p.normative >= 2 or len(p.text.split()) >= _CLAUSE)
            and self.changes(p)
            and not any(a <= p.start and p.end <= b for a, b in inside)
        ]

    def from_sentence(self, passage: Passage) -> Passage:
        """The passage from the beginning of its sentence, words that a license has too included."""
        before = self.text[max(0, passage.start - 100) : passage.start]
        cut = max(before.rfind("\n"), before.rfind(". "), before.rfind(": "))
        start = passage.start - (len(before) - cut - 1) if cut >= 0 else passage.start
        start += len(self.text[start : passage.end]) - len(self.text[start : passage.end].lstrip())
        shown = " ".join(self.text[start : passage.end].split())[:400]
        return replace(passage, start=start, text=shown)


def _in_spdx(match: Match) -> bool:
    return not match.spdx.startswith(("LicenseRef-", "NOASSERTION"))


def _spdx(license_: str) -> str:
    return catalog.load(license_).spdx


def _mentions(words: Words) -> list[Match]:
    """Names of licenses in a text that holds no license."""
    joined = " " + " ".join(words.words) + " "
    found: dict[str, Match] = {}
    for phrase, license_ in catalog.index()["mentions"].items():
        place = joined.find(f" {phrase} ")
        if place < 0 or license_ in found:
            continue
        first = joined.count(" ", 0, place + 1) - 1
        last = first + phrase.count(" ")
        found[license_] = Match(
            license=license_,
            spdx=_spdx(license_),
            text=None,
            form=Form.MENTION,
            start=words.starts[first],
            end=words.ends[last],
            coverage=0.0,
            method="name",
        )
    return sorted(found.values(), key=lambda m: m.start)
