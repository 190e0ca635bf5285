"""What the metadata of a GGUF file says about parents.

Source: the GGUF specification (ggml, ``docs/gguf.md``), "General metadata": ``general.base_model.*``
and ``general.source.*``. By convention the ``general.`` keys stand first, so the first bytes do.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

from cardlint.errors import Malformed
from cardlint.findings import Location
from cardlint.lineage.declared import Declaration, Origin
from cardlint.source.interface import Range, Source

HEAD = 64 << 10
"""Bytes read; the ``general.`` keys of public files end within the first 4 KiB."""
_SIZES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
_STRING, _ARRAY = 8, 9
_BASE = re.compile(r"general\.base_model\.(\d+)\.(organization|name|repo_url)")
_SOURCES = ("general.source.huggingface.repository", "general.source.repo_url")


class _Ended(Exception):  # noqa: N818  # not an error: the bytes that were read end here
    pass


def read(source: Source, path: str) -> Iterator[Declaration]:
    """The parents that the metadata of one file name.

    Raises:
        Malformed: it does not begin as a GGUF file does.
        Unavailable: it cannot be read.
    """
    from cardlint.lineage.statements import as_id

    size = min(HEAD, source.entry(path).size)
    pairs = strings(source.read_ranges([Range(path, 0, size)])[0], path)
    bases: dict[str, dict[str, str]] = {}
    for key, value in pairs.items():
        match = _BASE.fullmatch(key)
        if match:
            bases.setdefault(match[1], {})[match[2]] = value
    found = [as_id(b.get("repo_url")) for b in bases.values()]
    for id_ in dict.fromkeys([*found, *(as_id(pairs.get(k)) for k in _SOURCES)]):
        if id_:
            yield Declaration(id_, None, None, Origin.GGUF, Location(path))


def strings(data: bytes, path: str) -> dict[str, str]:
    """The string values among the key-value pairs that lie whole within ``data``.

    Raises:
        Malformed: wrong magic, or a version older than 2 (whose lengths have 32 bits).
    """
    if data[:4] != b"GGUF" or len(data) < 24:
        raise Malformed(f"{path} does not begin as a GGUF file does")
    version, _, count = struct.unpack_from("<IQQ", data, 4)
    if version not in {2, 3}:
        raise Malformed(f"{path} is GGUF version {version}; 2 and 3 are read")
    found: dict[str, str] = {}
    at = 24
    try:
        for _ in range(min(count, HEAD)):
            key, at = _string(data, at)
            (kind,) = struct.unpack_from("<I", data, at)
            at += 4
            if kind == _STRING:
                found[key], at = _string(data, at)
            elif kind == _ARRAY:
                at = _array_end(data, at)
            elif kind in _SIZES:
                at += _SIZES[kind]
            else:
                break
    except (_Ended, struct.error):
        pass
    return found


def _string(data: bytes, at: int) -> tuple[str, int]:
    (length,) = struct.unpack_from("<Q", data, at)
    start = at + 8
    if length > len(data) - start:
        raise _Ended
    return data[start : start + length].decode("utf-8", "replace"), start + length


def _array_end(data: bytes, at: int) -> int:
    kind, length = struct.unpack_from("<IQ", data, at)
    at += 12
    if kind in _SIZES:
        return int(at + length * _SIZES[kind])
    if kind != _STRING or length > len(data):
        raise _Ended
    for _ in range(length):
        _, at = _string(data, at)
    return at
