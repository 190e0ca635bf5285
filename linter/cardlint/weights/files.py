"""Which files of a repository hold weights, and which of them belong together. Names only."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from cardlint.errors import Unavailable
from cardlint.source.interface import Entry, Source

MAX_FILES = 10_000
"""Weight files of one model that are opened at most."""
MAX_INDEX = 64 << 20
"""Bytes of a shard index that are read at most."""
MAX_SAID = 20
"""Faults that are told of one file at most."""

SHARD = re.compile(r"(?P<stem>.+)-(?P<n>\d{5})-of-(?P<of>\d{5})\.safetensors")
PICKLE = re.compile(
    r"(?:.*\.(?:bin|pt|pth|ckpt|pkl|pickle|t7|joblib|mar)|.*/?pytorch_model.*\.bin\.\w+)",
    re.IGNORECASE,
)
NO_WEIGHTS = re.compile(
    r"(?:^|/)(?:optimizer|scheduler|scaler|rng_state|random_states|training_args|trainer_state)[^/]*$"
)
VARIANT = re.compile(r"\.(?:fp16|fp32|bf16|non_ema|ema|int8|fp8)(?=[.-])")


@dataclass(frozen=True, slots=True)
class Problem:
    """A fault in the files of a checkpoint."""

    code: str
    """Such as ``offsets-overlap``; stable."""
    message: str
    path: str


def is_pickle(path: str) -> bool:
    """Whether a file's name says that loading it runs Python's unpickler."""
    return PICKLE.fullmatch(path) is not None


@dataclass
class Group:
    """Files that belong to one packaging of one model."""

    folder: str
    paths: list[str]
    index: str | None = None
    listed: Mapping[str, str] = field(default_factory=dict)
    """Tensor → path, as the index says."""


def groups(
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


def choose(found: Sequence[Group], entries: Mapping[str, Entry], gaps: list[str]) -> list[Group]:
    """One packaging of one model; of a pipeline (diffusers, sentence-transformers) one a folder."""
    usable = [g for g in found if g.paths]
    models = [g for g in usable if not _is_adapter(g)] or usable
    plain = [g for g in models if not any(VARIANT.search(p) for p in g.paths)] or models
    by_folder: dict[str, list[Group]] = {}
    for group in plain:
        by_folder.setdefault(group.folder, []).append(group)
    chosen = [min(rivals, key=_rank) for rivals in by_folder.values()]
    if not {"model_index.json", "modules.json"} & set(entries) and len(chosen) > 1:
        top = [g for g in chosen if not g.folder]
        chosen = top or [max(chosen, key=lambda g: sum(entries[p].size for p in g.paths))]
    others = [g.index or g.paths[0] for g in usable if g not in chosen]
    if others:
        gaps.append(
            f"{len(others):,} other weight files were not opened beside {chosen[0].paths[0]},"
            f" such as {others[0]}"
        )
    return chosen


def _is_adapter(group: Group) -> bool:
    return PurePosixPath(group.paths[0]).name.startswith(("adapter_model", "pytorch_lora_weights"))


def _rank(group: Group) -> tuple[int, int, str]:
    name = PurePosixPath(group.index or group.paths[0]).name
    usual = ("model", "diffusion_pytorch_model", "pytorch_model", "adapter_model")
    known = next((i for i, stem in enumerate(usual) if name.startswith(stem)), len(usual))
    return (known, 0 if group.index else 1, name)
