"""The weight files of a repository: which they are, and what their headers say. No weight is read.

Of several packagings of one model (safetensors, GGUF, pickle, ONNX) one is read, the most exact;
the others are named.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from cardlint.errors import Malformed, NotFound, Unavailable
from cardlint.findings import Json
from cardlint.source.interface import Entry, Range, Source
from cardlint.weights.formats.interface import Plain, Storage
from cardlint.weights.safetensors_header import (
    FIRST_READ,
    MAX_SAID,
    Header,
    Problem,
    header_length,
    parse,
)

MAX_FILES = 10_000
"""Weight files of one model that are opened at most."""
MAX_TENSORS = 2_000_000
"""Tensors of one model that are listed at most."""
MAX_HEADERS = 256_000_000
"""Bytes of headers of one model that are read at most."""
MAX_INDEX = 64 << 20

SHARD = re.compile(r"(?P<stem>.+)-(?P<n>\d{5})-of-(?P<of>\d{5})\.safetensors")
PICKLE = re.compile(
    r"(?:.*\.(?:bin|pt|pth|ckpt|pkl|pickle|t7|joblib|mar)|.*/?pytorch_model.*\.bin\.\w+)",
    re.IGNORECASE,
)
NO_WEIGHTS = re.compile(
    r"(?:^|/)(?:optimizer|scheduler|scaler|rng_state|random_states|training_args|trainer_state)[^/]*$"
)
VARIANT = re.compile(r"\.(?:fp16|fp32|bf16|non_ema|ema|int8|fp8)(?=[.-])")


@dataclass(frozen=True)
class Checkpoint:
    """A model's tensors, as far as headers tell."""

    source: Source
    stored: Mapping[str, Storage]
    """By name; of a repository with several models in folders, the folder comes first: ``unet/…``."""
    format: str
    """``safetensors``, ``gguf``, ``adapter``, ``pickle``, ``onnx`` or ``none``."""
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
class Group:
    """Files that belong to one packaging of one model."""

    folder: str
    paths: list[str]
    index: str | None = None
    listed: Mapping[str, str] = field(default_factory=dict)
    """Tensor → path, as the index says."""


def open_checkpoint(source: Source) -> Checkpoint:
    """Find the weight files of a repository and read their headers.

    Raises:
        NotFound: there are no weights that can be looked at, and what there is instead.
        Unavailable: the source cannot be read.
    """
    entries = source.entries()
    problems: list[Problem] = []
    gaps: list[str] = []
    unsafe = tuple(p for p in entries if is_pickle(p))
    config = read_config(source)
    groups = list(_groups(source, entries, problems))
    chosen = _choose(groups, gaps)
    if not chosen:
        raise NotFound(_nothing(entries, unsafe))
    stored: dict[str, Storage] = {}
    for group in chosen:
        prefix = f"{group.folder}/" if group.folder and len(chosen) > 1 else ""
        headers = _headers(source, group, problems)
        _cross_check(group, headers, problems)
        _collect(prefix, headers, stored, problems)
    files = {p: _about(entries[p]) for g in chosen for p in g.paths}
    return Checkpoint(
        source, stored, "safetensors", files, tuple(problems), tuple(gaps), config, unsafe
    )


def is_pickle(path: str) -> bool:
    """Whether a file's name says that loading it runs Python's unpickler."""
    return PICKLE.fullmatch(path) is not None


def read_config(source: Source) -> dict[str, Json]:
    """``config.json``, the text model's part on top; {} where there is none that can be read."""
    try:
        raw: Any = json.loads(source.read_text("config.json"))
    except (Unavailable, ValueError, RecursionError):
        return {}
    if not isinstance(raw, dict):
        return {}
    config: dict[str, Json] = dict(raw)
    for part in ("text_config", "llm_config", "language_config", "thinker_config"):
        inner = raw.get(part)
        if isinstance(inner, dict):
            config |= {k: v for k, v in inner.items() if k != "model_type" or k not in raw}
    return config


def _about(entry: Entry) -> dict[str, Json]:
    return {"size": entry.size} | ({"sha256": entry.sha256} if entry.sha256 else {})


def _groups(
    source: Source, entries: Mapping[str, Entry], problems: list[Problem]
) -> Iterator[Group]:
    """The safetensors packagings: indexed, numbered without an index, single."""
    free = {p for p in entries if p.endswith(".safetensors") and not NO_WEIGHTS.search(p)}
    for path in entries:
        if path.endswith(".safetensors.index.json"):
            listed = read_index(source, path, problems)
            inside = sorted(set(listed.values()))
            paths = [p for p in inside if p in entries]
            text = "{} names {}, which is not in the repository"
            problems += [
                Problem("index-missing-file", text.format(path, missing), path)
                for missing in [p for p in inside if p not in entries][:MAX_SAID]
            ]
            free -= set(paths)
            if paths or listed:
                yield Group(_folder(path), paths, path, listed)
    numbered: dict[tuple[str, str], list[str]] = {}
    for path in sorted(free):
        if match := SHARD.fullmatch(path):
            numbered.setdefault((match["stem"], match["of"]), []).append(path)
    for (stem, of), paths in numbered.items():
        free -= set(paths)
        if len(paths) != int(of):
            problems.append(
                Problem(
                    "shards-missing",
                    f"{stem}: {len(paths)} of {int(of)} shards are in the repository",
                    paths[0],
                )
            )
        yield Group(_folder(stem), paths)
    for path in sorted(free):
        yield Group(_folder(path), [path])


