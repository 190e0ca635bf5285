"""GGUF: the header read by hand within bounds, the quantized blocks decoded by the ``gguf`` package.

Format: ggml, ``docs/gguf.md``. The package's own reader wants a local file and trusts it.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cardlint.errors import Malformed
from cardlint.findings import Json
from cardlint.source.interface import Range
from cardlint.weights.formats.interface import Data, Plain, Storage

MAX_HEADER = 128 << 20
"""Bytes; a vocabulary of 256,000 tokens with merges takes 20 million."""
MAX_TENSORS = 1 << 20
MAX_PAIRS = 1 << 16
MAX_NAME = 1 << 10
MAX_STRINGS = 4 << 20
"""Strings in the arrays of one file; vocabularies have some 100,000, with merges a million."""

SCALARS = {
    0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d",
}  # fmt: skip
STRING, ARRAY = 8, 9
PLAIN = {0: "F32", 1: "F16", 24: "I8", 25: "I16", 26: "I32", 27: "I64", 28: "F64", 30: "BF16"}
"""ggml types that are one number after the other."""
# ggml.h, `ggml_type` and ggml-common.h, the block structs: name, elements and bytes of a block.
BLOCKS = {
    2: ("Q4_0", 32, 18), 3: ("Q4_1", 32, 20), 6: ("Q5_0", 32, 22), 7: ("Q5_1", 32, 24),
    8: ("Q8_0", 32, 34), 10: ("Q2_K", 256, 84), 11: ("Q3_K", 256, 110), 12: ("Q4_K", 256, 144),
    13: ("Q5_K", 256, 176), 14: ("Q6_K", 256, 210), 16: ("IQ2_XXS", 256, 66), 17: ("IQ2_XS", 256, 74),
    18: ("IQ3_XXS", 256, 98), 19: ("IQ1_S", 256, 50), 20: ("IQ4_NL", 32, 18), 21: ("IQ3_S", 256, 110),
    22: ("IQ2_S", 256, 82), 23: ("IQ4_XS", 256, 136), 29: ("IQ1_M", 256, 56), 34: ("TQ1_0", 256, 54),
    35: ("TQ2_0", 256, 66), 39: ("MXFP4", 32, 17),
}  # fmt: skip
NEEDS_PACKAGE = "needs the package `gguf`: pip install 'cardlint[gguf]'"


@dataclass(frozen=True, slots=True)
class Quantized(Storage):
    """Blocks of a fixed number of elements, each with its own scale."""

    dtype: str
    shape: tuple[int, ...]
    names: tuple[str, ...]
    path: str
    offset: int
    kind: int
    """ggml's number of the type."""

    @property
    def nbytes(self) -> int:
        """Whole blocks."""
        _, elements, size = BLOCKS[self.kind]
        return math.prod(self.shape) // elements * size

    def ranges(self, start: int, length: int) -> list[Range]:
        """The blocks that hold the elements."""
        _, elements, size = BLOCKS[self.kind]
        first, last = start // elements, -(-(start + length) // elements)
        return [Range(self.path, self.offset + first * size, (last - first) * size)]

    def decode(self, start: int, length: int, data: Sequence[Data]) -> npt.NDArray[np.floating]:
        """The numbers that llama.cpp computes with, ``(length,)`` float32."""
        try:
            from gguf import GGMLQuantizationType, quants
        except ImportError as error:
            raise Malformed(f"decoding {self.dtype} {NEEDS_PACKAGE}") from error
        _, elements, size = BLOCKS[self.kind]
        blocks = np.frombuffer(data[0], np.uint8).reshape(-1, size)
        try:
            values = quants.dequantize(blocks, GGMLQuantizationType(self.kind))
        except NotImplementedError as error:
            raise Malformed(f"the package `gguf` cannot decode {self.dtype}") from error
        flat: npt.NDArray[np.floating] = np.asarray(values, np.float32).reshape(-1)
        return flat[start % elements : start % elements + length]


@dataclass(frozen=True, slots=True)
class GgufHeader:
    """What a GGUF file says of itself."""

    stored: dict[str, Storage]
    metadata: dict[str, Json]
    """Scalars and strings; of arrays only their length, as ``name.length``."""
    undecodable: dict[str, str]
    """Tensor → the type that has no decoder here."""


