"""The header of a safetensors file, believed only as far as it adds up.

Format: safetensors README, "Format": 8 bytes little-endian length N, N bytes of JSON, the data;
offsets are relative to the end of the header, without overlaps and without holes.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cardlint.errors import Malformed
from cardlint.weights.dtypes import BITS
from cardlint.weights.files import MAX_SAID, Problem

MAX_HEADER = 25_000_000
"""The Hub's own cap (huggingface_hub, ``SAFETENSORS_MAX_HEADER_LENGTH``)."""
FIRST_READ = 64 << 10
"""Bytes of each file that are read first; most headers are shorter."""


@dataclass(frozen=True, slots=True)
class HeaderEntry:
    """One tensor as the header describes it."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    offset: int
    """First byte, from the start of the file."""
    size: int
    """Bytes."""


@dataclass(frozen=True, slots=True)
class Header:
    """What a header says, faulty tensors left out."""

    entries: tuple[HeaderEntry, ...]
    metadata: dict[str, str]
    problems: tuple[Problem, ...]


def header_length(start: bytes, path: str, size: int) -> int:
    """The length N from the first eight bytes.

    Raises:
        Malformed: N is above :data:`MAX_HEADER` or reaches out of the file of ``size`` bytes.
    """
    if len(start) < 8:
        raise Malformed(f"{path} has {size} bytes: too short for a safetensors file")
    length = int.from_bytes(start[:8], "little")
    if length > MAX_HEADER:
        raise Malformed(
            f"{path} says that its header has {length:,} bytes; at most {MAX_HEADER:,} are allowed"
        )
    if 8 + length > size:
        raise Malformed(
            f"{path} has {size:,} bytes, its header alone would need {8 + length:,}: it is truncated"
        )
    return length


def parse(text: bytes, path: str, size: int) -> Header:
    """Read the JSON of a header.

    Args:
        text: the N bytes after the length.
        path: for messages.
        size: bytes of the whole file.

    Raises:
        Malformed: it is not a JSON object, or nests too deeply.
    """
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Malformed(f"{path}: the header is not JSON: {error}") from error
    if not isinstance(raw, dict):
        raise Malformed(f"{path}: the header is not a JSON object")
    problems: list[Problem] = []
    metadata = raw.pop("__metadata__", None)
    entries: list[HeaderEntry] = []
    start = 8 + len(text)
    for name, fields in raw.items():
        try:
            entries.append(_entry(name, fields, start, size))
        except Malformed as fault:
            code = fault.remedy or ""
            problems.append(Problem(code, f"{path}: {fault.message}", path))
    problems += _duplicates(text, len(raw), path)
    layout = _layout(entries, start, size, path)
    dropped = len(entries) < len(raw)  # a tensor that was left out leaves a hole of its own
    problems += [p for p in layout if p.code != "offsets-hole" or not dropped]
    if len(problems) > MAX_SAID:
        more = Problem("more", f"{path}: {len(problems) - MAX_SAID:,} more faults", path)
        problems = [*problems[:MAX_SAID], more]
    pairs = metadata.items() if isinstance(metadata, dict) else ()
    return Header(tuple(entries), {k: v for k, v in pairs if isinstance(v, str)}, tuple(problems))


def _entry(name: str, fields: Any, start: int, size: int) -> HeaderEntry:
    """One tensor; a fault is raised with its code as the remedy."""
    shown = name[:100]
    try:
        dtype, shape, (begin, end) = fields["dtype"], fields["shape"], fields["data_offsets"]
    except (TypeError, KeyError, ValueError):
        raise Malformed(
            f"tensor {shown} lacks dtype, shape or data_offsets", remedy="header-unreadable"
        ) from None
    numbers = [*shape, begin, end] if isinstance(shape, list) else [None]
    if not all(type(n) is int and 0 <= n < 1 << 63 for n in numbers) or len(numbers) > 34:
        raise Malformed(
            f"tensor {shown} has a shape or offsets that are no sizes", remedy="header-unreadable"
        )
    if not isinstance(dtype, str) or dtype not in BITS:
        raise Malformed(
            f"tensor {shown} has the unknown dtype {dtype!r:.60}", remedy="unknown-dtype"
        )
    if begin > end or start + end > size:
        raise Malformed(
            f"tensor {shown} ends at byte {start + end:,}, the file at {size:,}",
            remedy="offsets-outside",
        )
    wanted = -(-math.prod(shape) * BITS[dtype] // 8)
    if end - begin != wanted:
        raise Malformed(
            f"tensor {shown} of {dtype} {shape} needs {wanted:,} bytes, its offsets give"
            f" {end - begin:,}",
            remedy="size-mismatch",
        )
    return HeaderEntry(name, dtype, tuple(shape), start + begin, end - begin)


def _duplicates(text: bytes, count: int, path: str) -> Iterator[Problem]:
    """JSON keeps the last of two equal keys and says nothing."""
    if text.count(b'"data_offsets"') <= count:
        return
    names: Counter[str] = Counter()

    def note(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        for name, value in pairs:
            if isinstance(value, dict):
                names[name] += 1
        return dict(pairs)

    json.loads(text, object_pairs_hook=note)
    for name, times in names.items():
        if times > 1:
            yield Problem(
                "duplicate-tensor", f"{path}: tensor {name[:100]} is there {times} times", path
            )


def _layout(entries: list[HeaderEntry], start: int, size: int, path: str) -> Iterator[Problem]:
    """No overlaps, no holes, nothing after the last tensor."""
    at, before = start, "the header"
    for entry in sorted(entries, key=lambda e: (e.offset, e.size)):
        if entry.offset < at:
            yield Problem(
                "offsets-overlap",
                f"{path}: tensors {before[:100]} and {entry.name[:100]} overlap",
                path,
            )
        elif entry.offset > at:
            yield Problem(
                "offsets-hole",
                f"{path}: {entry.offset - at:,} bytes before tensor {entry.name[:100]} belong to none",
                path,
            )
        if entry.offset + entry.size > at:
            at, before = entry.offset + entry.size, entry.name
    if at < size:
        yield Problem(
            "offsets-hole",
            f"{path}: {size - at:,} bytes after the last tensor belong to none",
            path,
        )
