"""What a plain scalar means: to the Hub (js-yaml, YAML 1.2) and to Python (PyYAML, YAML 1.1).

Sources: js-yaml 4, ``lib/type/{null,bool,int,float,timestamp}.js``; PyYAML 6, ``resolver.py`` and
``constructor.py``. The two agree on nearly everything that people write; where they do not, a card
says one thing to the Hub and another to every Python program.
"""

from __future__ import annotations

import re

from cardlint.card.nodes import Kind
from cardlint.findings import Json

SPECIAL = frozenset("~nNtTfFyYoO0123456789+-.")
"""What a scalar begins with that may be anything but a string, to either of them."""
_NULL = frozenset(("", "~", "null", "Null", "NULL"))
_TRUE = frozenset(("true", "True", "TRUE"))
_FALSE = frozenset(("false", "False", "FALSE"))
_YES = frozenset(("yes", "Yes", "YES", "on", "On", "ON"))
_NO = frozenset(("no", "No", "NO", "off", "Off", "OFF"))

_HUB_INT = re.compile(
    r"([-+]?)(?:(0)|0b([01_]+)|0x([0-9a-fA-F_]+)|0o([0-7_]+)|([0-9][0-9_]*))(?<!_)", re.ASCII
)
_HUB_FLOAT = re.compile(
    r"(?:[-+]?[0-9][0-9_]*(?:\.[0-9_]*)?(?:[eE][-+]?[0-9]+)?|\.[0-9_]+(?:[eE][-+]?[0-9]+)?)(?<!_)",
    re.ASCII,
)
_NOT_FINITE = re.compile(r"([-+]?)\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_PYTHON_FLOAT = re.compile(
    r"[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?", re.ASCII
)
_PYTHON_SEXAGESIMAL = re.compile(
    r"[-+]?(?:[1-9][0-9_]*(?::[0-5]?[0-9])+|[0-9][0-9_]*(?::[0-5]?[0-9])+(\.[0-9_]*))", re.ASCII
)
_PYTHON_INT = re.compile(
    r"([-+]?)(?:0b([01_]+)|0x([0-9a-fA-F_]+)|0([0-7_]+)|(0|[1-9][0-9_]*))", re.ASCII
)
_DATE = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}|"
    r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]*)?"
    r"(?:[ \t]*(?:Z|[-+][0-9]{1,2}(?::?[0-9]{2})?))?",
    re.ASCII,
)
_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?")
"""Most numbers, the same to both."""
_LONG = 300
"""Digits behind which a number is no longer read exactly (js-yaml has only floats)."""

Reading = tuple[Kind, Json]


def hub(text: str) -> Reading:
    """What the Hub takes a plain scalar for."""
    if text and text[0] not in SPECIAL:
        return Kind.STR, text
    if len(text) < _LONG and (match := _DECIMAL.fullmatch(text)):
        return (Kind.FLOAT, float(text)) if match[1] else (Kind.INT, int(text))
    if text in _NULL:
        return Kind.NULL, None
    if text in _TRUE:
        return Kind.BOOL, True
    if text in _FALSE:
        return Kind.BOOL, False
    if text[0].isalpha():
        return Kind.STR, text
    if match := _HUB_INT.fullmatch(text):
        sign, _zero, binary, hexadecimal, octal, decimal = match.groups()
        return _integer(sign, ((binary, 2), (hexadecimal, 16), (octal, 8), (decimal, 10)))
    if _HUB_FLOAT.fullmatch(text):
        return Kind.FLOAT, float(text.replace("_", ""))
    if match := _NOT_FINITE.fullmatch(text):
        return Kind.FLOAT, _not_finite(text)
    if _DATE.fullmatch(text):
        return Kind.DATE, text
    return Kind.STR, text


def python(text: str) -> Reading:
    """What PyYAML's safe loader takes a plain scalar for."""
    if text and text[0] not in SPECIAL:
        return Kind.STR, text
    if text in _NULL:
        return Kind.NULL, None
    if text in _YES or text in _TRUE:
        return Kind.BOOL, True
    if text in _NO or text in _FALSE:
        return Kind.BOOL, False
    if text[0].isalpha():
        return Kind.STR, text
    if match := _PYTHON_INT.fullmatch(text):
        sign, binary, hexadecimal, octal, decimal = match.groups()
        return _integer(sign, ((binary, 2), (hexadecimal, 16), (octal, 8), (decimal, 10)))
    if match := _PYTHON_SEXAGESIMAL.fullmatch(text):
        return _sexagesimal(text, whole=match[1] is None)
    if _PYTHON_FLOAT.fullmatch(text):
        return Kind.FLOAT, float(text.replace("_", ""))
    if _NOT_FINITE.fullmatch(text):
        return Kind.FLOAT, _not_finite(text)
    if _DATE.fullmatch(text):
        return Kind.DATE, text
    return Kind.STR, text


def differ(text: str) -> tuple[Reading, Reading] | None:
    """Both readings of a plain scalar where they are not the same value, else ``None``."""
    if not text or text[0] not in SPECIAL or _DECIMAL.fullmatch(text):
        return None
    one, other = hub(text), python(text)
    numbers = {Kind.INT, Kind.FLOAT}
    same_kind = one[0] is other[0] or {one[0], other[0]} <= numbers
    # repr, not ==: a NaN equals itself here, and 1 is not True
    if same_kind and (one[1] == other[1] or repr(one[1]) == repr(other[1])):
        return None
    return one, other


def _integer(sign: str, digits: tuple[tuple[str | None, int], ...]) -> Reading:
    for text, base in digits:
        bare = text.replace("_", "") if text else ""
        if bare:
            if len(bare) > _LONG:
                return Kind.FLOAT, float("-inf" if sign == "-" else "inf")
            number = int(bare, base)
            return Kind.INT, -number if sign == "-" else number
    return Kind.INT, 0


def _sexagesimal(text: str, *, whole: bool) -> Reading:
    bare = text.replace("_", "")
    if len(bare) > _LONG:
        return Kind.FLOAT, float("inf")
    parts = bare.lstrip("+-").split(":")
    number: float = 0
    for part in parts:
        number = number * 60 + (int(part) if whole else float(part))
    number = -number if bare.startswith("-") else number
    return (Kind.INT if whole else Kind.FLOAT), number


def _not_finite(text: str) -> float:
    return float(text.replace(".", "", 1).lower())
