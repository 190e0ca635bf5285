"""A git repository on this disk, bare or with a work tree, read with dulwich.

``git`` is never run, and nothing of the repository's configuration, hooks, attributes, alternates
or replace refs is believed: they are a stranger's.

A *work tree* without a revision is its files on disk as they are, with the history of ``HEAD``; its
identity has no commit, because what is on disk need not be what was committed. Everything else is a
:class:`GitCommit`: the tree of one commit, never the disk.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from cardlint.errors import Malformed, NotFound, OverBudget, Unavailable
from cardlint.source.git_objects import MEND, ObjectStore
from cardlint.source.git_refs import Refs
from cardlint.source.git_tree import Files, parse_commit
from cardlint.source.interface import Commit, Entry, History, Identity, Range, Source
from cardlint.source.lfs import NOT_HERE, LfsStore, Pointer
from cardlint.source.local import LocalFolder, read_file

MAX_BLOB = 256 << 20
"""Bytes of a file stored in git itself (not in LFS) that are read at most: git has no partial read."""
MAX_COMMIT = 1 << 20
MAX_COMMITS = 50_000


@contextmanager
def _guard(what: str) -> Iterator[None]:
    """Whatever breaks on a stranger's bytes is one thing to the user: it cannot be read."""
    try:
        yield
    except Unavailable:
        raise
    except Exception as error:  # a damaged file leads dulwich into any of thirty kinds
        raise Malformed(
            f"the git repository {what} is damaged: {type(error).__name__}: {error}", remedy=MEND
        ) from error


def is_git(folder: Path) -> bool:
    """Whether a folder is a git folder: a bare repository, or the ``.git`` of a work tree."""
    return (folder / "HEAD").is_file() and (folder / "objects").is_dir()


def _refuse_links(folder: Path, shown: Path) -> None:
    """Refuse a git folder whose objects are elsewhere: nothing outside the folder is read.

    Raises:
        Malformed: they are.
    """
    top = shown.resolve()
    with _guard(str(shown)):
        objects = folder / "objects"
        places = [folder, objects, objects / "pack", *objects.iterdir()]
        for place in places:
            if not place.resolve().is_relative_to(top):
                raise Malformed(
                    f"the git objects of {shown} are outside of it: {place} is a link",
                    remedy="Point cardlint at the repository that holds them, or clone it.",
                )


class Git:
    """An opened repository; all the commits that are read from it share it and what it remembers.

    Args:
        folder: the git folder (``.git``, or a bare repository).
        shown: how the user knows it.
    """

    def __init__(self, folder: Path, shown: Path) -> None:
        self.folder = folder
        self.shown = shown
        _refuse_links(folder, shown)
        self.refs = Refs(folder)
        self.objects = ObjectStore(folder / "objects")
        self.lfs = LfsStore(folder)
        self._files = Files(self.objects)
        self._commits: dict[str, tuple[Commit, str]] = {}
        self._blob: tuple[str, bytes] = ("", b"")

    def resolve(self, revision: str | None) -> str:
        """The commit (40 hex digits) that a branch, tag, or full or short commit id stands for.

        Raises:
            NotFound: there is none, or more than one.
            Malformed: the repository is damaged.
        """
        with _guard(str(self.shown)):
            id_ = self.refs.find(revision)
            if id_ is None and revision is not None:
                id_ = self._by_prefix(revision.lower())
            if id_ is None:
                what = f"no revision {revision}" if revision else "no commit yet"
                raise NotFound(
                    f"{self.shown} has {what}",
                    remedy="Give a branch, a tag or a commit id: `git log --all` lists them.",
                )
            return self._peel(id_)

    def _by_prefix(self, text: str) -> str | None:
        if not (4 <= len(text) <= 40 and set(text) <= set("0123456789abcdef")):
            return None
        found = [i for i in self.objects.with_prefix(text) if self._kind(i) in {"commit", "tag"}]
        if len(found) > 1:
            raise NotFound(
                f"{text} begins {len(found)} commits of {self.shown}: {', '.join(found[:3])}",
                remedy="Give more digits of the commit id.",
            )
        return found[0] if found else None

    def _kind(self, id_: str) -> str:
        return self.objects.measure(id_).kind

    def _peel(self, id_: str) -> str:
        for _ in range(8):
            kind = self._kind(id_)
            if kind == "commit":
                return id_
            if kind != "tag":
                break
            line = self.objects.read(id_, "tag", MAX_COMMIT).partition(b"\n")[0]
            id_ = line.decode("ascii").removeprefix("object ")
        raise Malformed(f"{id_} of {self.shown} is no commit", remedy="Give a commit.")

    def commit(self, id_: str) -> tuple[Commit, str]:
        """A commit, and the id of its tree."""
        if id_ not in self._commits:
            with _guard(str(self.shown)):
                data = self.objects.read(id_, "commit", MAX_COMMIT)
                self._commits[id_] = parse_commit(id_, data)
        return self._commits[id_]

    def has(self, commit: str) -> bool:
        """Whether a commit is here."""
        try:
            self.commit(commit)
        except NotFound:
            return False
        return True

    def files(self, commit: str) -> tuple[Mapping[str, Entry], Mapping[str, str]]:
        """The files of a commit, and what in its tree is not one and why."""
        tree = self.commit(commit)[1]
        with _guard(str(self.shown)):
            return self._files.of(tree)

    def blob(self, id_: str) -> bytes:
        """The content of a file stored in git; the last one is remembered."""
        if self._blob[0] != id_:
            with _guard(str(self.shown)):
                self._blob = (id_, self.objects.read(id_, "blob", MAX_BLOB))
        return self._blob[1]

    def history(self, start: str, limit: int | None) -> History:
        """Commits reachable from ``start``, newest first, a parent never before its child."""
        import heapq

        bound = min(limit if limit is not None else MAX_COMMITS, MAX_COMMITS)
        found: list[Commit] = []
        why: str | None = None
        seen = {start}
        waiting = [(0.0, 0, start)]
        while waiting:
            if len(found) == bound:
                why = f"only the newest {bound:,} commits were read"
                break
            _, _, id_ = heapq.heappop(waiting)
            try:
                commit, _ = self.commit(id_)
            except NotFound:
                if not found:
                    raise
                why = "older commits are not in this clone (it is shallow)"
                continue
            found.append(commit)
            for parent in commit.parents or ():
                if parent not in seen:
                    seen.add(parent)
                    heapq.heappush(waiting, (self._when(parent), len(seen), parent))
        return History(tuple(found), complete=why is None, why_incomplete=why)

    def _when(self, id_: str) -> float:
        """Sorts the newest first; what is not here comes last."""
        try:
            return -self.commit(id_)[0].date.timestamp()
        except NotFound:
            return float("inf")

    def close(self) -> None:
        """Let go of the packs."""
        self.objects.close()


