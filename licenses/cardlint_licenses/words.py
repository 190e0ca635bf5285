"""Texts as words, and words as hashed shingles.

Layout, case, punctuation, list markers and the web's ``https://`` are left out, so that the same
text rewrapped, joined to one line or marked up gives the same words.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from zlib import crc32

SAMPLE = 8
"""One in eight shingles stands in the candidate index."""
SHINGLE = 4
"""Words in a shingle: the smallest size at which licenses share few (facts of the prototype)."""

# A version number is one word; a list marker ("1.", "a)", "iv.") and a single letter are none.
_WORD = re.compile(r"\d+(?:\.\d+)+[a-z]?\b|\d+(?:\.\d+)+|\d{1,2}(?=[.)]\s)|[^\W_]+")
_MARKERS = frozenset(
    (
        "i",
        "ii",
        "iii",
        "iv",
        "v",
        "vi",
        "vii",
        "viii",
        "ix",
        "x",
        "http",
        "https",
        "www",
        "com",
        "br",
    )
)
_SAME = {"licence": "license", "licences": "licenses", "licenced": "licensed"}
NEGATIONS = frozenset(
    ("not", "no", "nor", "neither", "never", "only", "without", "except", "unless")
)
"""Words whose loss turns a sentence round; counted in short licenses."""
MAX_WORDS = 60_000
"""Words that are looked at; the longest license known has 13,000."""


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a text with their places."""

    words: Sequence[str]
    starts: Sequence[int]
    """Character offset of each word's first character."""
    ends: Sequence[int]

    def __len__(self) -> int:
        return len(self.words)

    def at(self, offset: int) -> int:
        """Index of the word at or just before a character offset."""
        return max(0, bisect_right(self.starts, offset) - 1)


def split(text: str) -> Words:
    """Read the words of a text (at most :data:`MAX_WORDS`)."""
    words: list[str] = []
    starts = array("I")
    ends = array("I")
    for match in _WORD.finditer(text):
        word = match[0].lower()
        if (len(word) == 1 and not word.isdigit()) or word in _MARKERS:
            continue
        end = match.end()
        # The second branch of the expression: a list marker's number.
        if word.isdigit() and len(word) <= 2 and text[end : end + 1] in {".", ")"}:
            following = text[end + 1 : end + 2]
            if not following or following.isspace():
                continue
        words.append(_SAME.get(word, word))
        starts.append(match.start())
        ends.append(end)
        if len(words) >= MAX_WORDS:
            break
    return Words(words, starts, ends)


def shingles(words: Sequence[str]) -> list[int]:
    """The CRC-32 of every run of :data:`SHINGLE` words; shorter texts give one."""
    if not words:
        return []
    count = max(1, len(words) - SHINGLE + 1)
    return [crc32(" ".join(words[i : i + SHINGLE]).encode()) for i in range(count)]
