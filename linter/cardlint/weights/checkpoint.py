"""A repository's tensors, as far as headers tell. No weight is read.

Of several packagings of one model one is read, the most exact: safetensors, then GGUF, then pickle
(never unpickled), then ONNX. The others are named.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cardlint.errors import Malformed, NotFound, Unavailable
from cardlint.findings import Json
from cardlint.source.interface import Entry, Range, Source
from cardlint.weights import adapter, formats
from cardlint.weights.files import MAX_FILES, NO_WEIGHTS, Group, Problem, choose, groups, is_pickle
from cardlint.weights.formats import gguf, onnx, torch_zip
from cardlint.weights.formats.interface import Plain, Storage
from cardlint.weights.safetensors_header import FIRST_READ, Header, header_length, parse

MAX_TENSORS = 500_000
"""Tensors of one model that are listed at most."""
MAX_HEADERS = 256_000_000
"""Bytes of headers of one model that are read at most."""


@dataclass(frozen=True)
class Checkpoint:
    """A model's tensors, as far as headers tell."""

    source: Source
    stored: Mapping[str, Storage]
    """By name; of a repository with several models in folders, the folder comes first: ``unet/…``."""
    format: str
    """``safetensors``, ``gguf``, ``adapter``, ``pickle`` or ``onnx``."""
    files: Mapping[str, Mapping[str, Json]]
    """The files that hold them: path → size and, where known, sha256."""
    problems: tuple[Problem, ...] = ()
    gaps: tuple[str, ...] = ()
    """What was not opened or cannot be decoded, one sentence each."""
    config: Mapping[str, Json] = field(default_factory=dict)
    unsafe: tuple[str, ...] = ()
    """Pickle files, whether read or not."""

    @property
    def nbytes(self) -> int:
        """Bytes of all tensors."""
        return sum(s.nbytes for s in self.stored.values())

    @property
    def elements(self) -> int:
        """Elements of all tensors."""
        return sum(math.prod(s.shape) for s in self.stored.values())


@dataclass
class Reading:
    """What has been found so far."""

    source: Source
    entries: Mapping[str, Entry]
    config: dict[str, Json]
    stored: dict[str, Storage] = field(default_factory=dict)
    paths: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)


def open_checkpoint(source: Source) -> Checkpoint:
    """Find the weight files of a repository and read their headers.

    Raises:
        NotFound: there are no weights that can be looked at, and what there is instead.
        Unavailable: the source cannot be read.
    """
    entries = source.entries()
    reading = Reading(source, entries, read_config(source))
    unsafe = tuple(p for p in entries if is_pickle(p))
    name = next((name for name, reader in READERS.items() if reader(reading)), None)
    if name is None:
        said = "; ".join([p.message for p in reading.problems[:3]] + reading.gaps[:3])
        raise NotFound(said or _nothing(entries))
    reading.gaps += _unread(reading, name)
    if adapter.is_adapter(reading.stored):
        name = "adapter"
        paired = adapter.assemble(reading.stored, read_json(source, "adapter_config.json"))
        reading.stored = paired.stored
        reading.gaps += paired.gaps
    reading.stored = formats.assemble(
        reading.stored, reading.config, reading.gaps, source.read_ranges
    )
    return Checkpoint(
        source,
        reading.stored,
        name,
        {p: _about(entries[p]) for p in reading.paths},
        tuple(reading.problems),
        tuple(reading.gaps),
        reading.config,
        unsafe,
    )


def read_json(source: Source, path: str) -> dict[str, Any]:
    """A JSON object; {} where there is none that can be read."""
    try:
        raw: Any = json.loads(source.read_text(path))
    except (Unavailable, ValueError, RecursionError):
        return {}
    return dict(raw) if isinstance(raw, dict) else {}


def read_config(source: Source) -> dict[str, Json]:
    """``config.json``, the text model's part on top; {} where there is none that can be read."""
    raw = read_json(source, "config.json")
    config: dict[str, Json] = dict(raw)
    for part in ("text_config", "llm_config", "language_config", "thinker_config"):
        inner = raw.get(part)
        if isinstance(inner, dict):
            config |= {k: v for k, v in inner.items() if k != "model_type" or k not in raw}
    return config


