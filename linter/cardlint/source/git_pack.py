"""Looks through a pack that came over the network, before anything unpacks it.

An index can only be made by unpacking every object, and a pack of a few kilobytes can stand for
terabytes: by compression, and by deltas that copy their base again and again. So every entry is
first held against the size that it declares, and the sizes against bounds.
"""

from __future__ import annotations

import mmap
import zlib
from pathlib import Path

from cardlint.errors import Malformed, OverBudget

MAX_OBJECTS = 500_000
MAX_OBJECT = 64 << 20
"""Bytes of one object."""
MAX_UNPACKED = 1 << 30
"""Bytes of all objects together."""
_PIECE = 16 << 10
_OFFSET_DELTA, _REF_DELTA = 6, 7
_STORED = {1, 2, 3, 4}


def look_through(pack: Path) -> None:
    """Refuse a pack that would unpack to more than it may, or that lies about its sizes.

    The form is that of gitformat-pack(5), "Pack file entries" and "Deltified representation".

    Raises:
        OverBudget: it stands for too much.
        Malformed: it is no pack.
    """
    with pack.open("rb") as file:
        head = file.read(12)
        if head[:4] != b"PACK" or len(head) < 12:
            raise Malformed("what git sent is no pack")
        count = int.from_bytes(head[8:], "big")
        if count > MAX_OBJECTS:
            raise OverBudget(f"{count:,} objects of git; at most {MAX_OBJECTS:,} are taken")
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            try:
                _entries(data, count)
            except (IndexError, zlib.error) as error:
                raise Malformed("what git sent is cut short or damaged") from error


def _entries(data: mmap.mmap, count: int) -> None:
    at, total = 12, 0
    for _ in range(count):
        kind, declared, at = _header(data, at)
        if kind == _OFFSET_DELTA:
            while data[at] & 0x80:
                at += 1
            at += 1
        elif kind == _REF_DELTA:
            at += 20
        elif kind not in _STORED:
            raise Malformed(f"what git sent has an entry of the unknown kind {kind}")
        _allow(declared)
        delta = bytearray() if kind not in _STORED else None
        at = _inflate(data, at, declared, delta)
        size = declared if delta is None else max(declared, _result(delta))
        _allow(size)
        total += size
        if total > MAX_UNPACKED:
            raise OverBudget(f"more than {MAX_UNPACKED:,} bytes of git, unpacked")


def _allow(size: int) -> None:
    if size > MAX_OBJECT:
        raise OverBudget(f"a git object of {size:,} bytes; at most {MAX_OBJECT:,} are unpacked")


def _header(data: mmap.mmap, at: int) -> tuple[int, int, int]:
    """Kind, declared size, and where the entry goes on."""
    byte = data[at]
    kind, size, shift = byte >> 4 & 7, byte & 15, 4
    while byte & 0x80:
        at += 1
        byte = data[at]
        size |= (byte & 0x7F) << shift
        shift += 7
        if shift > 64:
            raise Malformed("what git sent has an entry without a size")
    return kind, size, at + 1


def _inflate(data: mmap.mmap, at: int, declared: int, into: bytearray | None) -> int:
    """Unpack one entry in pieces, keeping only a delta; returns where the next begins."""
    unzip = zlib.decompressobj()
    left, piece = declared, min(declared + 64, _PIECE)
    while not unzip.eof:
        rest = unzip.unconsumed_tail
        if not rest:
            rest = data[at : at + piece]
            at += len(rest)
            piece = _PIECE
        out = unzip.decompress(rest, left + 1)
        left -= len(out)
        if into is not None:
            into += out
        if left < 0 or not (rest or out):
            break
    if left or not unzip.eof:
        raise Malformed("what git sent has an entry of another size than it declares")
    return at - len(unzip.unused_data)


def _result(delta: bytearray) -> int:
    """The size of what a delta makes, once its instructions are known to make just that."""
    _, at = _varint(delta, 0)
    size, at = _varint(delta, at)
    made = 0
    while at < len(delta):
        order = delta[at]
        at += 1
        if order & 0x80:
            length = 0
            at += (order & 0x0F).bit_count()
            for place in range(3):
                if order & 0x10 << place:
                    length |= delta[at] << 8 * place
                    at += 1
            made += length or 0x10000
        else:
            made += order
            at += order
    if made != size or at != len(delta):
        raise Malformed("what git sent has a delta of another size than it declares")
    return size


def _varint(data: bytearray, at: int) -> tuple[int, int]:
    value, shift = 0, 0
    while shift < 64:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        shift, at = shift + 7, at + 1
        if not byte & 0x80:
            return value, at
    raise Malformed("what git sent has a delta without a size")
