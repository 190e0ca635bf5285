"""Words by which terms are told from other text."""

from __future__ import annotations

import re

NORMATIVE = frozenset(
    """
    shall must may not only no non never without except unless prohibited prohibit
    forbidden restrict restricted restriction restrictions commercial noncommercial
    commercially purposes permission permitted agree terminate terminated require
    requires required condition conditions consent royalty fee research obtain display
    prominently
    """.split()  # noqa: SIM905  # a list of words reads best as words
)
"""Words of terms."""
STRONG = frozenset(
    """
    not no non never only without except unless prohibited forbidden commercial
    noncommercial commercially research restricted prominently display must
    """.split()  # noqa: SIM905  # a list of words reads best as words
)
"""Those of them that change what a sentence allows."""
USES = frozenset(("commercial", "noncommercial", "prohibited", "restricted"))
"""Those that are in no holder's name."""
HOLDER = re.compile(
    r"^[^\w\n]{0,40}(?:portions[ \t]+)?(?:copyright|©|\(c\)).{0,160}$"
    r"|copyright\s*(?:\(c\)|©|\d{4}|[\[<{])[^\n;]{0,80}"
    r"|^.{0,160}all rights reserved.{0,40}$",
    re.IGNORECASE | re.MULTILINE,
)
"""A copyright statement: whose name stands there changes no term."""
