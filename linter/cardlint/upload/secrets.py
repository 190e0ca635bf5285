"""Access tokens and private keys, by the patterns that their issuers publish.

A match is a whole token of the issuer's length whose random part looks random; tokens that carry a
checksum must have the right one. The value itself never leaves this module: only its prefix.
"""

from __future__ import annotations

import math
import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
MIN_ENTROPY = 3.0
"""Bits for each character of the random part; words and placeholders stay below."""
_PLACEHOLDER = re.compile(r"(?i)example|x{5}|0{6}|\*{3}|your|dummy|fake|placeholder|123456|abcdef")


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of secret."""

    name: str
    hint: bytes
    """Bytes without which there is none: found much faster than the pattern."""
    pattern: re.Pattern[str]
    """The group ``random`` is the part that must look random."""
    shown: int
    """How many characters of it may be shown."""
    check: Callable[[str], bool] | None = None
    """Its checksum."""


@dataclass(frozen=True, slots=True)
class Secret:
    """One secret in a text."""

    kind: str
    start: int
    end: int
    shown: str
    """Its beginning."""
    checked: bool
    """Whether its own checksum is right: then it is no accident."""


def crc32_base62(token: str) -> bool:
    """Whether the last six characters are the CRC-32 of the random part (GitHub, npm).

    Source: GitHub, "Behind GitHub's new authentication token formats" (2021).
    """
    body, given = token.split("_", 1)[1][:-6], token[-6:]
    number, digits = zlib.crc32(body.encode()), ""
    while number:
        number, rest = divmod(number, 62)
        digits = BASE62[rest] + digits
    return digits.rjust(6, "0") == given


def _kind(
    name: str, hint: str, pattern: str, shown: int, check: Callable[[str], bool] | None = None
) -> Kind:
    # A token ends where its alphabet ends: `\b` would cut one that ends in `-`.
    whole = re.compile(rf"(?<![A-Za-z0-9_-]){pattern}(?![A-Za-z0-9_-])", re.ASCII)
    return Kind(name, hint.encode(), whole, shown, check)


@cache
def kinds() -> tuple[Kind, ...]:
    """All kinds; compiled when the first file is searched."""
    return (
        _kind("Hugging Face token", "hf_", r"hf_(?P<random>[A-Za-z]{34})", 3),
        _kind(
            "Hugging Face organization token", "api_org_", r"api_org_(?P<random>[A-Za-z]{34})", 8
        ),
        _kind("GitHub token", "gh", r"gh[pousr]_(?P<random>[A-Za-z0-9]{36})", 4, crc32_base62),
        _kind(
            "GitHub token",
            "github_pat_",
            r"github_pat_(?P<random>[A-Za-z0-9]{22}_[A-Za-z0-9]{59})",
            11,
        ),
        _kind("npm token", "npm_", r"npm_(?P<random>[A-Za-z0-9]{36})", 4, crc32_base62),
        _kind("PyPI token", "pypi-AgE", r"pypi-AgE(?P<random>[A-Za-z0-9_-]{50,})", 5),
        _kind("AWS access key id", "AKIA", r"AKIA(?P<random>[A-Z2-7]{16})", 4),
        _kind("Google API key", "AIza", r"AIza(?P<random>[A-Za-z0-9_-]{35})", 4),
        _kind(
            "OpenAI key",
            "T3BlbkFJ",
            r"sk-(?P<random>[A-Za-z0-9_-]{16,100}T3BlbkFJ[A-Za-z0-9_-]{16,100})",
            3,
        ),
        _kind(
            "Anthropic key", "sk-ant-", r"sk-ant-[a-z0-9]{3,8}-(?P<random>[A-Za-z0-9_-]{80,120})", 7
        ),
        _kind("Slack token", "xox", r"xox[baprs]-(?P<random>[0-9]{8,14}-[A-Za-z0-9-]{20,80})", 5),
        _kind("Stripe key", "k_live_", r"[rs]k_live_(?P<random>[A-Za-z0-9]{24,})", 8),
        _kind("GitLab token", "glpat-", r"glpat-(?P<random>[A-Za-z0-9_-]{20})", 6),
        Kind(
            "private key",
            b"PRIVATE KEY-----",
            re.compile(
                r"-----BEGIN (?:[A-Z]{2,10} ){0,2}PRIVATE KEY-----\s+"
                r"(?:[A-Z][A-Za-z-]+: [^\n]*\s+){0,3}(?P<random>[A-Za-z0-9+/=]{40,80})",
            ),
            11,
        ),
    )


def find(data: bytes) -> Iterator[Secret]:
    """The secrets in a text file, in order of kind.

    Args:
        data: UTF-8, or near it: what is not is replaced character by character.

    Yields:
        Each with its offsets in the decoded text.
    """
    possible = [kind for kind in kinds() if kind.hint in data]
    if not possible:
        return
    text = data.decode("utf-8", "replace")
    for kind in possible:
        for match in kind.pattern.finditer(text):
            token, random = match[0], match["random"]
            if _PLACEHOLDER.search(random) or entropy(random) < MIN_ENTROPY:
                continue
            if kind.check and not kind.check(token):
                continue
            yield Secret(
                kind.name, match.start(), match.end(), token[: kind.shown], kind.check is not None
            )


def entropy(text: str) -> float:
    """Shannon's entropy of the characters, in bits for each."""
    total = len(text)
    return -sum(n / total * math.log2(n / total) for n in Counter(text).values())
