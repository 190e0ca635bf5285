"""800 GB of weights without a byte of them on a disk.

Every weight is a function of its model, its tensor and its place: a counter goes through a fixed
hash (splitmix64), the four 16-bit parts of which are added up to something close to a normal
deviate. Any range of any file can be computed at any time, in any order, on any machine.

* base: bf16(σ·g₀)
* Nex-like: bf16(base + δ·g₁), a fine-tune of all weights by about two units in the last place
* Rio-like: bf16(0.565·Nex-like + 0.435·base), products and sum in float32, rounded once
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Mapping
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt
from layout import Shard, Tensor, config, index, shards

from tests.hub.repositories import CommitRow, File, Served, git_id, pointer

ALPHA = 0.565
SIGMA = 0.02
DELTA = 3e-4
"""By how much the fine-tune moves a weight."""

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
# Four independent uniform 16-bit numbers have this variance together.
_SCALE = np.float32(1.0 / np.sqrt(4 * (65536.0**2 - 1) / 12))
_MEAN = np.float32(4 * 65535 / 2)


def normal(seed: int, start: int, count: int) -> npt.NDArray[np.float32]:
    """``count`` deviates, number ``start`` and on, of the stream ``seed``.

    splitmix64: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014.
    """
    with np.errstate(over="ignore"):
        x = (np.arange(start, start + count, dtype=np.uint64) + np.uint64(seed)) * _GOLDEN
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        x ^= x >> np.uint64(31)
    parts = x.view(np.uint16).reshape(-1, 4)
    total: npt.NDArray[np.float32] = parts.sum(axis=1, dtype=np.uint32).astype(np.float32)
    return (total - _MEAN) * _SCALE


def bf16(x: npt.NDArray[np.float32]) -> npt.NDArray[np.uint16]:
    """float32 → bfloat16 bits, to the nearest, ties to even."""
    bits = x.view(np.uint32)
    bits = bits + np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))
    return (bits >> np.uint32(16)).astype(np.uint16)


def value(bits: npt.NDArray[np.uint16]) -> npt.NDArray[np.float32]:
    """bfloat16 bits → float32."""
    return (bits.astype(np.uint32) << np.uint32(16)).view(np.float32)


def _stream(name: str, what: str) -> int:
    return int.from_bytes(hashlib.sha256(f"{what}:{name}".encode()).digest()[:8], "little")


def weights(model: str, tensor: Tensor, start: int, count: int) -> npt.NDArray[np.uint16]:
    """Elements of a tensor, as bfloat16 bits.

    Args:
        model: ``base``, ``nex`` or ``rio``.
        tensor: which.
        start: first element, in C order.
        count: how many.
    """
    vector = len(tensor.shape) == 1
    first = normal(_stream(tensor.name, "base"), start, count) * np.float32(SIGMA)
    base = bf16(first + np.float32(1.0) if vector else first)
    if model == "base":
        return base
    move = normal(_stream(tensor.name, "nex"), start, count) * np.float32(DELTA)
    nex = bf16(value(base) + move)
    if model == "nex":
        return nex
    return bf16(np.float32(ALPHA) * value(nex) + np.float32(1 - ALPHA) * value(base))


class FullSize(Served):
    """One of the three repositories; its bytes are computed when they are asked for.

    The SHA-256 that it tells of a file is made up of the file's name and the generator's version:
    nobody hashes 800 GB for an example.

    Args:
        id_: ``org/name``.
        model: ``base``, ``nex`` or ``rio``.
        card: the text of ``README.md``.
    """

    _shards: Mapping[str, Shard] = {}

    def __init__(self, id_: str, model: str, card: str) -> None:
        self.id = id_
        self.model = model
        if not FullSize._shards:
            FullSize._shards = {shard.path: shard for shard in shards()}
        self._small = {
            "README.md": card.encode(),
            "config.json": config(),
            "model.safetensors.index.json": index(list(self._shards.values())),
        }
        self._files = {path: File(len(d), git_id(d)) for path, d in self._small.items()}
        for shard in self._shards.values():
            sha256 = hashlib.sha256(f"1:{model}:{shard.path}".encode()).hexdigest()
            oid = git_id(pointer(sha256, shard.size))
            self._files[shard.path] = File(shard.size, oid, sha256)
        listing = "".join(f"{p} {f.etag}\n" for p, f in sorted(self._files.items()))
        self._commit = hashlib.sha1(listing.encode(), usedforsecurity=False).hexdigest()

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(f.size for f in self._files.values())

    def refs(self) -> Mapping[str, str]:
        """Only ``main``."""
        return {"refs/heads/main": self._commit}

    def commits(self, commit: str) -> list[CommitRow]:
        """The one."""
        del commit
        when = datetime(2026, 6, 13, tzinfo=UTC)
        return [CommitRow(self._commit, "Upload", "", "example", when)]

    def files(self, commit: str) -> Mapping[str, File]:
        """Three small files and the 94 large ones."""
        if commit != self._commit:
            raise KeyError(commit)
        return self._files

    def read(self, commit: str, path: str, start: int, length: int) -> bytes:
        """Any range."""
        del commit
        if path in self._small:
            return self._small[path][start : start + length]
        shard = self._shards[path]
        parts = [shard.header[start : start + length]]
        at, end = max(start, len(shard.header)), min(start + length, shard.size)
        while at < end:
            number = bisect_right(shard.starts, at) - 1
            tensor, begin = shard.tensors[number], shard.starts[number]
            until = min(end, begin + tensor.nbytes)
            first, last = (at - begin) // 2, -(-(until - begin) // 2)
            data = weights(self.model, tensor, first, last - first).tobytes()
            skip = (at - begin) % 2
            parts.append(data[skip : skip + until - at])
            at = until
        return b"".join(parts)
