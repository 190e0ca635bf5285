"""``body/hidden-characters``."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from cardlint.findings import Confidence, Edit, Finding, Fix, Severity
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule

POINTED = 4
"""Places that a reader is pointed to; the fix takes them all."""


@dataclass(frozen=True, slots=True)
class Family:
    """Characters that a reader does not see, of one kind."""

    name: str
    pattern: re.Pattern[str]
    severity: Severity
    why: str


# U+200D joins emoji and Indic letters, U+200C separates Persian and Indic ones, U+200E and U+200F
# belong in right-to-left text: they are told only between characters of scripts that have no use
# for them. U+FEFF at the very start is a byte order mark.
_LATIN = r"[\x21-\x7e\u00a1-\u024f\u0370-\u052f\u3000-\u9fff]"
FAMILIES = (
    Family(
        "tag characters",
        re.compile(r"(?<!\U0001f3f4)(?<![\U000e0020-\U000e007f])[\U000e0000-\U000e007f]+"),
        Severity.WARNING,
        "They spell text that only a program reads.",
    ),
    Family(
        "direction controls",
        re.compile(r"[\u202a-\u202e\u2066-\u2069]+"),
        Severity.WARNING,
        "They can show text in another order than it is read in.",
    ),
    Family(
        "invisible characters",
        re.compile(
            rf"[\u2060-\u2064\u180e\u115f\u1160\u3164\uffa0]+|(?<!\A)\ufeff+|(?<!\u200b)\u200b++(?={_LATIN})|(?<={_LATIN})\u200b+"
            rf"|(?<={_LATIN})[\u200c-\u200f]+(?={_LATIN})"
        ),
        Severity.INFO,
        "They break search, copying and comparison.",
    ),
)
_ANY = re.compile(
    r"[\u115f\u1160\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\u3164\ufeff\uffa0\U000e0000-\U000e007f]"
)


class HiddenCharacters(Rule):
    """The card holds characters that a reader does not see.

    ## What it checks
    Tag characters (U+E0000 to U+E007F), direction controls (U+202A to U+202E, U+2066 to U+2069) and
    invisible characters such as the zero width space, in the whole file. What scripts and emoji
    need is left alone: joiners in emoji and Indic text, marks in right-to-left text, flags.

    ## Why it matters
    Tag characters and direction controls are used to hide instructions to language models and to
    make text read differently from how it is shown ("Trojan Source", CVE-2021-42574).

    ## Example
    A name with a zero width space in it: it looks right, and nobody finds it.

    ## How to fix
    Remove them; `--unsafe-fixes` does.

    ## Sources
    - Unicode Technical Standard 39, "Unicode Security Mechanisms"
    - Boucher and Anderson, "Trojan Source: Invisible Vulnerabilities", 2021
    """

    id = "body/hidden-characters"
    severity = Severity.WARNING
    needs = frozenset({Fact.CARD})

    def check(self, repo: Repository) -> Iterator[Finding]:
        card = repo.card
        if card.text.isascii() or not _ANY.search(card.text):
            return
        for family in FAMILIES:
            found = list(family.pattern.finditer(card.text))
            if not found:
                continue
            codes = sorted({f"U+{ord(c):04X}" for m in found for c in m[0]})
            first = found[0][0][0]
            name = unicodedata.name(first, codes[0]).lower()
            hidden = "".join(
                chr(ord(c) - 0xE0000) for m in found for c in m[0] if 0xE0020 <= ord(c) < 0xE007F
            )
            edits = tuple(Edit(card.path, m.start(), m.end(), "") for m in found)
            spelled = f" They spell “{hidden[:80]}”." if hidden else ""
            yield self.finding(
                f"The card holds {family.name} in {len(found)} place{'s' * (len(found) > 1)}, the first a {name}."
                f"{spelled or ' ' + family.why}",
                card.location(found[0].start(), found[0].end()),
                next_step="Remove them.",
                evidence={
                    "characters": list(codes),
                    "count": sum(len(m[0]) for m in found),
                    "hidden_text": hidden[:500],
                },
                severity=family.severity,
                confidence=Confidence.CERTAIN,
                related=[card.location(m.start(), m.end()) for m in found[1:POINTED]],
                fix=Fix(f"remove {family.name}", edits, safe=False),
            )
