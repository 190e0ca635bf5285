"""The texts of the SPDX list, through `licenseclassifier`."""

from __future__ import annotations

from dataclasses import dataclass


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

    return [Span(r.id, r.start, r.end) for r in identify_license(text, 0.0)]


def same(one: str, other: str) -> bool:
    """Whether two SPDX ids are one text: ``GPL-3.0`` is the old id of ``GPL-3.0-only``."""
    return _text_id(one) == _text_id(other)


def _text_id(spdx: str) -> str:
    return spdx.removesuffix("-only").removesuffix("-or-later").removesuffix("+").lower()
