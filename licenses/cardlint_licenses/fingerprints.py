"""The hashed shingles of the known texts, and how well a text fits them."""

from __future__ import annotations

import sys
from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from cardlint_licenses import catalog
from cardlint_licenses.model import Text
from cardlint_licenses.words import SAMPLE, SHINGLE

# Tuned on texts that are not in the set: tests/benchmarks/license_detection.py prints the margins.
CANDIDATE = 0.12
"""Share of a text's sampled shingles at which it is looked at closely."""
WHOLE = 0.97
"""Share of a license's shingles at which the text is whole."""
HEADER = 0.7
"""Share at which a header is there."""
PART = 0.35
"""Share at which a part of a license is named at all."""
SLACK = 8
"""Shingles that may always be missing: a title, a holder's name."""
CLOSELY = 16
"""Texts that are looked at closely in one round."""
_OPENING = 20
"""Shingles by which the beginning of a further copy is known."""
_GAP = 250
"""Words without a match that end a license's passage."""
_STEP = 6
"""Words without a match that end a run of matches."""
_LONGER = 2
"""Words by which a passage may be longer than the license before its ends are looked at."""
_RUN = 6
"""Matches in a run that say something: a few words in a row stand in many licenses."""


@lru_cache(maxsize=24)  # 3 MB at most; reading one again costs a fraction of a millisecond
def hashes(name: str) -> frozenset[int]:
    """The shingles of a text, or of the boilerplate."""
    return frozenset(_read(f"{name}.bin"))


@cache
def index() -> tuple[array[int], array[int]]:
    """Sampled shingles in ascending order, and for each the number of a text that has it."""
    both = _read("candidates.idx")
    half = len(both) // 2
    return both[:half], both[half:]


@cache
def sampled() -> Counter[int]:
    """Number of a text → how many of its shingles are sampled."""
    return Counter(index()[1])


def _read(name: str) -> array[int]:
    values = array("I", (catalog.DATA / "shingles" / name).read_bytes())
    if sys.byteorder == "big":
        values.byteswap()
    return values


def _votes(values: Iterable[int]) -> Counter[int]:
    """Number of a text → how many of the given shingles are among its sampled ones."""
    votes: Counter[int] = Counter()
    keys, numbers = index()
    for value in values:
        if value % SAMPLE == 0:
            place = bisect_left(keys, value)
            while place < len(keys) and keys[place] == value:
                votes[numbers[place]] += 1
                place += 1
    return votes


def core(text: Text) -> frozenset[int]:
    """A text's shingles without the standing words around it, unless nothing else would be left."""
    if text.form == "header":
        return hashes(text.name)
    found = hashes(text.name) - hashes("boilerplate")
    return found if len(found) * 4 > text.size else hashes(text.name)


@dataclass(slots=True)
class Candidate:
    """How well one passage of a text fits one known text."""

    text: Text
    hits: list[int]
    """Positions of shingles of the passage that are in the known text, ascending."""
    unique: int
    """How many different ones."""
    size: int
    """How many the known text has."""
    score: float
    """Dice coefficient of passage and known text."""

    @property
    def containment(self) -> float:
        """Share of the known text that is there."""
        return self.unique / self.size

    @property
    def whole(self) -> bool:
        """Whether all of it is there, a title apart."""
        return self.size - self.unique <= max(SLACK, (1 - WHOLE) * self.size)


def candidates(found: Sequence[int], free: Sequence[bool]) -> list[Candidate]:
    """The known texts that are there in good part, best first, headers last.

    Args:
        found: the shingles of a text, in order.
        free: for each, whether no license was found there yet.
    """
    votes = _votes({h for h, open_ in zip(found, free, strict=True) if open_})
    texts = catalog.texts()
    likely = [n for n, count in votes.items() if count >= max(1, CANDIDATE * sampled()[n])]
    likely.sort(key=lambda n: votes[n] / sampled()[n], reverse=True)
    fitting = [c for c in (fit(texts[n], found, free) for n in likely[:CLOSELY]) if c]
    return sorted(fitting, key=lambda c: (c.text.form == "header", -c.score, -c.size))


def overlapping(part: set[int], share: float) -> list[Text]:
    """The full texts that have at least a share of the given shingles."""
    votes = _votes(part)
    texts = catalog.texts()
    near = [texts[n] for n, count in votes.items() if count * 2 >= max(votes.values()) * share]
    return [t for t in near if t.form == "full" and len(part & core(t)) >= share * len(part)]


def fit(text: Text, found: Sequence[int], free: Sequence[bool]) -> Candidate | None:
    """The best passage for one known text; ``None`` where too little of it is there."""
    own = core(text)
    places = [p for p, h in enumerate(found) if free[p] and h in own]
    needed = (HEADER if text.form == "header" else PART) * len(own)
    if len(places) < needed:
        return None
    best: list[int] = []
    seen: set[int] = set()
    for passage in passages(places):
        hits = _trimmed(_one_copy(passage, found, len(own)), found, text.words)
        unique = {found[p] for p in hits}
        if len(unique) > len(seen):
            best, seen = hits, unique
    if not best or len(seen) < needed:
        return None
    standing = hashes("boilerplate")
    inside = sum(h in own or h not in standing for h in found[best[0] : best[-1] + 1])
    return Candidate(text, best, len(seen), len(own), 2 * len(seen) / (len(own) + inside))


def _one_copy(hits: Sequence[int], found: Sequence[int], size: int) -> list[int]:
    """The hits up to where a further copy of the same text begins."""
    seen: set[int] = set()
    opening = {found[p] for p in hits[:_OPENING]}
    for number, position in enumerate(hits):
        if (
            number >= _OPENING
            and len(seen) >= WHOLE * size
            and opening.issuperset(found[position : position + _RUN])
        ):
            return list(hits[:number])
        seen.add(found[position])
    return list(hits)


def _trimmed(hits: list[int], found: Sequence[int], words: int) -> list[int]:
    """The hits without those at the ends that only repeat what the passage has anyway.

    A clause appended in a license's own words is no part of it. Nothing is taken from a passage that
    is no longer than the license.
    """
    counts = Counter(found[p] for p in hits)
    first, last = 0, len(hits) - 1
    for end in (-1, 0):
        while last > first and hits[last] - hits[first] + SHINGLE > words + _LONGER:
            value = found[hits[last if end else first]]
            if counts[value] < 2:
                break
            counts[value] -= 1
            first, last = (first, last - 1) if end else (first + 1, last)
    return hits[first : last + 1]


def passages(places: Sequence[int]) -> list[list[int]]:
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
