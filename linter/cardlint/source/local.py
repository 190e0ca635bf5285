"""A plain folder, or a single card file, on this disk."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path

from cardlint.errors import AccessDenied, Malformed, NotFound, Unavailable
from cardlint.source.interface import Entry, Identity, Range, Source

MAX_FILES = 100_000
"""The Hub advises against more (hub-docs, storage limits); a folder with more is not a model's."""

# https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md: "Pointer files must be less than 1024 bytes".
LFS_POINTER = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\n"
    rb"(?:[^\n]*\n)*?oid sha256:(?P<oid>[0-9a-f]{64})\n(?:[^\n]*\n)*?size (?P<size>[0-9]{1,18})\n"
)
LFS_POINTER_MAX = 1024


class LocalFolder(Source):
    """A folder; nothing outside it is ever read, through no symbolic link.

    Args:
        root: the folder.
        repo_id: ``org/name``, where the folder stands for a Hub repository.
    """

    def __init__(self, root: Path, repo_id: str | None = None) -> None:
        self.root = root
        self._identity = Identity(repo_id=repo_id, location=str(root))
        self._entries: dict[str, Entry] | None = None
        self.skipped: dict[str, str] = {}
        """Path → why it was not taken in."""

    @property
    def identity(self) -> Identity:
        """The folder; it has no commit."""
        return self._identity

    def entries(self) -> Mapping[str, Entry]:
        """Regular files below the folder, ``.git`` and ``.cache`` left out."""
        if self._entries is None:
            self._entries = dict(sorted(self._walk()))
        return self._entries

    def _walk(self) -> list[tuple[str, Entry]]:
        top = self.root.resolve()
        found: list[tuple[str, Entry]] = []

        def fail(error: OSError) -> None:
            if Path(error.filename) == self.root:
                raise AccessDenied(
                    f"{self.root} cannot be listed: {error.strerror}",
                    remedy="Give yourself permission to read it.",
                ) from error
            self.skipped[str(error.filename)] = error.strerror or "cannot be listed"

        for here, folders, files in os.walk(self.root, onerror=fail):
            folders[:] = sorted(f for f in folders if f not in {".git", ".cache"})
            for name in sorted(files):
                full = Path(here, name)
                path = full.relative_to(self.root).as_posix()
                try:
                    if full.is_symlink() and not full.resolve().is_relative_to(top):
                        self.skipped[path] = "a symbolic link out of the folder"
                        continue
                    info = full.stat()
                except OSError as error:
                    self.skipped[path] = error.strerror or "cannot be read"
                    continue
                if stat.S_ISREG(info.st_mode):
                    found.append((path, self._entry(full, path, info.st_size)))
                if len(found) > MAX_FILES:
                    raise Malformed(f"{self.root} has more than {MAX_FILES:,} files")
        return found

    def _entry(self, full: Path, path: str, size: int) -> Entry:
        if size < LFS_POINTER_MAX and size > len(b"version https://git-lfs"):
            try:
                pointer = LFS_POINTER.match(full.read_bytes())
            except OSError:
                pointer = None
            if pointer:
                return Entry(
                    path, int(pointer["size"]), sha256=pointer["oid"].decode(), present=False
                )
        return Entry(path, size)

    def read_ranges(self, ranges: Sequence[Range]) -> list[bytes]:
        """Read each range; files are opened once."""
        results: list[bytes] = [b""] * len(ranges)
        by_path: dict[str, list[int]] = {}
        for index, wanted in enumerate(ranges):
            by_path.setdefault(wanted.path, []).append(index)
        for path, indexes in by_path.items():
            entry = self.entry(path)
            if not entry.present:
                raise NotFound(
                    f"{path} is a git-LFS pointer; its {entry.size:,} bytes are not here",
                    remedy="Run `git lfs pull`, or check the model by its Hub id.",
                )
            try:
                with (self.root / path).open("rb") as file:
                    for index in indexes:
                        results[index] = _read(file.fileno(), ranges[index])
            except OSError as error:
                raise AccessDenied(
                    f"{path} cannot be read: {error.strerror}",
                    remedy="Give yourself permission to read it.",
                ) from error
        return results


def _read(handle: int, wanted: Range) -> bytes:
    data = os.pread(handle, wanted.length, wanted.offset) if wanted.length else b""
    while len(data) < wanted.length:  # a read of more than 2 GiB comes in pieces
        more = os.pread(handle, wanted.length - len(data), wanted.offset + len(data))
        if not more:
            raise Malformed(
                f"{wanted.path} ends before byte {wanted.offset + wanted.length:,}", remedy=None
            )
        data += more
    return data


class LocalCard(LocalFolder):
    """A single file that is taken for the ``README.md`` of a repository of which nothing else is here."""

    def __init__(self, path: Path) -> None:
        super().__init__(path.parent)
        self._file = path.name
        self._identity = Identity(repo_id=None, location=str(path))

    def _walk(self) -> list[tuple[str, Entry]]:
        full = self.root / self._file
        try:
            size = full.stat().st_size
        except OSError as error:
            raise NotFound(f"{full} cannot be read: {error.strerror}") from error
        return [("README.md", Entry("README.md", size))]

    def read_ranges(self, ranges: Sequence[Range]) -> list[bytes]:
        """Only ``README.md`` is here."""
        if any(r.path != "README.md" for r in ranges):
            raise NotFound(f"only the card was given: {self._identity.location}")
        try:
            with (self.root / self._file).open("rb") as file:
                return [_read(file.fileno(), r) for r in ranges]
        except OSError as error:
            raise AccessDenied(
                f"{self._identity.location} cannot be read: {error.strerror}"
            ) from error

    def whole(self) -> None:
        """Raise, because the rest of the repository is not here."""
        raise Unavailable(
            "only the card was given, not its repository",
            remedy="Point cardlint at the folder that holds the card.",
        )
