"""A plain folder, or a single card file, on this disk."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from cardlint.errors import AccessDenied, Malformed, NotFound
from cardlint.source.interface import Entry, Identity, Range, Source
from cardlint.source.lfs import NOT_HERE, LfsStore, Pointer, could_be_pointer, parse_pointer

MAX_FILES = 100_000
"""The Hub advises against more (hub-docs, storage limits); a folder with more is not a model's."""
MAX_DEPTH = 64
"""Folders inside folders; deeper ones are left out and told."""

_LEFT_OUT = frozenset({".git", ".cache"})
"""Bookkeeping of git and of huggingface_hub: no part of the model."""
_PERMISSION = "Give yourself permission to read it."


class LocalFolder(Source):
    """A folder; nothing outside it is ever read, through no symbolic link.

    Args:
        root: the folder.
        repo_id: ``org/name``, where the folder stands for a Hub repository.
        lfs: where the content behind git-LFS pointers may be.
        top: the folder that links must not lead out of; the folder itself unless given.
    """

    def __init__(
        self,
        root: Path,
        repo_id: str | None = None,
        *,
        lfs: LfsStore | None = None,
        top: Path | None = None,
    ) -> None:
        self.root = root
        self._top = top or root
        self._identity = Identity(repo_id=repo_id, location=str(root))
        self._entries: dict[str, Entry] | None = None
        self._skipped: dict[str, str] = {}
        self._lfs = lfs
        self._elsewhere: dict[str, Path] = {}
        """Path → file of the LFS store that holds its content."""

    @property
    def identity(self) -> Identity:
        """The folder. It has no commit: files on disk need not be what was committed."""
        return self._identity

    @property
    def skipped(self) -> Mapping[str, str]:
        """Path → why it was not taken in."""
        return self._skipped

    def entries(self) -> Mapping[str, Entry]:
        """Regular files below the folder, ``.git`` and ``.cache`` left out.

        Raises:
            NotFound: there is no such folder, or nothing in it.
            AccessDenied: it cannot be listed.
            Malformed: it has too many files to be a model's.
        """
        if self._entries is None:
            found = dict(sorted((entry.path, entry) for entry in self._walk()))
            if not found and not self._skipped:
                raise NotFound(
                    f"{self.root} is empty",
                    remedy="Point cardlint at the folder that holds the model's README.md.",
                )
            self._entries = found
        return self._entries

    def _walk(self) -> Iterator[Entry]:
        # Not os.walk: it recurses, and a hostile folder is deeper than Python's stack.
        waiting = [("", 0)]
        seen = 0
        while waiting:
            prefix, depth = waiting.pop()
            for item in self._list(prefix):
                seen += 1
                if seen > MAX_FILES:
                    raise Malformed(
                        f"{self.root} has more than {MAX_FILES:,} files and folders",
                        remedy="Point cardlint at the folder of one model.",
                    )
                path = prefix + item.name
                why = _unprintable(item.name) or self._why_not(item)
                if why:
                    self._skip(path, why)
                elif item.is_dir(follow_symlinks=False):
                    if item.name in _LEFT_OUT:
                        continue
                    if depth == MAX_DEPTH:
                        self._skip(path, f"more than {MAX_DEPTH} folders deep")
                    else:
                        waiting.append((path + "/", depth + 1))
                else:
                    yield self._entry(path, item.stat().st_size)

    def _list(self, prefix: str) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(self.root / prefix) as items:
                listed = []
                for item in items:
                    listed.append(item)
                    if len(listed) > MAX_FILES:
                        break
                return listed
        except OSError as error:
            why = error.strerror or "cannot be listed"
            if prefix:
                self._skip(prefix, why)
                return []
            if isinstance(error, FileNotFoundError):
                raise NotFound(f"{self.root} does not exist", remedy="Check the path.") from error
            raise AccessDenied(
                f"{self.root} cannot be listed: {why}", remedy=_PERMISSION
            ) from error

    def _why_not(self, item: os.DirEntry[str]) -> str | None:
        """Why a directory entry is not taken in; ``None`` when it is."""
        try:
            if item.is_symlink():
                if not _inside(Path(item.path), self._top):
                    return "a symbolic link out of the folder"
                if item.is_dir():
                    return "a symbolic link to a folder"
            mode = item.stat().st_mode
        except OSError as error:
            return error.strerror or "cannot be read"
        except RuntimeError:  # Path.resolve on Python 3.11 and 3.12
            return "a symbolic link to itself"
        if stat.S_ISREG(mode) or stat.S_ISDIR(mode):
            return None
        return "neither a file nor a folder"

    def _skip(self, path: str, why: str) -> None:
        self._skipped[path.encode("utf-8", "backslashreplace").decode()] = why

    def _entry(self, path: str, size: int) -> Entry:
        pointer = self._pointer(path) if could_be_pointer(size) else None
        if not pointer:
            return Entry(path, size)
        here = self._lfs.find(pointer) if self._lfs else None
        if here:
            self._elsewhere[path] = here
        return Entry(path, pointer.size, sha256=pointer.sha256, present=here is not None)

    def _pointer(self, path: str) -> Pointer | None:
        try:
            with _open(self.root / path, self._top) as handle:
                return parse_pointer(os.pread(handle, 1024, 0))
        except OSError:
            return None  # that it cannot be read is said when it is read

    def read_ranges(self, ranges: Sequence[Range]) -> list[bytes]:
        """Read each range; a file is opened once."""
        results: list[bytes] = [b""] * len(ranges)
        by_path: dict[str, list[int]] = {}
        for index, wanted in enumerate(ranges):
            self.check(wanted)
            by_path.setdefault(wanted.path, []).append(index)
        for path, indexes in by_path.items():
            entry = self.entry(path)
            if not entry.present:
                raise NotFound(
                    f"{path} is a git-LFS pointer; its {entry.size:,} bytes are not here",
                    remedy=NOT_HERE,
                )
            file, within = self._file(path)
            try:
                with _open(file, within) as handle:
                    for index in indexes:
                        results[index] = _read(handle, ranges[index])
            except OSError as error:
                raise AccessDenied(
                    f"{path} cannot be read: {error.strerror}", remedy=_PERMISSION
                ) from error
        return results

    def _file(self, path: str) -> tuple[Path, Path]:
        """The file with the content of ``path``, and the folder that it must not lead out of."""
        if path in self._elsewhere and self._lfs:
            return self._elsewhere[path], self._lfs.git
        return self.root / path, self._top


