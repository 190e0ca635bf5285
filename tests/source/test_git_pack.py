"""A pack from the network is looked through before anything unpacks it."""

from __future__ import annotations

import hashlib
import subprocess
import zlib
from pathlib import Path

import pytest

from cardlint.errors import Malformed, OverBudget, Unavailable
from cardlint.source import git_pack
from cardlint.source.git_pack import look_through
from tests.kit.repos import write_git


def packed(tmp_path: Path) -> Path:
    """A pack with deltas, as git writes it."""
    text = [f"line {n}\n" * 3 for n in range(400)]
    rows = [
        {
            "date": f"2026-06-01T00:{n:02}",
            "files": {"README.md": "".join(text[: 300 + n]), f"d/{n}.txt": str(n)},
        }
        for n in range(30)
    ]
    write_git(tmp_path / "r.git", rows, bare=True)
    subprocess.run(["git", "-C", str(tmp_path / "r.git"), "gc", "-q"], check=True)
    return next((tmp_path / "r.git").glob("objects/pack/*.pack"))


def entry(kind: int, content: bytes, declared: int | None = None, before: bytes = b"") -> bytes:
    """One entry of a pack."""
    size = len(content) if declared is None else declared
    head = [kind << 4 | size & 15]
    size >>= 4
    while size:
        head[-1] |= 0x80
        head.append(size & 0x7F)
        size >>= 7
    return bytes(head) + before + zlib.compress(content)


def varint(value: int) -> bytes:
    """A size in a delta."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def pack(tmp_path: Path, *entries: bytes, count: int | None = None) -> Path:
    """A pack of these entries."""
    number = len(entries) if count is None else count
    data = b"PACK" + (2).to_bytes(4, "big") + number.to_bytes(4, "big") + b"".join(entries)
    file = tmp_path / "made.pack"
    file.write_bytes(data + hashlib.sha1(data, usedforsecurity=False).digest())
    return file


def test_what_git_writes_passes(tmp_path: Path) -> None:
    """Deltas and all."""
    look_through(packed(tmp_path))


COPY = bytes([0x80 | 0x70, 0xFF, 0xFF, 0xFF])  # 16 MiB - 1 from offset 0
BASE = entry(3, bytes(60 << 20))
BOMBS = {
    "one object": (OverBudget, [entry(3, bytes(65 << 20))]),
    "one object that lies": (Malformed, [entry(3, bytes(65 << 20), declared=100)]),
    "many objects": (OverBudget, [BASE] * 18),
    "a delta": (
        OverBudget,
        [
            BASE,
            entry(7, varint(60 << 20) + varint(100 * 0xFFFFFF) + COPY * 100, before=b"\1" * 20),
        ],
    ),
    "a delta that lies": (
        Malformed,
        [BASE, entry(7, varint(60 << 20) + varint(100) + COPY * 100, before=b"\1" * 20)],
    ),
    "an unknown kind": (Malformed, [entry(5, b"x")]),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused(tmp_path: Path, name: str) -> None:
    """By its own figures, before it goes off."""
    kind, entries = BOMBS[name]
    with pytest.raises(kind):
        look_through(pack(tmp_path, *entries))


def test_too_many_objects_are_refused_unread(tmp_path: Path) -> None:
    """By the count in the first line."""
    with pytest.raises(OverBudget, match="600,000 objects"):
        look_through(pack(tmp_path, count=600_000))


@pytest.mark.parametrize("data", [b"", b"PACK", b"<html>" * 10])
def test_what_is_no_pack_is_a_reason(tmp_path: Path, data: bytes) -> None:
    """An empty answer, a cut one, a page."""
    (tmp_path / "x.pack").write_bytes(data)
    with pytest.raises(Malformed, match="no pack"):
        look_through(tmp_path / "x.pack")


def test_damage_at_any_byte_is_a_reason_not_a_crash(tmp_path: Path) -> None:
    """Cut or changed; what passes is for the check sum to find."""
    file = packed(tmp_path)
    whole = file.read_bytes()
    file.chmod(0o600)
    refused = 0
    for at in range(4, len(whole), max(1, len(whole) // 120)):
        for data in (whole[:at], whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :]):
            file.write_bytes(data)
            try:
                look_through(file)
            except Unavailable:
                refused += 1
    assert refused > 120


def test_the_bounds_are_above_what_models_have() -> None:
    """2,500 commits of a card of 100 kB are let through."""
    assert git_pack.MAX_UNPACKED > 2500 * 100_000
