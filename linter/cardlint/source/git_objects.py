"""The objects of a stranger's git repository, by id.

dulwich reads packs and their indexes; around it stand the bounds that a stranger's repository
needs: every declared size is looked at before anything is unpacked (a delta of a few bytes can
stand for gigabytes), every object is held against its id, and alternates, multi-pack-index, replace
refs, configuration and hooks are not read at all.
"""

from __future__ import annotations

import hashlib
import re
import stat
import weakref
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from cardlint.errors import Malformed, NotFound, OverBudget

if TYPE_CHECKING:
    from dulwich.objects import RawObjectID
    from dulwich.pack import Pack

MAX_CHAIN = 4_096
"""Deltas upon deltas; git itself writes at most 4,095 (git-pack-objects, ``--depth``)."""
MAX_PACKS = 1_000
_HEX = re.compile(r"[0-9a-f]{40}")
_KINDS = {1: "commit", 2: "tree", 3: "blob", 4: "tag"}
_OFFSET_DELTA, _REF_DELTA = 6, 7
_LOOSE_HEADER = re.compile(rb"(commit|tree|blob|tag) ([0-9]{1,15})\x00")

MEND = "Run `git fsck` in it; clone it again if that complains."


@dataclass(frozen=True, slots=True)
class Measure:
    """What an object says of itself, before it is unpacked."""

    kind: str
    """``commit``, ``tree``, ``blob`` or ``tag``."""
    size: int
    """Bytes of the object."""
    cost: int
    """Bytes of the largest object that must be unpacked on the way to it."""


