"""A sketch on disk: one safetensors file that any reader of the format opens.

Its tensors are the sampled elements under their canonical names, in the precision in which the model
stores them (decoded formats in float32); ``__tensors__`` is the list of all the model's tensors,
JSON, deflated. The metadata name repository, commit, files with hashes, plan, coverage, and for every
block the runs of elements and the byte ranges that were read. Nothing in it is believed before it adds up.
"""

from __future__ import annotations

import json
import math
import os
import struct
import zlib
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from cardlint.errors import Malformed, NotFound, UsageError
from cardlint.weights.dtypes import bf16_bits, decode
from cardlint.weights.safetensors_header import Header, header_length, parse
from cardlint.weights.sketch import Block, Coverage, Sketch, Tensor

FORMAT = "1"
KEY = "cardlint.sketch"
TABLE = "__tensors__"
MAX_FILE = 4 << 30
MAX_TABLE = 128 << 20
"""Bytes of the list of tensors, inflated."""
COLUMNS = ("canonical", "component", "layer", "expert", "shape", "dtype", "stored", "fixed")
"""Of a row of that list."""


def is_sketch(path: Path | str) -> bool:
    """Whether a file begins as a sketch does."""
    file = Path(path)
    try:
        with file.open("rb") as handle:
            return f'"{KEY}"'.encode() in handle.read(128)
    except OSError:
        return False


def save(sketch: Sketch, path: Path | str) -> None:
    """Write a sketch; an existing file is replaced as a whole or not at all.

    Raises:
        UsageError: the file cannot be written.
    """
    table = [[getattr(t, column) for column in COLUMNS] for t in sketch.tensors.values()]
    packed = zlib.compress(json.dumps(table, separators=(",", ":")).encode(), 6)
    arrays: dict[str, tuple[str, tuple[int, ...], bytes]] = {TABLE: ("U8", (len(packed),), packed)}
    for name, block in sketch.blocks.items():
        dtype, data = _encode(block)
        arrays[name] = (dtype, (block.values.size,), data)
    metadata = {
        KEY: FORMAT,
        "plan": sketch.plan,
        "name": sketch.name,
        "repo_id": sketch.repo_id or "",
        "commit": sketch.commit or "",
        "format": sketch.format,
        "delta": json.dumps(sketch.delta),
        "files": json.dumps(sketch.files, default=dict),
        "config": json.dumps(sketch.config, default=dict),
        "coverage": json.dumps(asdict(sketch.coverage)),
        "gaps": json.dumps(sketch.gaps),
        "ranges": json.dumps({n: b.ranges for n, b in sketch.blocks.items()}),
        "runs": json.dumps({n: b.runs.tolist() for n, b in sketch.blocks.items()}),
    }
    header: dict[str, Any] = {"__metadata__": metadata}
    offset = 0
    for name, (dtype, shape, data) in arrays.items():
        end = offset + len(data)
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    target = Path(path)
    part = target.with_name(target.name + ".part")
    try:
        with part.open("wb") as file:
            file.write(struct.pack("<Q", len(text)) + text)
            for _, _, data in arrays.values():
                file.write(data)
        os.replace(part, target)  # noqa: PTH105  # Path.replace is the same call with less said
    except OSError as error:
        part.unlink(missing_ok=True)
        raise UsageError(f"{target} cannot be written: {error.strerror}") from error


def _encode(block: Block) -> tuple[str, bytes]:
    values = block.values
    if block.tensor.dtype == "BF16":
        return "BF16", bf16_bits(values).tobytes()
    if block.tensor.dtype == "F16":
        return "F16", values.astype("<f2").tobytes()
    if values.dtype == np.float64:
        return "F64", values.astype("<f8").tobytes()
    return "F32", values.astype("<f4").tobytes()


