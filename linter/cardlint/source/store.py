"""What was fetched once and can never change: pieces of files by the hash of the file.

One piece is one file: its content, then the SHA-256 of the content. A piece is written beside its
place and moved there in one step, so several processes may share the folder, and one that is killed
leaves at worst a scrap that no one reads. What does not match its hash is as good as absent.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MAX_BYTES = 2 << 30
"""Bytes that the folder may grow to; the pieces used longest ago go first."""
_SCRAP_AGE = 3600.0
"""Seconds after which a piece that was never finished is nobody's work any more."""
_TOUCH = 86_400.0
"""Seconds after which a use is noted: not every read need write."""


def default_folder() -> Path:
    """``CARDLINT_CACHE_DIR``, or where the system keeps caches."""
    set_ = os.environ.get("CARDLINT_CACHE_DIR")
    if set_:
        return Path(set_).expanduser()
    from platformdirs import user_cache_path

    return user_cache_path("cardlint")


@dataclass(frozen=True, slots=True)
class Info:
    """What the folder holds."""

    folder: Path
    pieces: int
    bytes: int


class Store:
    """The folder.

    Args:
        folder: made when something is written.
        max_bytes: see :data:`MAX_BYTES`.
    """

    def __init__(self, folder: Path | None = None, max_bytes: int = MAX_BYTES) -> None:
        self.folder = (folder or default_folder()) / "pieces-1"
        self.max_bytes = max_bytes
        self._lock = threading.Lock()
        self._size: int | None = None

    def get(self, key: str) -> bytes | None:
        """A piece, or ``None``."""
        path = self._path(key)
        try:
            data = path.read_bytes()
            content, seal = data[:-32], data[-32:]
            if hashlib.sha256(content).digest() != seal:
                path.unlink()
                return None
            if time.time() - path.stat().st_mtime > _TOUCH:
                os.utime(path)
        except OSError:
            return None
        return content

    def put(self, key: str, content: bytes) -> None:
        """Keep a piece; a folder that cannot be written is only slower."""
        path = self._path(key)
        with contextlib.suppress(OSError):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, scrap = tempfile.mkstemp(dir=path.parent, suffix=".scrap")
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(content)
                    file.write(hashlib.sha256(content).digest())
                Path(scrap).replace(path)
            except BaseException:
                Path(scrap).unlink(missing_ok=True)
                raise
            self._grow(len(content) + 32)

    def _grow(self, by: int) -> None:
        with self._lock:
            if self._size is None:
                self._size = self.info().bytes
            else:
                self._size += by
            if self._size <= self.max_bytes:
                return
        self.prune(self.max_bytes * 9 // 10)

    def info(self) -> Info:
        """Count what is there."""
        sizes = [size for _, size, _ in self._pieces()]
        return Info(self.folder.parent, len(sizes), sum(sizes))

    def prune(self, max_bytes: int) -> Info:
        """Remove scraps, and the pieces used longest ago, until at most ``max_bytes`` are left.

        Returns:
            What was removed.
        """
        removed, freed, total = 0, 0, 0
        now = time.time()
        for used, size, path in sorted(self._pieces(), reverse=True):
            scrap = path.suffix == ".scrap"
            keep = now - used < _SCRAP_AGE if scrap else total + size <= max_bytes
            if keep:
                total += size
                continue
            with contextlib.suppress(OSError):  # another process was quicker
                path.unlink()
                removed, freed = removed + 1, freed + size
        with self._lock:
            self._size = total
        return Info(self.folder.parent, removed, freed)

    def clear(self) -> Info:
        """Remove everything that this store has written, and nothing else.

        Returns:
            What was removed.
        """
        removed = self.prune(-1)
        for path in self._pieces():
            if path[2].suffix == ".scrap":
                path[2].unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # something else is in there
            for folder in self.folder.iterdir():
                folder.rmdir()
            self.folder.rmdir()
        return removed

    def _pieces(self) -> Iterator[tuple[float, int, Path]]:
        for folder in _scan(self.folder):
            if folder.is_dir(follow_symlinks=False):
                for item in _scan(folder.path):
                    with contextlib.suppress(OSError):
                        info = item.stat(follow_symlinks=False)
                        yield info.st_mtime, info.st_size, Path(item.path)

    def _path(self, key: str) -> Path:
        name = hashlib.sha256(key.encode()).hexdigest()
        return self.folder / name[:2] / name[2:]


def _scan(folder: Path | str) -> list[os.DirEntry[str]]:
    """What is in a folder; nothing where it is missing, or another process was quicker."""
    try:
        with os.scandir(folder) as items:
            return list(items)
    except OSError:
        return []


class RunStore(Store):
    """Keeps pieces in memory for this run, and nothing on the disk."""

    def __init__(self, max_bytes: int = 32 << 20) -> None:
        super().__init__(Path(), max_bytes)
        self._kept: dict[str, bytes] = {}
        self._held = 0

    def get(self, key: str) -> bytes | None:
        """A piece, or ``None``."""
        return self._kept.get(key)

    def put(self, key: str, content: bytes) -> None:
        """Keep a piece; the oldest go first."""
        with self._lock:
            self._held += len(content) - len(self._kept.pop(key, b""))
            self._kept[key] = content
            while self._held > self.max_bytes:
                self._held -= len(self._kept.pop(next(iter(self._kept))))
