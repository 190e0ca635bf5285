"""Says what license a text is, how much of it is there, and what else stands in the file.

Two methods, each where it is the better one. Four-word shingles, hashed, know the texts of the
catalog (:mod:`cardlint_licenses.words`): fast, no text shipped, and they find a license in a text
that was rewrapped, joined or cut. `licenseclassifier` knows the 700 texts of SPDX word by word
(:mod:`cardlint_licenses.spdx_texts`): it is asked whenever the shingles are not perfect, and its
"no" turns "is" into "altered". Where the two disagree, nothing is named.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from cardlint_licenses import catalog, spdx_texts
from cardlint_licenses.fingerprints import WHOLE, Candidate, candidates, core, hashes, overlapping
from cardlint_licenses.model import Text
from cardlint_licenses.results import Detection, Form, Match, Passage
from cardlint_licenses.wording import HOLDER, NORMATIVE, STRONG, USES
from cardlint_licenses.words import NEGATIONS, SHINGLE, Words, shingles, split

_VERSION = re.compile(r"\d{1,2}\.\d{1,2}[a-z]?")
# Tuned on texts that are not in the set: tests/benchmarks/license_detection.py prints the margins.
NEARLY = 0.9
"""Share at which a text without changed terms is whole, though not word for word."""
MAX_LICENSES = 24
"""Licenses looked for in one file."""
_INSIDE = 0.8
"""Share of a text at which it may be told from a longer one that holds it."""
_OWN = 12
"""Shingles that such a text has besides: its title."""
_ADDED = 30
"""Shingles by which the longer one must be longer."""
_NEAR = 0.25
"""Difference of Dice coefficients up to which another text is a rival."""
_SAME_PART = 0.8
"""Share of a part that another text must have to be a rival."""
_TITLE = 120
"""Words before a license among which its version is looked for."""
_CLAUSE = 8
"""Words of a passage that is looked at even with one word of terms in it."""


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
    return Detection(
        matches=tuple(matches),
        added=tuple(reader.added()),
        withheld=tuple(reader.withheld),
        near=tuple(dict.fromkeys(reader.near)),
    )


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
        self.near: list[str] = []
        self.holders = [(m.start(), m.end()) for m in HOLDER.finditer(text)]

    def run(self) -> None:
        standing = hashes("boilerplate")
        for _ in range(MAX_LICENSES):
            ranked = candidates(self.hashes, self.free)
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

    def take(self, candidate: Candidate) -> None:
        """Use up the passage of a candidate."""
        own = hashes(candidate.text.name)
        standing = own & hashes("boilerplate")
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

    def judge(self, ranked: Sequence[Candidate]) -> Match | None:
        """The match for the best candidate, if it can be told from its rivals."""
        best = ranked[0]
        mine = core(best.text)
        here = {self.hashes[p] for p in range(best.hits[0], best.hits[-1] + 1)}
        rivals = [c.text for c in ranked[1:] if c.score >= best.score - _NEAR]
        if best.containment < _INSIDE:  # of a part, any text that has the same part is a rival
            rivals += overlapping({self.hashes[p] for p in best.hits}, _SAME_PART)
        for rival in rivals:
            if rival.license != best.text.license and not _apart(best, mine, core(rival), here):
                both = f"{best.text.license} and {rival.license}"
                self.withhold(
                    f"the text is near {both} and cannot be told apart",
                    best.text.license,
                    rival.license,
                )
                return None
        return self.match(best)

    def withhold(self, why: str, *licenses: str) -> None:
        """Name no license, and say why."""
        self.withheld.append(why)
        self.near.extend(licenses)

    def match(self, best: Candidate) -> Match | None:
        license_ = catalog.index()["texts"][best.text.name]["license"]
        first, last = best.hits[0], min(best.hits[-1] + SHINGLE, len(self.words)) - 1
        start, end = self.words.starts[first], self.words.ends[last]
        near = self.text[max(0, start - 400) : end + 400]
        dated = best.text.marker is None or re.search(best.text.marker, near) is not None
        hit = [False] * (last - first + 1)
        known = hashes(best.text.name) | hashes("boilerplate")
        for position in range(first, best.hits[-1] + 1):
            if self.hashes[position] in known:
                for i in range(position, min(position + SHINGLE, last + 1)):
                    hit[i - first] = True
        strange = self.passages(hit, first)
        title = self.words.words[max(0, first - _TITLE) : first]
        inside = (w for p in strange for w in split(p.text).words)
        number = _other_version([*title, *inside], license_)
        if number and best.containment < 1:
            self.withhold(f"the text is near {license_} and numbered {number}", license_)
            return None
        altered = tuple(p for p in strange if self.changes(p))
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
        said = set(split(self.text[passage.start : passage.end]).words)
        if any(a <= passage.start and passage.end <= b + 2 for a, b in self.holders):
            return bool(said & USES) or len(said & STRONG) > 1
        return bool(said & STRONG) or len(said & NORMATIVE) >= 3

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
                normative = sum(w in NORMATIVE for w in said)
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
                said = f"{match.spdx} by its shingles and {over[0].spdx} by licenseclassifier"
                self.withhold(f"the text is near {said}", match.license or match.spdx)
            elif match.form is Form.FULL and not match.altered and match.coverage < WHOLE:
                self.withhold(f"the text is near {match.spdx}", match.license or match.spdx)
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


def _other_version(said: Iterable[str], license_: str) -> str | None:
    """A version number among words that are not the license's, where it has one and not this."""
    numbers = {w for w in said if _VERSION.fullmatch(w)}
    own = {w for w in split(license_).words if _VERSION.fullmatch(w)}
    return min(numbers) if numbers and own and not numbers & own else None


def _apart(best: Candidate, mine: frozenset[int], theirs: frozenset[int], here: set[int]) -> bool:
    """Whether a passage is one text and not another one that is like it."""
    own, added = mine - theirs, theirs - mine
    for_me, for_them = len(own & here), len(added & here)
    if for_me >= 3 and for_them <= 0.25 * for_me:
        return True
    # A license that another only adds to (MIT, and Kimi K2's MIT) has little of its own.
    if best.containment >= _INSIDE and len(own) <= _OWN and len(added) >= _ADDED:
        return for_them <= 2
    return best.whole and 2 * for_me >= len(own) and for_them <= max(2, for_me // 2)


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