def read_index(source: Source, path: str, problems: list[Problem]) -> dict[str, str]:
    """Tensor → path of a shard index; entries that lead out of its folder are left out."""
    try:
        raw: Any = json.loads(source.read_text(path, MAX_INDEX))
        listed = raw["weight_map"]
        pairs = [(k, v) for k, v in listed.items() if isinstance(v, str)]
        if len(pairs) != len(listed):
            raise TypeError  # noqa: TRY301  # the same message as for a list in place of the map
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
        problems.append(
            Problem("index-unreadable", f"{path} holds no weight_map from names to files", path)
        )
        return {}
    except Unavailable as reason:
        problems.append(Problem("index-unreadable", f"{path}: {reason.message}", path))
        return {}
    result = {}
    bad: set[str] = set()
    for name, file in pairs:
        parts = PurePosixPath(file)
        if parts.is_absolute() or ".." in parts.parts or "\\" in file or "\0" in file:
            bad.add(file)
        else:
            result[name] = str(PurePosixPath(path).parent / file)
    problems += [
        Problem("index-path", f"{path} names {file[:200]!r}, which leads out of its folder", path)
        for file in sorted(bad)[:MAX_SAID]
    ]
    if len(set(result.values())) > MAX_FILES:
        problems.append(
            Problem("too-many-shards", f"{path} names more than {MAX_FILES:,} files", path)
        )
        return {}
    return result


def _folder(path: str) -> str:
    parent = str(PurePosixPath(path).parent)
    return "" if parent == "." else parent


def _choose(groups: Sequence[Group], gaps: list[str]) -> list[Group]:
    """One group for each folder; the folders of a pipeline (diffusers) together."""
    usable = [g for g in groups if g.paths]
    models = [g for g in usable if not _is_adapter(g)] or usable
    plain = [g for g in models if not any(VARIANT.search(p) for p in g.paths)] or models
    by_folder: dict[str, list[Group]] = {}
    for group in plain:
        by_folder.setdefault(group.folder, []).append(group)
    chosen = []
    top = by_folder.get("")
    for folder, rivals in by_folder.items():
        if top and re.match(r"(?:original|checkpoint|onnx|openvino)", folder):
            gaps.append(f"{folder}/: a second packaging beside the main one was not opened")
            continue
        best = min(rivals, key=_rank)
        chosen.append(best)
        gaps += [
            f"{other.index or other.paths[0]}: not opened beside {best.paths[0]}"
            for other in rivals
            if other is not best
        ]
    gaps += [
        f"{g.index or g.paths[0]}: a variant or adapter, not opened"
        for g in usable
        if g not in plain
    ]
    return chosen


def _is_adapter(group: Group) -> bool:
    return PurePosixPath(group.paths[0]).name.startswith(("adapter_model", "pytorch_lora_weights"))


def _rank(group: Group) -> tuple[int, int, str]:
    name = PurePosixPath(group.index or group.paths[0]).name
    usual = ("model", "diffusion_pytorch_model", "pytorch_model", "adapter_model")
    known = next((i for i, stem in enumerate(usual) if name.startswith(stem)), len(usual))
    return (known, 0 if group.index else 1, name)


def _nothing(entries: Mapping[str, Entry], unsafe: Sequence[str]) -> str:
    if unsafe:
        return f"the only weights are pickle files ({unsafe[0]}), which are never loaded"
    count = len(entries)
    return f"none of the {count} files holds weights in a known format"


def _headers(source: Source, group: Group, problems: list[Problem]) -> dict[str, Header]:
    """The headers of a group's files, in two batches of ranges."""
    entries = source.entries()
    here = []
    for path in group.paths[:MAX_FILES]:
        if entries[path].present:
            here.append(path)
        else:
            problems.append(
                Problem("not-here", f"{path} is a git-LFS pointer; its content is not here", path)
            )
    if len(group.paths) > MAX_FILES:
        text = f"{len(group.paths):,} weight files; the first {MAX_FILES:,} were opened"
        problems.append(Problem("too-many-shards", text, group.paths[0]))
    firsts = source.read_ranges([Range(p, 0, min(FIRST_READ, entries[p].size)) for p in here])
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
    for wanted, more in zip(rest, source.read_ranges(rest) if rest else [], strict=True):
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


def _collect(
    prefix: str,
    headers: Mapping[str, Header],
    stored: dict[str, Storage],
    problems: list[Problem],
) -> None:
    for path, header in headers.items():
        for entry in header.entries:
            name = prefix + entry.name
            if name in stored:
                problems.append(
                    Problem(
                        "duplicate-tensor",
                        f"{path}: tensor {entry.name[:100]} is in two files",
                        path,
                    )
                )
                continue
            if len(stored) >= MAX_TENSORS:
                problems.append(
                    Problem("too-many-tensors", f"more than {MAX_TENSORS:,} tensors", path)
                )
                return
            stored[name] = Plain(entry.dtype, entry.shape, (name,), path, entry.offset, entry.size)