class GitCommit(Source):
    """The tree of one commit.

    Args:
        git: the opened repository, shared.
        revision: what was asked for; ``None`` is ``HEAD``.
        repo_id: ``org/name``, where the repository stands for a Hub repository.
    """

    def __init__(self, git: Git, revision: str | None = None, repo_id: str | None = None) -> None:
        self.git = git
        commit = git.resolve(revision)
        self._commit = commit
        self._identity = Identity(repo_id, str(git.shown), revision, commit)
        self._entries: Mapping[str, Entry] | None = None

    @property
    def identity(self) -> Identity:
        """Repository and commit."""
        return self._identity

    @property
    def skipped(self) -> Mapping[str, str]:
        """Submodules, symbolic links and unusable names."""
        return self.git.files(self._commit)[1]

    def entries(self) -> Mapping[str, Entry]:
        """The files of the commit; LFS pointers stand for what they point to."""
        if self._entries is None:
            files = self.git.files(self._commit)[0]
            self._entries = {path: self._with_content(entry) for path, entry in files.items()}
        return self._entries

    def _with_content(self, entry: Entry) -> Entry:
        """The entry of an LFS file, present when its content is in the LFS store."""
        if entry.sha256 is None or not self._here(entry):
            return entry
        return replace(entry, present=True)

    def _here(self, entry: Entry) -> Path | None:
        return self.git.lfs.find(Pointer(entry.sha256 or "", entry.size))

    def read_ranges(self, ranges: Sequence[Range]) -> list[bytes]:
        """From the blob, or from the LFS store for what is kept there."""
        order = sorted(range(len(ranges)), key=lambda i: ranges[i].path)
        results: list[bytes] = [b""] * len(ranges)
        for index in order:
            results[index] = self._read(ranges[index])
        return results

    def _read(self, wanted: Range) -> bytes:
        entry = self.check(wanted)
        if entry.sha256:
            file = self._here(entry)
            if not file:
                raise NotFound(
                    f"{wanted.path} is kept in git-LFS; its {entry.size:,} bytes are not here",
                    remedy=NOT_HERE,
                )
            return read_file(file, self.git.folder, wanted)
        if entry.size > MAX_BLOB:
            raise OverBudget(
                f"{wanted.path} has {entry.size:,} bytes in git; at most {MAX_BLOB:,} are read",
                remedy="Keep it in git-LFS, or check the work tree.",
            )
        data = self.git.blob(entry.blob_id or "")
        return data[wanted.offset : wanted.offset + wanted.length]

    def history(self, limit: int | None = None) -> History:
        """The commits that led here."""
        return self.git.history(self._commit, limit)

    def at(self, revision: str) -> Source:
        """The same repository at another revision; what was read of it is shared."""
        return GitCommit(self.git, revision, self._identity.repo_id)

    def close(self) -> None:
        """Let go of the packs."""
        self.git.close()


class LinkedWorkTree(LocalFolder):
    """A folder whose ``.git`` is a file or a link: its history is elsewhere, and is not followed."""

    def history(self, limit: int | None = None) -> History:  # noqa: ARG002  # there is none
        """None that is here.

        Raises:
            Malformed: always.
        """
        raise Malformed(
            f"the history of {self.root} is kept outside of it (.git is not a folder)",
            remedy="Point cardlint at the main repository, or at a clone of it.",
        )


class WorkTree(LocalFolder):
    """A folder with a ``.git`` folder: files as they are on disk, history of ``HEAD``."""

    def __init__(self, root: Path, repo_id: str | None = None) -> None:
        self.git = Git(root / ".git", root)
        super().__init__(root, repo_id, lfs=self.git.lfs)

    def history(self, limit: int | None = None) -> History:
        """The commits that led to ``HEAD``; what is on disk may be newer."""
        return self.git.history(self.git.resolve(None), limit)

    def at(self, revision: str) -> Source:
        """The tree of a commit, instead of the disk."""
        return GitCommit(self.git, revision, self.identity.repo_id)

    def close(self) -> None:
        """Let go of the packs."""
        self.git.close()
