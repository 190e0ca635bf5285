"""ONNX initializers, found by walking the file's fields; no operator is looked at.

Formats: protobuf wire format; ``onnx.proto3``: ModelProto.graph = 7, GraphProto.initializer = 5,
TensorProto dims = 1, data_type = 2, name = 8, raw_data = 9, external_data = 13, data_location = 14.
The ``onnx`` package would want the whole file in memory.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from cardlint.errors import Malformed
from cardlint.source.interface import Entry, Range, Source
from cardlint.weights.dtypes import BITS
from cardlint.weights.formats.interface import Plain, Storage

GRAPH, INITIALIZER = 7, 5
TYPES = {1: "F32", 2: "U8", 3: "I8", 4: "U16", 5: "I16", 6: "I32", 7: "I64", 9: "BOOL", 10: "F16",
         11: "F64", 12: "U32", 13: "U64", 16: "BF16", 17: "F8_E4M3", 18: "F8_E4M3FNUZ",
         19: "F8_E5M2", 20: "F8_E5M2FNUZ"}  # fmt: skip
WINDOW = 16 << 10
MAX_READ = 128 << 20
"""Bytes of one file that are read to find its tensors; the numbers themselves are stepped over."""
MAX_FIELDS = 2_000_000
SMALL = 1 << 16
"""Longest name or place of a tensor, in bytes."""


class _File:
    """Bytes of a file through a moving window."""

    def __init__(self, source: Source, path: str, size: int) -> None:
        self.source, self.path, self.size = source, path, size
        self.start, self.data = 0, b""
        self.spent = 0

    def bytes(self, at: int, count: int) -> bytes:
        if at + count > self.size:
            raise Malformed(f"{self.path}: a field reaches out of the file")
        if not self.start <= at <= at + count <= self.start + len(self.data):
            length = min(max(count, WINDOW), self.size - at)
            self.spent += length
            if self.spent > MAX_READ:
                raise Malformed(f"{self.path}: more than {MAX_READ:,} bytes beside the weights")
            self.start, self.data = at, self.source.read_ranges([Range(self.path, at, length)])[0]
        return self.data[at - self.start : at - self.start + count]

    def varint(self, at: int) -> tuple[int, int]:
        value = 0
        for i in range(10):
            byte = self.bytes(at + i, 1)[0]
            value |= (byte & 0x7F) << (7 * i)
            if byte < 0x80:
                return value, at + i + 1
        raise Malformed(f"{self.path}: a number without end")


@dataclass
class _Tensor:
    name: str = ""
    dims: list[int] = field(default_factory=list)
    kind: int = 0
    raw: tuple[int, int] | None = None
    place: dict[str, str] = field(default_factory=dict)


def read(
    source: Source, path: str, entry: Entry, others: set[str]
) -> tuple[dict[str, Storage], int]:
    """Find the initializers of a model.

    Args:
        source: the repository.
        path: of the ``.onnx`` file.
        entry: its entry.
        others: all paths of the repository, for data kept in files beside.

    Returns:
        Tensors by name, and how many could not be placed.

    Raises:
        Malformed: it is not ONNX.
    """
    file = _File(source, path, entry.size)
    stored: dict[str, Storage] = {}
    odd = 0
    found = False
    for number, wire, begin, end in _fields(file, 0, entry.size):
        if number != GRAPH or wire != 2:
            continue
        found = True
        for inner, kind, at, until in _fields(file, begin, end):
            if inner == INITIALIZER and kind == 2:
                tensor = _tensor(file, at, until)
                storage = _placed(source, path, tensor, others)
                if storage is None:
                    odd += 1
                else:
                    stored[tensor.name] = storage
    if not found:
        raise Malformed(f"{path} holds no ONNX graph")
    return stored, odd


def _fields(file: _File, at: int, end: int) -> Iterator[tuple[int, int, int, int]]:
    """(number, wire type, first byte, end) of each field of a message."""
    for _ in range(MAX_FIELDS):
        if at >= end:
            return
        key, at = file.varint(at)
        number, wire = key >> 3, key & 7
        if wire == 0:
            _, until = file.varint(at)
        elif wire == 1:
            until = at + 8
        elif wire == 5:
            until = at + 4
        elif wire == 2:
            length, at = file.varint(at)
            until = at + length
        else:
            raise Malformed(f"{file.path} is not ONNX")
        if until > end or not number:
            raise Malformed(f"{file.path}: a field reaches out of its message")
        yield number, wire, at, until
        at = until
    raise Malformed(f"{file.path}: more than {MAX_FIELDS:,} fields in one message")


def _tensor(file: _File, begin: int, end: int) -> _Tensor:
    tensor = _Tensor()
    for number, wire, at, until in _fields(file, begin, end):
        if number == 1 and wire == 0:
            tensor.dims.append(file.varint(at)[0])
        elif number == 1 and wire == 2 and until - at <= SMALL:  # packed
            place = at
            while place < until:
                size, place = file.varint(place)
                tensor.dims.append(size)
        elif number == 2 and wire == 0:
            tensor.kind = file.varint(at)[0]
        elif number == 8 and wire == 2 and until - at <= SMALL:
            tensor.name = file.bytes(at, until - at).decode("utf-8", "replace")
        elif number == 9 and wire == 2:
            tensor.raw = (at, until - at)
        elif number == 13 and wire == 2 and until - at <= SMALL:
            pair = {
                n: file.bytes(a, u - a).decode("utf-8", "replace")
                for n, w, a, u in _fields(file, at, until)
                if w == 2
            }
            tensor.place[pair.get(1, "")] = pair.get(2, "")
    return tensor


def _placed(source: Source, path: str, tensor: _Tensor, others: set[str]) -> Storage | None:
    """The tensor's numbers in this file, or in the one beside that it names."""
    dtype = TYPES.get(tensor.kind)
    if dtype is None or len(tensor.dims) > 32 or not tensor.name:
        return None
    shape = tuple(tensor.dims)
    size = math.prod(shape) * BITS[dtype] // 8
    home = path
    if tensor.raw is not None:
        offset, held = tensor.raw
    elif tensor.place.get("location"):
        beside = PurePosixPath(tensor.place["location"])
        home = str(PurePosixPath(path).parent / beside)
        if beside.is_absolute() or ".." in beside.parts or home not in others:
            return None
        try:
            offset = int(tensor.place.get("offset") or 0)
            held = int(tensor.place.get("length") or size)
        except ValueError:
            return None
        if offset < 0 or held < 0 or offset + held > source.entry(home).size:
            return None
    else:
        return None  # numbers in typed fields: constants, not weights
    return Plain(dtype, shape, (tensor.name,), home, offset, size) if held == size else None
