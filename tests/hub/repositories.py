"""What the test Hub serves: repositories of a folder hub, or any that can compute their bytes."""

from __future__ import annotations

import hashlib
import os
import re
import threading
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

# What the Hub keeps in LFS by its default .gitattributes, as far as models need it.
LARGE = re.compile(r".*\.(safetensors|bin|gguf|onnx|pt|pth|h5|msgpack|npz|npy|onnx_data)")
POINTER = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\noid sha256:([0-9a-f]{64})\nsize (\d+)\n"
)


@dataclass(frozen=True, slots=True)
class File:
    """One file of a commit, as the tree of the Hub tells it."""

    size: int
    oid: str
    """Git id of the blob, or of the pointer that stands for it."""
    sha256: str | None = None
    """Where it is kept in LFS."""

    @property
    def etag(self) -> str:
        """What the Hub names the content by."""
        return self.sha256 or self.oid


@dataclass(frozen=True, slots=True)
class CommitRow:
    """One commit."""

    id: str
    title: str
    message: str
    author: str
    date: datetime


class Served(ABC):
    """One repository."""

    id: str

    @abstractmethod
    def refs(self) -> Mapping[str, str]:
        """Full reference name → commit."""

    @abstractmethod
    def commits(self, commit: str) -> list[CommitRow]:
        """That commit and those before it, newest first."""

    @abstractmethod
    def files(self, commit: str) -> Mapping[str, File]:
        """The files of a commit by path.

        Raises:
            KeyError: no such commit.
        """

    @abstractmethod
    def read(self, commit: str, path: str, start: int, length: int) -> bytes:
        """Bytes of a file."""

    def resolve(self, revision: str) -> str | None:
        """The commit that a revision stands for."""
        for name in (revision, f"refs/heads/{revision}", f"refs/tags/{revision}"):
            if name in self.refs():
                return self.refs()[name]
        head = self.refs().get("refs/heads/main")
        known = [c.id for c in self.commits(head)] if head else []
        found = [c for c in known if len(revision) >= 7 and c.startswith(revision)]
        return found[0] if len(found) == 1 else None