class ObjectStore:
    """The ``objects`` folder of a git repository.

    Args:
        folder: ``.git/objects``, or ``objects`` of a bare repository.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._packs: list[tuple[Path, Pack]] | None = None
        self._close: weakref.finalize[..., ObjectStore] | None = None

    def measure(self, id_: str) -> Measure:
        """Kind and size of an object, from its header.

        Raises:
            NotFound: it is not here.
            Malformed: its header cannot be read.
        """
        loose = self._loose(id_)
        if loose:
            with loose.open("rb") as file:
                # a dynamic Huffman table alone may take 300 bytes (RFC 1951, 3.2.7)
                head = zlib.decompressobj().decompress(file.read(1024), 64)
            match = _LOOSE_HEADER.match(head)
            if not match:
                raise Malformed(f"git object {id_} has no header", remedy=MEND)
            return Measure(match[1].decode(), int(match[2]), int(match[2]))
        for path, pack in self._all_packs():
            try:
                offset = pack.index.object_offset(_raw(id_))
            except KeyError:
                continue
            with path.open("rb") as file:
                return _measure_packed(file, offset, pack)
        raise NotFound(f"git object {id_} is not in the repository", remedy=MEND)

    def read(self, id_: str, kind: str, limit: int) -> bytes:
        """The content of an object.

        Args:
            id_: 40 hex digits.
            kind: what it must be.
            limit: bytes at most, of it and of what it is a delta of.

        Raises:
            NotFound: it is not here.
            OverBudget: it is larger than ``limit``.
            Malformed: it is something else, or not what its id says.
        """
        measure = self.measure(id_)
        if measure.cost > limit:
            raise OverBudget(
                f"git object {id_} has {measure.cost:,} bytes; at most {limit:,} are read"
            )
        if measure.kind != kind:
            raise Malformed(f"git object {id_} is a {measure.kind}, not a {kind}", remedy=MEND)
        data = self._unpack(id_, measure)
        header = f"{kind} {len(data)}\0".encode()
        if hashlib.sha1(header + data, usedforsecurity=False).hexdigest() != id_:
            raise Malformed(f"git object {id_} does not hold what its id says", remedy=MEND)
        return data

    def _unpack(self, id_: str, measure: Measure) -> bytes:
        loose = self._loose(id_)
        if loose:
            unzip = zlib.decompressobj()
            data = unzip.decompress(loose.read_bytes(), measure.size + 64)
            return data.partition(b"\0")[2]
        for _, pack in self._all_packs():
            try:
                return bytes(pack.get_raw(_raw(id_))[1])
            except KeyError:
                continue
        raise NotFound(f"git object {id_} is not in the repository", remedy=MEND)

    def with_prefix(self, prefix: str) -> Iterator[str]:
        """Ids of the objects that begin with these 4 to 40 hex digits."""
        seen = set()
        folder = self.folder / prefix[:2]
        if folder.is_dir():
            for file in folder.iterdir():
                seen.add(prefix[:2] + file.name)
        for _, pack in self._all_packs():
            even = bytes.fromhex(prefix[: len(prefix) // 2 * 2])
            seen.update(bytes(raw).hex() for raw in pack.index.iter_prefix(even))
        return (id_ for id_ in sorted(seen) if id_.startswith(prefix) and _HEX.fullmatch(id_))

    def close(self) -> None:
        """Let go of the packs."""
        if self._close:
            self._close()
        self._packs = None

    def _loose(self, id_: str) -> Path | None:
        if not _HEX.fullmatch(id_):
            raise Malformed(f"{id_!r} is no git object id", remedy=MEND)
        path = self.folder / id_[:2] / id_[2:]
        try:
            return path if stat.S_ISREG(path.lstat().st_mode) else None
        except FileNotFoundError:
            return None

    def _all_packs(self) -> list[tuple[Path, Pack]]:
        if self._packs is None:
            from dulwich.object_format import SHA1
            from dulwich.pack import Pack

            found = [p for p in self.folder.glob("pack/*.pack") if _plain(p)]
            if len(found) > MAX_PACKS:
                raise OverBudget(
                    f"{self.folder} has {len(found):,} packs; at most {MAX_PACKS:,} are read",
                    remedy="Run `git gc` in it.",
                )
            self._packs = [
                (path, Pack(str(path.with_suffix("")), object_format=SHA1))
                for path in sorted(found)
                if _plain(path.with_suffix(".idx"))
            ]
            # Not left to the packs themselves: at exit they would complain that nobody closed them.
            self._close = weakref.finalize(self, _close_all, [pack for _, pack in self._packs])
        return self._packs


def _close_all(packs: list[Pack]) -> None:
    for pack in packs:
        pack.close()


def _plain(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False


def _raw(id_: str) -> RawObjectID:
    from dulwich.objects import RawObjectID

    return RawObjectID(bytes.fromhex(id_))


def _measure_packed(file: BinaryIO, offset: int, pack: Pack) -> Measure:
    """Follow a chain of deltas by its headers alone (gitformat-pack(5), "Pack file entries")."""
    size: int | None = None
    cost = 0
    seen: set[int] = set()
    while True:
        if offset in seen or len(seen) == MAX_CHAIN:
            raise Malformed("a chain of git deltas does not end", remedy=MEND)
        seen.add(offset)
        file.seek(offset)
        head = file.read(256)
        kind, stored, at = _entry_header(head)
        cost = max(cost, stored)
        if kind in _KINDS:
            own = stored if size is None else size
            return Measure(_KINDS[kind], own, max(cost, own))
        if kind == _OFFSET_DELTA:
            back, at = _offset(head, at)
            base = offset - back
        elif kind == _REF_DELTA:
            base = pack.index.object_offset(_raw(head[at : at + 20].hex()))
            at += 20
        else:
            raise Malformed(f"a git pack has an entry of the unknown kind {kind}", remedy=MEND)
        if base <= 0:
            raise Malformed("a git delta points out of its pack", remedy=MEND)
        sizes = zlib.decompressobj().decompress(head[at:], 32)
        before, after_at = _varint(sizes, 0)
        after, _ = _varint(sizes, after_at)
        size = after if size is None else size
        cost = max(cost, before, after)
        offset = base


def _entry_header(head: bytes) -> tuple[int, int, int]:
    """Kind, size and where the entry goes on."""
    first = head[0]
    kind, size, shift, at = first >> 4 & 7, first & 15, 4, 1
    while head[at - 1] & 0x80:
        size |= (head[at] & 0x7F) << shift
        shift += 7
        at += 1
    return kind, size, at


def _offset(head: bytes, at: int) -> tuple[int, int]:
    value = head[at] & 0x7F
    while head[at] & 0x80:
        at += 1
        value = (value + 1) << 7 | head[at] & 0x7F
    return value, at + 1


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value, shift = 0, 0
    while True:
        value |= (data[at] & 0x7F) << shift
        shift += 7
        at += 1
        if not data[at - 1] & 0x80:
            return value, at