class _Cursor:
    """Reads forward, fetching more as it goes."""

    def __init__(self, fetch: Callable[[int, int], bytes], size: int, path: str) -> None:
        self.fetch, self.size, self.path = fetch, min(size, MAX_HEADER), path
        self.data = bytearray(fetch(0, min(64 << 10, self.size)))
        self.at = self.strings = 0

    def take(self, count: int) -> memoryview:
        end = self.at + count
        if end > self.size:
            raise Malformed(f"{self.path}: its GGUF header does not end within {self.size:,} bytes")
        if end > len(self.data):
            more = min(max(end, 4 * len(self.data)), self.size) - len(self.data)
            self.data += self.fetch(len(self.data), more)
        start, self.at = self.at, end
        return memoryview(bytes(self.data[start:end]))

    def number(self, form: str) -> int | float | bool:
        value: int | float | bool = struct.unpack(form, self.take(struct.calcsize(form)))[0]
        return value

    def count(self, limit: int, what: str) -> int:
        value = int(self.number("<Q"))
        if value > limit:
            raise Malformed(f"{self.path}: {value:,} {what}; at most {limit:,} are read")
        return value

    def string(self, limit: int = MAX_HEADER) -> str:
        return bytes(self.take(self.count(limit, "bytes in one string"))).decode("utf-8", "replace")

    def skip(self, kind: int, depth: int = 0) -> None:
        if kind == STRING:
            self.take(self.count(MAX_HEADER, "bytes in one string"))
        elif kind == ARRAY:
            inner, length = int(self.number("<I")), self.count(MAX_HEADER, "elements in one array")
            if depth > 3:
                raise Malformed(f"{self.path}: arrays within arrays within arrays")
            if inner in SCALARS:
                self.take(length * struct.calcsize(SCALARS[inner]))
            else:
                self.strings += length
                if self.strings > MAX_STRINGS:
                    raise Malformed(f"{self.path}: more than {MAX_STRINGS:,} strings")
                for _ in range(length):
                    self.skip(inner, depth + 1)
        elif kind in SCALARS:
            self.take(struct.calcsize(SCALARS[kind]))
        else:
            raise Malformed(f"{self.path}: a metadata value of the unknown type {kind}")


def read_header(fetch: Callable[[int, int], bytes], path: str, size: int) -> GgufHeader:
    """Read the header of a GGUF file.

    Args:
        fetch: (offset, length) → bytes of the file.
        path: of the file.
        size: bytes of the file.

    Raises:
        Malformed: it is not GGUF of version 2 or 3, or says what cannot be.
    """
    if size < 24:
        raise Malformed(f"{path} has {size} bytes: too short for a GGUF file")
    cursor = _Cursor(fetch, size, path)
    if bytes(cursor.take(4)) != b"GGUF":
        raise Malformed(f"{path} does not begin with GGUF")
    version = int(cursor.number("<I"))
    if version not in {2, 3}:
        raise Malformed(f"{path} is GGUF of version {version}; 2 and 3 (little-endian) can be read")
    tensors = cursor.count(MAX_TENSORS, "tensors")
    metadata: dict[str, Json] = {}
    for _ in range(cursor.count(MAX_PAIRS, "metadata values")):
        key, kind = cursor.string(MAX_NAME), int(cursor.number("<I"))
        if kind in SCALARS:
            metadata[key] = cursor.number(SCALARS[kind])
        elif kind == STRING:
            metadata[key] = cursor.string()[:4096]
        else:
            start = cursor.at
            cursor.skip(kind)
            metadata[f"{key}.length"] = struct.unpack_from("<Q", cursor.data, start + 4)[0]
    rows = []
    for _ in range(tensors):
        name = cursor.string(MAX_NAME)
        axes = int(cursor.number("<I"))
        if axes > 8:
            raise Malformed(f"{path}: tensor {name[:100]} has {axes} axes")
        shape = tuple(int(cursor.number("<Q")) for _ in range(axes))[::-1]
        rows.append((name, shape, int(cursor.number("<I")), int(cursor.number("<Q"))))
    align = metadata.get("general.alignment", 32)
    if not isinstance(align, int) or not 0 < align <= 1 << 20:
        raise Malformed(f"{path}: alignment {align}")
    data = -(-cursor.at // align) * align
    stored: dict[str, Storage] = {}
    undecodable: dict[str, str] = {}
    for name, shape, kind, offset in rows:
        storage = _storage(name, shape, kind, path, data + offset)
        if storage is None:
            undecodable[name] = f"ggml type {kind}"
        elif name in stored:
            raise Malformed(f"{path}: tensor {name[:100]} is there twice")
        elif data + offset + storage.nbytes > size:
            raise Malformed(
                f"{path}: tensor {name[:100]} ends at byte {data + offset + storage.nbytes:,},"
                f" the file at {size:,}: it is truncated"
            )
        else:
            stored[name] = storage
    return GgufHeader(stored, metadata, undecodable)


def _storage(name: str, shape: tuple[int, ...], kind: int, path: str, at: int) -> Storage | None:
    elements = math.prod(shape)
    if kind in PLAIN:
        from cardlint.weights.dtypes import BITS

        dtype = PLAIN[kind]
        return Plain(dtype, shape, (name,), path, at, elements * BITS[dtype] // 8)
    if kind in BLOCKS and shape and shape[-1] % BLOCKS[kind][1] == 0:
        return Quantized(BLOCKS[kind][0], shape, (name,), path, at, kind)
    return None


def config(metadata: dict[str, Json]) -> dict[str, Json]:
    """The words of ``config.json`` for what GGUF metadata say."""
    arch = metadata.get("general.architecture")
    found: dict[str, Json] = {"gguf_architecture": arch}
    for word, key in (
        ("hidden_size", "embedding_length"),
        ("num_hidden_layers", "block_count"),
        ("num_attention_heads", "attention.head_count"),
        ("num_key_value_heads", "attention.head_count_kv"),
        ("intermediate_size", "feed_forward_length"),
        ("vocab_size", "vocab_size"),
        ("head_dim", "attention.key_length"),
    ):
        value = metadata.get(f"{arch}.{key}")
        if isinstance(value, int) and not isinstance(value, bool):
            found[word] = value
    return found


def pack(path: str) -> str:
    """What files of one model have in common: the name without ``-00001-of-00003``."""
    return re.sub(r"-\d{5}-of-\d{5}(?=\.gguf$)", "", path)