def _unprintable(name: str) -> str | None:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return "its name is not UTF-8"
    return None


def _inside(path: Path, top: Path) -> bool:
    return path.resolve().is_relative_to(top.resolve())


@contextmanager
def _open(path: Path, top: Path) -> Iterator[int]:
    """Open a regular file below ``top``, whatever took its place since it was listed."""
    if not _inside(path, top):
        raise PermissionError(1, "it leads out of the folder", str(path))
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # a pipe would block
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise PermissionError(1, "it is no regular file", str(path))
        yield handle
    finally:
        os.close(handle)


def read_file(path: Path, top: Path, wanted: Range) -> bytes:
    """Read a range of a file below ``top``.

    Raises:
        AccessDenied: it cannot be opened.
        Malformed: it is shorter than it was.
    """
    try:
        with _open(path, top) as handle:
            return _read(handle, wanted)
    except OSError as error:
        raise AccessDenied(
            f"{wanted.path} cannot be read: {error.strerror}", remedy=_PERMISSION
        ) from error


def _read(handle: int, wanted: Range) -> bytes:
    data = os.pread(handle, wanted.length, wanted.offset) if wanted.length else b""
    while len(data) < wanted.length:  # a read of more than 2 GiB comes in pieces
        more = os.pread(handle, wanted.length - len(data), wanted.offset + len(data))
        if not more:
            raise Malformed(
                f"{wanted.path} ends before byte {wanted.offset + wanted.length:,}: "
                "it was cut while it was read",
                remedy="Try again when nothing writes to it.",
            )
        data += more
    return data


class LocalCard(LocalFolder):
    """A single file that is taken for the ``README.md`` of a repository of which nothing else is here."""

    card_only = True

    def __init__(self, path: Path) -> None:
        super().__init__(path.parent)
        self._card = path
        self._identity = Identity(repo_id=None, location=str(path))

    def _walk(self) -> Iterator[Entry]:
        try:
            info = self._card.stat()
        except OSError as error:
            raise NotFound(f"{self._card} cannot be read: {error.strerror}") from error
        if not stat.S_ISREG(info.st_mode):
            raise Malformed(f"{self._card} is no regular file", remedy="Give a README.md.")
        yield Entry("README.md", info.st_size)

    def _file(self, path: str) -> tuple[Path, Path]:  # noqa: ARG002  # only README.md is here
        """The user named this file, so a link is followed where it leads."""
        real = self._card.resolve()
        return real, real.parent

    def entry(self, path: str) -> Entry:
        """The card's entry; everything else is not here, which is not the same as missing.

        Raises:
            NotFound: anything but ``README.md``.
        """
        if path != "README.md":
            raise NotFound(
                f"only the card was given, not the repository of {self._identity.location}",
                remedy="Point cardlint at the folder that holds the card.",
            )
        return super().entry(path)