def _about(entry: Entry) -> dict[str, Json]:
    return {"size": entry.size} | ({"sha256": entry.sha256} if entry.sha256 else {})


def _unread(reading: Reading, chosen: str) -> Iterator[str]:
    """The packagings that stand beside the one that was read."""
    for name, ending in (("gguf", ".gguf"), ("onnx", ".onnx")):
        beside = [p for p in reading.entries if p.endswith(ending)]
        if beside and name != chosen:
            text = f"{len(beside):,} files in another format, such as {beside[0]}"
            yield f"{text}, were not opened beside the {chosen} weights"


def _nothing(entries: Mapping[str, Entry]) -> str:
    return f"none of the {len(entries)} files holds weights in a known format"


# --- safetensors ------------------------------------------------------------------------------


def _safetensors(reading: Reading) -> bool:
    found = groups(reading.source, reading.entries, reading.problems)
    chosen = choose(list(found), reading.entries, reading.gaps)
    for group in chosen:
        prefix = f"{group.folder}/" if group.folder and len(chosen) > 1 else ""
        headers = _headers(reading, group)
        _cross_check(group, headers, reading.problems)
        _collect(prefix, headers, reading)
        reading.paths += group.paths
    return bool(chosen) and bool(reading.stored or reading.problems)


def _headers(reading: Reading, group: Group) -> dict[str, Header]:
    """The headers of a group's files, in two batches of ranges."""
    entries, problems = reading.entries, reading.problems
    here = _present(reading, group.paths)
    firsts = reading.source.read_ranges(
        [Range(p, 0, min(FIRST_READ, entries[p].size)) for p in here]
    )
    texts: dict[str, bytes] = {}
    rest: list[Range] = []
    total = 0
    for path, first in zip(here, firsts, strict=True):
        try:
            length = header_length(first, path, entries[path].size)
        except Malformed as fault:
            problems.append(Problem("header-unreadable", fault.message, path))
            continue
        total += length
        if total > MAX_HEADERS:
            text = f"the headers together exceed {MAX_HEADERS:,} bytes; not read from {path} on"
            problems.append(Problem("headers-too-long", text, path))
            break
        texts[path] = first[8 : 8 + length]
        if 8 + length > len(first):
            rest.append(Range(path, len(first), 8 + length - len(first)))
    for wanted, more in zip(rest, reading.source.read_ranges(rest) if rest else [], strict=True):
        texts[wanted.path] += more
    headers: dict[str, Header] = {}
    for path in list(texts):
        try:
            headers[path] = parse(texts.pop(path), path, entries[path].size)
        except Malformed as fault:
            problems.append(Problem("header-unreadable", fault.message, path))
        else:
            problems.extend(headers[path].problems)
    return headers


def _present(reading: Reading, paths: Sequence[str]) -> list[str]:
    """The files whose content is here, and not too many."""
    here = []
    for path in paths[:MAX_FILES]:
        if reading.entries[path].present:
            here.append(path)
        else:
            text = f"{path} is a git-LFS pointer; its content is not here"
            reading.problems.append(Problem("not-here", text, path))
    if len(paths) > MAX_FILES:
        text = f"{len(paths):,} weight files; the first {MAX_FILES:,} were opened"
        reading.problems.append(Problem("too-many-shards", text, paths[0]))
    return here


def _cross_check(group: Group, headers: Mapping[str, Header], problems: list[Problem]) -> None:
    """What the index says against what the shards hold."""
    if group.index is None:
        return
    names = {path: {e.name for e in header.entries} for path, header in headers.items()}
    absent = [n for n, p in group.listed.items() if p in names and n not in names[p]]
    unlisted = [
        f"{name} ({path})"
        for path, held in names.items()
        for name in held
        if name not in group.listed
    ]
    for code, what, found in (
        ("index-absent-tensor", "names tensors that are not in the shard it gives", sorted(absent)),
        ("index-unlisted-tensor", "does not name tensors that are in its shards", sorted(unlisted)),
    ):
        if found:
            shown = ", ".join(n[:100] for n in found[:3]) + (", …" if len(found) > 3 else "")
            text = f"{group.index} {what}: {len(found):,}, such as {shown}"
            problems.append(Problem(code, text, group.index))


