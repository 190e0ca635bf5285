"""The Hub's lists, as they were on a known day: licenses, pipeline tags, libraries, languages.

The JSON files are written by ``python -m cardlint.card.refresh``; ``sources.json`` says for each
where it came from, its version, date and sha256. Each is read when it is first asked for.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

_HERE = Path(__file__).parent
RELATIONS = ("adapter", "finetune", "merge", "quantized")
"""``base_model_relation`` (Hub documentation, Model Cards, "Specifying a base model")."""
GATED_TYPES = ("text", "checkbox", "date_picker", "country", "ip_location", "select")
"""Types of ``extra_gated_fields`` (Hub documentation, Gated models; ``ip_location`` stands in the
cards of Meta's models)."""


def _load(name: str) -> Any:
    return json.loads((_HERE / f"{name}.json").read_text("utf-8"))


@cache
def sources() -> Mapping[str, Mapping[str, str]]:
    """List name → ``source``, ``version``, ``date``, ``sha256``, ``checked``."""
    found: dict[str, dict[str, str]] = _load("sources")
    return found


def date() -> str:
    """The day up to which every list is known to be current (the oldest ``checked``)."""
    return min(s["checked"] for s in sources().values())


@cache
def licenses() -> frozenset[str]:
    """The license ids that the Hub accepts."""
    return frozenset(_load("licenses")["ids"])


@cache
def pipeline_tags() -> Mapping[str, tuple[str, ...]]:
    """Pipeline tag → its subtasks."""
    return {tag: tuple(subtasks) for tag, subtasks in _load("pipeline_tags").items()}


@cache
def libraries() -> Mapping[str, str]:
    """Library key → its name for people."""
    found: dict[str, str] = _load("libraries")
    return found


@cache
def eval_frameworks() -> frozenset[str]:
    """Evaluation frameworks that the Hub knows."""
    return frozenset(_load("eval_frameworks")["ids"])


_GROUPS = """
afa alg apa art ath aus bad bai bat ber bih bnt btk cai cau cel cmc cpe cpf cpp crp cus day dra fiu
gem ijo inc ine ira iro kar khi kro map mis mkh mno mul mun myn nah nai nic nub oto paa phi pra roa
sai sal sem sgn sio sit sla smi son ssa tai tup tut und wak wen ypk znd zxx
"""
"""ISO 639-2 codes of language groups and the like, which ISO 639-3 leaves out."""


@cache
def languages() -> frozenset[str]:
    """ISO 639-1, 639-2 (groups) and 639-3 codes, ``code`` and ``multilingual``."""
    parts = _load("languages")
    return frozenset((*parts["two"], *parts["three"], *parts["more"], *_GROUPS.split()))


@cache
def language_names() -> Mapping[str, str]:
    """Code → English name. 8,000 entries: asked for only when a code is wrong."""
    found: dict[str, str] = _load("language_names")
    return found


_LICENSE_NOISE = re.compile(r"licen[cs]es?|version|\bthe\b|(?<![a-z])v(?=\d)|[^a-z0-9+]")


def _squash(text: str) -> str:
    """A license id without case, punctuation and the words that people add."""
    folded = unicodedata.normalize("NFKC", text).lower()
    return _LICENSE_NOISE.sub("", folded)


@cache
def _license_spellings() -> Mapping[str, str]:
    spellings: dict[str, str] = {}
    for id_ in sorted(licenses()):
        spellings.setdefault(_squash(id_), id_)
    for id_ in sorted(licenses()):  # apache2, gpl3: the ".0" left out
        if id_.endswith(".0"):
            spellings.setdefault(_squash(id_)[:-1], id_)
    return spellings


def license_spelled(text: str) -> str | None:
    """The Hub's id for a license that is only spelled differently, such as ``Apache 2``."""
    return _license_spellings().get(_squash(text))


_SPDX = {
    "GFDL-1.1": "gfdl",
    "GFDL-1.2": "gfdl",
    "GFDL-1.3": "gfdl",
    "GPL-2.0": "gpl-2.0",
    "GPL-3.0": "gpl-3.0",
    "LGPL-2.1": "lgpl-2.1",
    "LGPL-3.0": "lgpl-3.0",
    "AGPL-3.0": "agpl-3.0",
    "ODC-By-1.0": "odc-by",
    "ODbL-1.0": "odbl",
    "PDDL-1.0": "pddl",
}
_SPDX_SUFFIX = re.compile(r"(?:-or-later|-only|\+)$", re.IGNORECASE)


def license_of_spdx(text: str) -> str | None:
    """The Hub's id nearest to an SPDX id that the Hub does not know, such as ``GPL-2.0-or-later``.

    The Hub's list has no word for "or later" and "only": that part is lost.
    """
    bare = _SPDX_SUFFIX.sub("", text).lower()
    return next((id_ for spdx, id_ in _SPDX.items() if spdx.lower() == bare), None)


def is_spdx(text: str) -> bool:
    """Whether a text is an id of SPDX's license list, in any case of letters."""
    return text.lower() in _spdx_ids()


@cache
def _spdx_ids() -> frozenset[str]:
    from license_expression import get_spdx_licensing

    keys = (key.lower() for key in get_spdx_licensing().known_symbols)
    return frozenset(key for key in keys if not key.startswith("licenseref-"))


def license_meant(text: str) -> str | None:
    """The Hub's id that a misspelt one most likely is; another number is another license."""
    digits = re.sub(r"\D", "", text)
    return nearest(text, [i for i in licenses() if re.sub(r"\D", "", i) == digits])


@cache
def _language_by_name() -> Mapping[str, str]:
    by_name: dict[str, str] = {}
    # Two-letter codes first: they are what the Hub shows.
    for code, name in sorted(language_names().items(), key=lambda i: (len(i[0]), i[0])):
        by_name.setdefault(name.casefold(), code)
    return by_name


_BIBLIOGRAPHIC = {
    "alb": "sq", "arm": "hy", "baq": "eu", "bur": "my", "chi": "zh", "cze": "cs", "dut": "nl",
    "fre": "fr", "geo": "ka", "ger": "de", "gre": "el", "ice": "is", "mac": "mk", "mao": "mi",
    "may": "ms", "per": "fa", "rum": "ro", "slo": "sk", "tib": "bo", "wel": "cy",
}  # fmt: skip
"""ISO 639-2/B, which the Hub's list leaves out."""
_WITHDRAWN = {"in": "id", "iw": "he", "ji": "yi", "jw": "jv", "mo": "ro", "zhs": "zh", "zht": "zh"}
"""Codes that ISO has taken back, and two that programs have made up."""


def language_spelled(text: str) -> str | None:
    """The code of a language written as a name, in capitals or as a BCP 47 tag, where it is sure."""
    folded = text.strip().casefold()
    if folded in languages():
        return folded
    if folded in _BIBLIOGRAPHIC or folded in _WITHDRAWN:
        return _BIBLIOGRAPHIC.get(folded) or _WITHDRAWN[folded]
    if re.fullmatch(r"multi[\s-]?ling(?:ual|ue)s?", folded):
        return "multilingual"
    if found := _language_by_name().get(folded):
        return found
    primary = re.match(r"([a-z]{2,3})[-_][a-z]{2,4}(?:[-_][a-z]{2})?$", folded)
    return primary[1] if primary and primary[1] in languages() else None


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that a misspelt one most likely is: at most two letters away.

    Damerau-Levenshtein distance (optimal string alignment) of at most 2, or 1 for words of up to
    four letters; underscores, spaces and capitals are nothing. ``None`` where two are equally near.
    """
    bare = _plain(word)
    limit = 2 if len(bare) > 4 else 1
    best: list[tuple[int, str]] = []
    for candidate in known:
        other = _plain(candidate)
        if abs(len(other) - len(bare)) <= limit:
            away = distance(bare, other, limit)
            if away <= limit:
                best.append((away, candidate))
    best.sort()
    if not best or (len(best) > 1 and best[0][0] == best[1][0] and best[0][0] > 0):
        return None
    return best[0][1]


def _plain(word: str) -> str:
    return re.sub(r"[\s_-]+", "-", word.strip().lower())


def distance(one: str, other: str, limit: int) -> int:
    """Edits (insert, delete, replace, swap neighbors) between two words; ``limit + 1`` if more."""
    if one == other:
        return 0
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        older, before = before, row
        row = [i]
        for j, b in enumerate(other, 1):
            cost = min(before[j] + 1, row[-1] + 1, before[j - 1] + (a != b))
            if older and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
        if min(row) > limit:
            return limit + 1
    return row[-1]