def load(path: Path | str, name: str | None = None) -> Sketch:
    """Read a sketch.

    Args:
        path: the file.
        name: what the model is called in results; as the sketch says if not given.

    Raises:
        NotFound: no such file.
        Malformed: it is not a sketch, or does not add up.
    """
    file = Path(path)
    try:
        size = file.stat().st_size
        with file.open("rb") as handle:
            length = header_length(handle.read(8), str(path), size)
            header = parse(handle.read(length), str(path), size)
            return _build(handle.fileno(), header, str(path), size, name)
    except OSError as error:
        raise NotFound(f"{path} cannot be read: {error.strerror}") from error
    except (
        KeyError,
        TypeError,
        ValueError,
        AttributeError,
        ArithmeticError,
        RecursionError,
        zlib.error,
    ) as error:
        raise Malformed(
            f"{path} is not a sketch that can be read ({type(error).__name__})",
            remedy="Make it again with `cardlint sketch`.",
        ) from error


def _build(handle: int, header: Header, path: str, size: int, name: str | None) -> Sketch:
    meta = header.metadata
    if meta.get(KEY) != FORMAT:
        raise Malformed(f"{path} is not a sketch of format {FORMAT}")
    if header.problems:
        raise Malformed(header.problems[0].message)
    if size > MAX_FILE:
        raise Malformed(f"{path} has {size:,} bytes; a sketch has at most {MAX_FILE:,}")
    entries = {e.name: e for e in header.entries}
    packed = os.pread(handle, entries[TABLE].size, entries[TABLE].offset)
    inflater = zlib.decompressobj()
    table = inflater.decompress(packed, MAX_TABLE)
    if inflater.unconsumed_tail:
        raise Malformed(f"{path}: its list of tensors has more than {MAX_TABLE:,} bytes")
    tensors = {t.canonical: t for t in map(_tensor, json.loads(table))}
    runs: dict[str, Any] = json.loads(meta["runs"])
    ranges: dict[str, Any] = json.loads(meta.get("ranges", "{}"))
    blocks = {}
    for key, rows in runs.items():
        entry = entries[key]
        values = decode(entry.dtype, os.pread(handle, entry.size, entry.offset))
        block = _block(tensors[key], np.array(rows, np.int64).reshape(-1, 2), values, path)
        read = tuple((str(p), int(at), int(n)) for p, at, n in ranges.get(key, ()))
        blocks[key] = replace(block, ranges=read)
    files: Mapping[str, Any] = dict(json.loads(meta["files"]))
    coverage = {k: (int(v[0]), int(v[1])) for k, v in json.loads(meta["coverage"]).items()}
    return Sketch(
        name=name or meta["name"],
        repo_id=meta["repo_id"] or None,
        commit=meta["commit"] or None,
        files=files,
        tensors=tensors,
        blocks=blocks,
        coverage=Coverage(**coverage),
        config=dict(json.loads(meta["config"])),
        gaps=tuple(map(str, json.loads(meta["gaps"]))),
        plan=meta["plan"],
        delta=bool(json.loads(meta["delta"])),
        format=meta["format"],
    )


def _tensor(values: list[Any]) -> Tensor:
    row = dict(zip(COLUMNS, values, strict=True))
    shape = tuple(row["shape"])
    if not all(type(n) is int and 0 <= n < 1 << 62 for n in shape):
        raise ValueError("shape")
    return Tensor(
        canonical=str(row["canonical"]),
        component=str(row["component"]),
        layer=None if row["layer"] is None else int(row["layer"]),
        expert=None if row["expert"] is None else int(row["expert"]),
        shape=shape,
        dtype=str(row["dtype"]),
        stored=tuple(map(str, row["stored"])),
        fixed=bool(row["fixed"]),
    )


def _block(tensor: Tensor, runs: Any, values: Any, path: str) -> Block:
    ends = runs[:, 0] + runs[:, 1]
    good = (
        (runs >= 0).all()
        and (runs[1:, 0] >= ends[:-1]).all()
        and runs[:, 1].sum() == values.size
        and (not ends.size or ends[-1] <= math.prod(tensor.shape))
    )
    if not good:
        raise Malformed(f"{path}: the positions of {tensor.canonical[:100]} do not add up")
    return Block(tensor, runs, values)