def _collect(prefix: str, headers: Mapping[str, Header], reading: Reading) -> None:
    for path, header in headers.items():
        for entry in header.entries:
            name = prefix + entry.name
            if name in reading.stored:
                text = f"{path}: tensor {entry.name[:100]} is in two files"
                reading.problems.append(Problem("duplicate-tensor", text, path))
            elif len(reading.stored) >= MAX_TENSORS:
                text = f"more than {MAX_TENSORS:,} tensors; the rest is not read"
                reading.problems.append(Problem("too-many-tensors", text, path))
                return
            else:
                reading.stored[name] = Plain(
                    entry.dtype, entry.shape, (name,), path, entry.offset, entry.size
                )


# --- GGUF -------------------------------------------------------------------------------------


def _gguf(reading: Reading) -> bool:
    """The largest GGUF packaging: the most exact of several quantizations."""
    packs: dict[str, list[str]] = {}
    for path in reading.entries:
        name = path.rpartition("/")[2]
        if path.endswith(".gguf") and not name.startswith(("mmproj", "imatrix")):
            packs.setdefault(gguf.pack(path), []).append(path)
    if not packs:
        return False

    def weight(paths: list[str]) -> int:
        return sum(reading.entries[p].size for p in paths)

    best = max(packs, key=lambda p: (weight(packs[p]), p))
    here = _present(reading, packs[best])
    for path in here:
        try:
            header = gguf.read_header(
                lambda at, n, p=path: reading.source.read_ranges([Range(p, at, n)])[0],  # type: ignore[misc]  # mypy cannot type a default
                path,
                reading.entries[path].size,
            )
        except Malformed as fault:
            reading.problems.append(Problem("header-unreadable", fault.message, path))
            continue
        reading.stored |= header.stored
        reading.config = {**gguf.config(header.metadata), **reading.config}
        for name, why in list(header.undecodable.items())[:1]:
            count = len(header.undecodable)
            reading.gaps.append(f"{path}: {count:,} tensors of {why} cannot be decoded ({name})")
    reading.paths += here
    others = [p for p in packs if p != best]
    if others:
        reading.gaps.append(f"{len(others)} other GGUF files were not opened, such as {others[0]}")
    return bool(reading.stored)


# --- pickle and ONNX --------------------------------------------------------------------------


def _pickle(reading: Reading) -> bool:
    """PyTorch's zip files, taken apart and never unpickled."""
    paths = [
        p
        for p in reading.entries
        if is_pickle(p)
        and not NO_WEIGHTS.search(p)
        and not p.endswith((".pkl", ".pickle", ".joblib"))
    ]
    folders = {p.rpartition("/")[0] for p in paths}
    top = min(folders, key=len, default="")
    for path in _present(reading, [p for p in paths if p.rpartition("/")[0] == top]):
        try:
            found = torch_zip.read(reading.source, path, reading.entries[path].size)
        except Malformed as fault:
            reading.gaps.append(fault.message)
            continue
        if found.stored:
            reading.paths.append(path)
        if found.unusual:
            text = f"{path} names {', '.join(found.unusual[:5])}: loading it would run that code"
            reading.problems.append(Problem("unusual-pickle", text, path))
        new = {n: s for n, s in found.stored.items() if n not in reading.stored}
        reading.stored |= new
        reading.gaps += found.gaps
    return bool(reading.stored)


def _onnx(reading: Reading) -> bool:
    paths = [p for p in reading.entries if p.endswith(".onnx")]
    for path in sorted(_present(reading, paths), key=lambda p: -reading.entries[p].size)[:1]:
        try:
            found, odd = onnx.read(
                reading.source, path, reading.entries[path], set(reading.entries)
            )
        except Malformed as fault:
            reading.gaps.append(fault.message)
            continue
        reading.stored |= found
        reading.paths += sorted({s.path for s in found.values() if isinstance(s, Plain)})
        if odd:
            reading.gaps.append(f"{path}: {odd:,} initializers could not be placed")
    return bool(reading.stored)


READERS: dict[str, Callable[[Reading], bool]] = {
    "safetensors": _safetensors,
    "gguf": _gguf,
    "pickle": _pickle,
    "onnx": _onnx,
}
"""In order of preference."""
