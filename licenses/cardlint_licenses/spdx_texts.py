"""The texts of the SPDX list, through `licenseclassifier`.

The library keeps every state that its matcher ever met, with no bound (its README, "Memory": 400 MiB
when it has seen all licenses, and a hostile text may bring any number of states). The table of states
is only a memory of what can be computed again, so here it is one that empties itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

STATES = 4000
"""States that are kept, about 3 MB; the longest SPDX text needs some 6,000."""


@dataclass(frozen=True, slots=True)
class Span:
    """One SPDX license text in a text."""

    spdx: str
    start: int
    end: int


def identify(text: str) -> list[Span]:
    """Every span that `licenseclassifier` recognizes, whatever share of the text it is.

    The library refuses a text of which less than 75 % is license; the share is judged by the
    caller, so its threshold is set to nothing.
    """
    from licenseclassifier import (  # noqa: PLC0415  # 0.2 s to load; most files do not need it
        identify_license,
    )

    matcher()
    return [Span(r.id, r.start, r.end) for r in identify_license(text, 0.0)]


class _Bounded(dict[Any, Any]):
    """A table that is emptied when it is full."""

    def __setitem__(self, key: Any, value: Any) -> None:
        if len(self) >= STATES:
            self.clear()
        super().__setitem__(key, value)


@cache
def matcher() -> Any:
    """The library's matcher, its states bounded; ``None`` where the library is built otherwise.

    There is no public way to it (a gap that the library's README names), so a release that moves it
    costs memory and nothing else; a test tells us.
    """
    try:
        from licenseclassifier._engine.scan import builtin_scanner  # noqa: PLC0415  # as above

        found = builtin_scanner().re
        found._info = _Bounded(found._info)  # noqa: SLF001  # see above
    except (ImportError, AttributeError):
        return None
    return found


def same(one: str, other: str) -> bool:
    """Whether two SPDX ids are one text: ``GPL-3.0`` is the old id of ``GPL-3.0-only``."""
    return _text_id(one) == _text_id(other)


def _text_id(spdx: str) -> str:
    return spdx.removesuffix("-only").removesuffix("-or-later").removesuffix("+").lower()