def git_id(data: bytes) -> str:
    """The id that git gives a blob."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def pointer(sha256: str, size: int) -> bytes:
    """The LFS pointer for a content."""
    return b"version https://git-lfs.github.com/spec/v1\noid sha256:%s\nsize %d\n" % (
        sha256.encode(),
        size,
    )


class FolderRepository(Served):
    """A plain folder: one commit, made up of its content."""

    def __init__(self, id_: str, folder: Path) -> None:
        self.id = id_
        self.folder = folder
        self._files: dict[str, File] = {}
        for top, folders, names in os.walk(folder):
            folders[:] = sorted(f for f in folders if f not in {".git", ".cache"})
            for name in sorted(names):
                path = Path(top, name)
                self._files[path.relative_to(folder).as_posix()] = _describe(path)
        listing = "\n".join(f"{n} {f.etag}" for n, f in self._files.items())
        self._commit = hashlib.sha1(listing.encode(), usedforsecurity=False).hexdigest()

    def refs(self) -> Mapping[str, str]:
        """Only ``main``."""
        return {"refs/heads/main": self._commit}

    def commits(self, commit: str) -> list[CommitRow]:
        """The one."""
        del commit
        when = datetime(2026, 1, 1, tzinfo=UTC)
        return [CommitRow(self._commit, "Upload folder", "", self.id.partition("/")[0], when)]

    def files(self, commit: str) -> Mapping[str, File]:
        """What the folder held when the server began."""
        if commit != self._commit:
            raise KeyError(commit)
        return self._files

    def read(self, commit: str, path: str, start: int, length: int) -> bytes:
        """From the disk."""
        del commit
        with (self.folder / path).open("rb") as file:
            file.seek(start)
            return file.read(length)


def _describe(path: Path) -> File:
    size = path.stat().st_size
    if not LARGE.fullmatch(path.name):
        return File(size, git_id(path.read_bytes()))
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return File(size, git_id(pointer(sha256, size)), sha256)


class GitRepository(Served):
    """A git repository, bare or with a work tree. It was made by the test: it is trusted."""

    def __init__(self, id_: str, folder: Path) -> None:
        from dulwich.repo import Repo

        self.id = id_
        self.folder = folder
        self._repo: Any = Repo(str(folder))
        self._lfs = Path(self._repo.controldir()) / "lfs" / "objects"
        self._trees: dict[str, dict[str, tuple[File, str]]] = {}
        self._logs: dict[str, list[CommitRow]] = {}
        self._lock = threading.Lock()

    def close(self) -> None:
        """Let go of the packs."""
        self._repo.close()

    def refs(self) -> Mapping[str, str]:
        """All references, tags peeled; ``main`` is where HEAD is."""
        names = self._repo.refs.allkeys()
        found = {
            n.decode(): self._repo.get_peeled(n).decode()
            for n in names
            if n.startswith((b"refs/heads/", b"refs/tags/", b"refs/pr/"))
        }
        if b"HEAD" in names:
            found.setdefault("refs/heads/main", self._repo.head().decode())
        return found

    def commits(self, commit: str) -> list[CommitRow]:
        """By git's own walk."""
        with self._lock:
            if commit not in self._logs:
                self._logs[commit] = [
                    _row(entry.commit) for entry in self._repo.get_walker([commit.encode()])
                ]
            return self._logs[commit]

    def files(self, commit: str) -> Mapping[str, File]:
        """The tree of the commit; large files are told as the Hub does, as kept in LFS."""
        return {path: file for path, (file, _) in self._tree(commit).items()}

    def _tree(self, commit: str) -> dict[str, tuple[File, str]]:
        with self._lock:
            if commit not in self._trees:
                root = self._repo[commit.encode()]
                found = {}
                from dulwich.object_store import iter_tree_contents

                for entry in iter_tree_contents(self._repo.object_store, root.tree):
                    path, blob = entry.path.decode(), entry.sha.decode()
                    data = self._repo[entry.sha].data
                    found[path] = (_describe_blob(path, blob, data), blob)
                self._trees[commit] = found
            return self._trees[commit]

    def read(self, commit: str, path: str, start: int, length: int) -> bytes:
        """From the blob, or from the LFS store."""
        file, blob = self._tree(commit)[path]
        if file.sha256:
            stored = self._lfs / file.sha256[:2] / file.sha256[2:4] / file.sha256
            if stored.exists():
                with stored.open("rb") as handle:
                    handle.seek(start)
                    return handle.read(length)
        with self._lock:
            data: bytes = self._repo[blob.encode()].data
        return data[start : start + length]


def _describe_blob(path: str, blob: str, data: bytes) -> File:
    match = POINTER.fullmatch(data)
    if match:
        return File(int(match[2]), blob, match[1].decode())
    if LARGE.fullmatch(path):
        sha256 = hashlib.sha256(data).hexdigest()
        return File(len(data), git_id(pointer(sha256, len(data))), sha256)
    return File(len(data), blob)


def _row(commit: Any) -> CommitRow:
    title, _, message = commit.message.decode("utf-8", "replace").partition("\n")
    author = commit.author.decode("utf-8", "replace").partition(" <")[0]
    when = datetime.fromtimestamp(commit.commit_time, UTC)
    return CommitRow(commit.id.decode(), title, message.strip(), author, when)


def folder_hub(root: Path) -> dict[str, Served]:
    """Every repository of a folder hub by id, as ``--hub`` finds them."""
    found: dict[str, Served] = {}
    for org in sorted(p for p in root.iterdir() if p.is_dir()):
        for folder in sorted(p for p in org.iterdir() if p.is_dir()):
            id_ = f"{org.name}/{folder.name.removesuffix('.git')}"
            bare = (folder / "HEAD").is_file() and (folder / "objects").is_dir()
            git = bare or (folder / ".git").is_dir()
            found[id_] = GitRepository(id_, folder) if git else FolderRepository(id_, folder)
    return found
