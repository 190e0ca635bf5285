"""The Hugging Face cache on this disk, read without importing huggingface_hub and never written.

Layout (huggingface_hub, "Understand caching")::

    $HF_HUB_CACHE/models--org--name/
        refs/main                   the commit that the branch was
        snapshots/<commit>/…        links into blobs/
        blobs/<git id or sha256>
        trees/<commit>.json         the whole file list, when huggingface_hub ≥ 2 downloaded it
        .no_exist/<commit>/…        files that the Hub said are not there

A snapshot holds the files that somebody downloaded, not all that the repository has: without the
tree its file list is *not known*, and is never guessed from what is here.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path

from cardlint.errors import NotFound, Offline
from cardlint.source.interface import Entry, Identity, is_repo_id
from cardlint.source.local import LocalFolder

MAX_TREE = 64 << 20
_COMMIT = re.compile(r"[0-9a-f]{40}")
_FETCH = "Run without --offline, or download it with `hf download` first."


class HubCache:
    """The cache folder.

    Args:
        folder: ``None`` for where ``HF_HUB_CACHE``, ``HF_HOME`` and ``XDG_CACHE_HOME`` put it.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or _default()

    def open(self, repo_id: str, revision: str | None) -> CacheSnapshot | None:
        """The snapshot of a revision; ``None`` when it is not here."""
        repo = self._repo(repo_id)
        commit = self._commit(repo, revision) if repo else None
        if not (repo and commit and (repo / "snapshots" / commit).is_dir()):
            return None
        return CacheSnapshot(repo, commit, revision, repo_id, self.folder)

    def file(self, repo_id: str, commit: str, entry: Entry) -> Path | None:
        """A file of a commit, when the cache has it under the very name of its content."""
        repo = self._repo(repo_id)
        name = entry.sha256 or entry.blob_id
        if not (repo and name):
            return None
        try:
            blob = (repo / "snapshots" / commit / entry.path).readlink()
            path = repo / "blobs" / name
            same = blob.name == name and path.stat().st_size == entry.size
            inside = path.resolve().is_relative_to(self.folder.resolve())
        except OSError:
            return None
        return path if same and inside else None

    def _repo(self, repo_id: str) -> Path | None:
        if not is_repo_id(repo_id):
            return None
        repo = self.folder / f"models--{repo_id.replace('/', '--')}"
        return repo if repo.is_dir() else None

    @staticmethod
    def _commit(repo: Path, revision: str | None) -> str | None:
        revision = revision or "main"
        if _COMMIT.fullmatch(revision):
            return revision
        ref = repo / "refs" / revision
        try:
            if ref.resolve().is_relative_to((repo / "refs").resolve()):
                commit = ref.read_bytes()[:64].decode("ascii", "replace").strip()
                if _COMMIT.fullmatch(commit):
                    return commit
        except (OSError, ValueError):
            pass  # no such reference
        try:
            names = [p.name for p in (repo / "snapshots").iterdir()]
        except OSError:
            return None
        found = [n for n in names if len(revision) >= 7 and n.startswith(revision)]
        return found[0] if len(found) == 1 else None

    @staticmethod
    def snapshot_at(path: Path) -> LocalFolder | None:
        """A folder that is a snapshot of a cache, as the folder that the user pointed at."""
        full = path.resolve()
        match = re.fullmatch(r"models--(.+?)--(.+)", full.parent.parent.name)
        if not (match and full.parent.name == "snapshots" and _COMMIT.fullmatch(full.name)):
            return None
        return _PointedSnapshot(full, f"{match[1]}/{match[2]}")


class CacheSnapshot(LocalFolder):
    """One commit, as far as it was downloaded.

    Args:
        repo: ``models--org--name``.
        commit: 40 hex digits.
        revision: what was asked for.
        repo_id: ``org/name``.
        top: the cache folder; its links lead to blobs in it.
    """

    def __init__(
        self, repo: Path, commit: str, revision: str | None, repo_id: str, top: Path
    ) -> None:
        root = repo / "snapshots" / commit
        super().__init__(root, repo_id, top=top)
        self._identity = Identity(repo_id, str(root), revision, commit)
        self._repo = repo
        self._tree = _read_tree(repo / "trees" / f"{commit}.json")
        self._absent = repo / ".no_exist" / commit

    @property
    def pinned(self) -> bool:
        """Whether this is all that the Hub could tell: a commit was asked for, its list is here."""
        return self._tree is not None and self._identity.revision == self._identity.commit

    def entries(self) -> Mapping[str, Entry]:
        """The whole file list, when the cache has it; ``present`` says what was downloaded.

        Raises:
            Offline: the cache does not tell which files the repository has.
        """
        if self._tree is None:
            raise Offline(
                f"the Hugging Face cache has some files of {self._identity.repo_id}, "
                "but not the list of all",
                remedy=_FETCH,
            )
        here = self._here()
        return {path: here.get(path, entry) for path, entry in self._tree.items()}

    def entry(self, path: str) -> Entry:
        """One file, known to be there, known to be absent, or not known.

        Raises:
            NotFound: the repository has no such file.
            Offline: the cache does not tell.
        """
        here = self._here()
        if path in here:
            return here[path]
        if self._tree is not None and path in self._tree:
            raise Offline(f"{path} is not in the Hugging Face cache", remedy=_FETCH)
        if self._tree is not None or os.path.lexists(self._absent / path):
            raise NotFound(f"{path} is not in {self._identity.repo_id}")
        raise Offline(
            f"whether {self._identity.repo_id} has {path} is not in the Hugging Face cache",
            remedy=_FETCH,
        )

    def _here(self) -> Mapping[str, Entry]:
        try:
            return super().entries()
        except NotFound:
            return {}


class _PointedSnapshot(LocalFolder):
    """A snapshot folder that the user named: what is in it is what is checked."""

    def __init__(self, root: Path, repo_id: str) -> None:
        super().__init__(root, repo_id, top=root.parent.parent.parent)
        self._identity = Identity(repo_id, str(root), root.name, root.name)


def _read_tree(path: Path) -> dict[str, Entry] | None:
    """The file list that huggingface_hub wrote (``_tree_cache.py``, format 1)."""
    try:
        if path.stat().st_size > MAX_TREE:
            return None
        data = json.loads(path.read_bytes())
        if data["format_version"] != 1:
            return None
        return {
            name: Entry(
                name,
                int(row["size"]),
                str(row["blob_id"]),
                str(row["lfs_sha256"]) if "lfs_sha256" in row else None,
                present=False,
            )
            for name, row in sorted(data["files"].items())
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None  # as good as absent: the Hub is asked


def _default() -> Path:
    """As huggingface_hub finds it (``constants.py``)."""
    env = os.environ
    home = env.get("HF_HOME") or str(Path(env.get("XDG_CACHE_HOME") or "~/.cache") / "huggingface")
    folder = env.get("HF_HUB_CACHE") or env.get("HUGGINGFACE_HUB_CACHE") or str(Path(home) / "hub")
    return Path(os.path.expandvars(folder)).expanduser()
