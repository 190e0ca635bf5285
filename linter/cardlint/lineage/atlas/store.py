"""An atlas on a disk, or anywhere that fsspec reaches."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cardlint.errors import Malformed, NotFound, Unavailable, Unreachable, UsageError
from cardlint.lineage.atlas import layout
from cardlint.weights.sketch import PLAN_VERSION, Sketch
from cardlint.weights.sketch_file import load, save

MAX_INDEX = 256 << 20
"""Bytes of an index that are read: some 500,000 sketches."""
_FILE = re.compile(r"[\w.-]{1,120}@[0-9a-f]{0,40}\.safetensors", re.ASCII)
_KEY = re.compile(r"[a-z0-9_]+-\d+x\d+-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Hit:
    """A sketch that resembles the one looked up."""

    name: str
    repo_id: str | None
    commit: str | None
    cosine: float
    key: str
    file: str


class Atlas:
    """A folder of sketches.

    Args:
        root: the folder; it is made when something is added.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def folder(self, key: str) -> Path:
        """Of one architecture."""
        return self.root / "arch" / key

    def keys(self) -> list[str]:
        """The architectures that it holds, in order."""
        top = self.root / "arch"
        if not top.is_dir():
            return []
        return sorted(p.name for p in top.iterdir() if p.is_dir() and _KEY.fullmatch(p.name))

    def index(self, key: str) -> list[dict[str, Any]]:
        """The rows of one architecture.

        Raises:
            NotFound: the atlas holds none of it.
            Malformed: the index is damaged.
        """
        return _rows(_json(self.folder(key) / "index.json"), key)

    def entries(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Every row with its architecture."""
        for key in self.keys():
            for row in self.index(key):
                yield key, row

    def add(self, sketch: Sketch) -> str:
        """Take a sketch in, or put it in the place of the one of the same model and commit.

        Returns:
            Its path inside the atlas.

        Raises:
            UsageError: nothing of it was read, or the folder cannot be written.
        """
        key = layout.key(sketch)
        folder = self.folder(key)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            at = self._positions(key) if (folder / "positions.json").exists() else None
            if at is None:
                at = layout.positions(sketch)
                if not at:
                    raise UsageError(f"nothing was read of the matrices of {sketch.name}")
                _write(folder / "positions.json", json.dumps(at).encode())
            known = self.index(key) if (folder / "index.json").exists() else []
            rows = self._fingerprints(key) if known else np.zeros((0, len(at)), np.float32)
            file = layout.file_name(sketch)
            save(sketch, folder / file)
            row = layout.entry(sketch, file, _sha256(folder / file))
            keep = [n for n, r in enumerate(known) if r["file"] != file]
            print_ = layout.fingerprint(sketch, at)[None]
            _write_array(folder / "fingerprints.npy", np.concatenate([rows[keep], print_]))
            index = [*(known[n] for n in keep), row]
            _write(folder / "index.json", json.dumps({"sketches": index}, indent=1).encode())
        except OSError as error:
            raise UsageError(f"{self.root} cannot be written: {error.strerror}") from error
        return f"arch/{key}/{file}"

    def _positions(self, key: str) -> layout.Positions:
        data = _json(self.folder(key) / "positions.json")
        if not isinstance(data, list):
            raise Malformed(f"{self.root}: the positions of {key} are damaged")
        try:
            return [(str(name), int(element)) for name, element in data]
        except (TypeError, ValueError) as error:
            raise Malformed(f"{self.root}: the positions of {key} are damaged") from error

    def _fingerprints(self, key: str) -> layout.Floats:
        """``(n, d)``, memory-mapped."""
        path = self.folder(key) / "fingerprints.npy"
        try:
            rows: layout.Floats = np.load(path, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError, EOFError) as error:
            raise Malformed(f"{path} cannot be read: {error}") from error
        shape = (len(self.index(key)), len(self._positions(key)))
        if rows.shape != shape or rows.dtype != np.float32:
            raise Malformed(f"{path} holds {rows.shape} numbers; the index asks for {shape}")
        return rows

    def search(self, sketch: Sketch, limit: int = 32, least: float = 0.3) -> list[Hit]:
        """The sketches of the same architecture that resemble one, most alike first.

        Every sketch is looked at. A model of the same architecture is never left out silently: an
        atlas without it gives an empty list.

        Args:
            sketch: of the model that is looked up.
            limit: how many at most.
            least: the smallest cosine; unrelated models stay below 0.1.
        """
        key = layout.key(sketch)
        if key not in self.keys():
            return []
        index = self.index(key)
        query = layout.fingerprint(sketch, self._positions(key))
        cosines = layout.scan(self._fingerprints(key), query)
        order = np.argsort(-cosines, kind="stable")[:limit]
        return [
            Hit(
                index[n]["name"],
                index[n]["repo_id"],
                index[n]["commit"],
                float(cosines[n]),
                key,
                index[n]["file"],
            )
            for n in order
            if cosines[n] >= least
        ]

    def load(self, hit: Hit) -> Sketch:
        """The sketch behind a hit.

        Raises:
            Unavailable: it is not there or damaged.
        """
        return load(self.folder(hit.key) / hit.file)

    def check(self) -> Iterator[str]:
        """What is wrong with the atlas, one sentence each."""
        for key in self.keys():
            try:
                index, rows = self.index(key), self._fingerprints(key)
                at = self._positions(key)
            except Unavailable as reason:
                yield reason.message
                continue
            named = {row["file"] for row in index}
            for number, row in enumerate(index):
                yield from self._check_one(key, row, rows[number], at)
            for file in sorted(self.folder(key).glob("*.safetensors")):
                if file.name not in named:
                    yield f"arch/{key}/{file.name} is not in the index"

    def _check_one(
        self, key: str, row: dict[str, Any], expected: layout.Floats, at: layout.Positions
    ) -> Iterator[str]:
        path = self.folder(key) / row["file"]
        shown = f"arch/{key}/{row['file']}"
        if not path.is_file():
            yield f"{shown} is in the index and not here"
        elif _sha256(path) != row["sha256"]:
            yield f"{shown} is not the file that was added (sha256)"
        else:
            try:
                sketch = load(path)
            except Unavailable as reason:
                yield f"{shown}: {reason.message}"
                return
            if sketch.plan != PLAN_VERSION:
                yield f"{shown} was read by plan {sketch.plan}; this version reads by {PLAN_VERSION}"
            if layout.key(sketch) != key:
                yield f"{shown} is of another architecture ({layout.key(sketch)})"
            elif not np.array_equal(layout.fingerprint(sketch, at), expected, equal_nan=True):
                yield f"{shown} does not have the fingerprint of the index"


class RemoteAtlas(Atlas):
    """An atlas behind an fsspec address, such as ``hf://datasets/org/atlas``; files come when needed.

    Args:
        address: of the folder that holds ``arch/``.
        cache: where copies are kept for the run.
    """

    def __init__(self, address: str, cache: Path) -> None:
        super().__init__(cache)
        try:
            import fsspec  # type: ignore[import-untyped]  # it publishes no types
        except ImportError as error:
            raise UsageError(
                f"{address} is read with fsspec, which is not installed",
                remedy="`pip install fsspec`, or give a folder.",
            ) from error
        self.address = address.rstrip("/")
        try:
            self._fs, self._path = fsspec.core.url_to_fs(self.address)
        except (ValueError, ImportError) as error:
            raise UsageError(f"{address} cannot be opened: {error}") from error

    def keys(self) -> list[str]:
        """The architectures that it holds, in order."""
        try:
            listed = self._fs.ls(f"{self._path}/arch", detail=False)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise Unreachable(f"{self.address} cannot be listed: {error}") from error
        names = (str(p).rstrip("/").rpartition("/")[2] for p in listed)
        return sorted(n for n in names if _KEY.fullmatch(n))

    def folder(self, key: str) -> Path:
        """A local copy of the index of one architecture."""
        local = super().folder(key)
        for name in ("index.json", "positions.json", "fingerprints.npy"):
            self._fetch(key, name, local / name)
        return local

    def load(self, hit: Hit) -> Sketch:
        """The sketch behind a hit, fetched."""
        local = super().folder(hit.key) / hit.file
        self._fetch(hit.key, hit.file, local)
        return load(local)

    def add(self, sketch: Sketch) -> str:
        """Refuse: a remote atlas is read."""
        raise UsageError(
            f"{sketch.name} cannot be added to {self.address}",
            remedy="Add to a folder, and upload that.",
        )

    def _fetch(self, key: str, name: str, local: Path) -> None:
        if local.exists():
            return
        local.parent.mkdir(parents=True, exist_ok=True)
        partial = local.with_suffix(local.suffix + ".part")
        try:
            self._fs.get_file(f"{self._path}/arch/{key}/{name}", str(partial))
        except FileNotFoundError as error:
            raise NotFound(f"{self.address} has no arch/{key}/{name}") from error
        except OSError as error:
            raise Unreachable(f"{self.address}/arch/{key}/{name}: {error}") from error
        partial.replace(local)


def open_atlas(where: str, cache: Path | None = None) -> Atlas:
    """An atlas by folder or fsspec address.

    Args:
        where: what the user typed.
        cache: where copies of a remote atlas are kept; the user's cache folder if not given.
    """
    if "://" not in where:
        return Atlas(Path(where))
    if cache is None:
        from platformdirs import user_cache_path

        cache = user_cache_path("cardlint") / "atlas" / hashlib.sha256(where.encode()).hexdigest()
    return RemoteAtlas(where, cache)


def _rows(data: Any, key: str) -> list[dict[str, Any]]:
    rows = data.get("sketches") if isinstance(data, dict) else None
    if not isinstance(rows, list):
        raise Malformed(f"the index of {key} is damaged")
    for row in rows:
        if not (isinstance(row, dict) and _FILE.fullmatch(str(row.get("file")))):
            raise Malformed(f"the index of {key} names a file that is none of an atlas")
        for field in ("name", "repo_id", "commit", "sha256"):
            if not isinstance(row.setdefault(field, None), str | None):
                raise Malformed(f"the index of {key} is damaged ({field})")
        row["name"] = row["name"] or row["file"]
    return rows


def _json(path: Path) -> Any:
    try:
        if path.stat().st_size > MAX_INDEX:
            raise Malformed(f"{path} is too large for an index")
        return json.loads(path.read_bytes())
    except FileNotFoundError as error:
        raise NotFound(f"{path} is not there") from error
    except (OSError, ValueError, RecursionError) as error:
        raise Malformed(f"{path} cannot be read: {error}") from error


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write(path: Path, data: bytes) -> None:
    partial = path.with_suffix(path.suffix + ".part")
    partial.write_bytes(data)
    partial.replace(path)


def _write_array(path: Path, rows: layout.Floats) -> None:
    partial = path.with_suffix(".part.npy")
    with partial.open("wb") as file:
        np.save(file, rows.astype(np.float32), allow_pickle=False)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
