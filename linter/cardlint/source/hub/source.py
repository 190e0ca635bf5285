"""A repository on the Hub, pinned to one commit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote, urlencode

from cardlint.errors import Malformed, NotFound, Unavailable
from cardlint.source.cache import HubCache
from cardlint.source.git import Git
from cardlint.source.hub import archive, listing
from cardlint.source.hub.client import Asked, Client
from cardlint.source.hub.content import Content
from cardlint.source.hub.refusals import disabled
from cardlint.source.interface import Downloads, Entry, History, Identity, Range, Source, is_repo_id
from cardlint.source.limits import Limits, Usage
from cardlint.source.local import read_file
from cardlint.source.store import Store

MAX_IN_GIT = 16 << 20
"""Bytes of a file kept in git itself that is fetched whole; the Hub sends larger ones to LFS."""
WITHOUT_GIT = 50
"""Commits that are told where git does not send the history."""


class Hub:
    """One run's door to a Hub; the sources that it opens share connections, budget and cache.

    Args:
        limits: what the run may cost.
        store: what was fetched before.
        cache: the Hugging Face cache, whose files are used where they are the very same.
        endpoint: the Hub's address; ``None`` for ``HF_ENDPOINT`` or the public one.
    """

    def __init__(
        self, limits: Limits, store: Store, cache: HubCache, endpoint: str | None = None
    ) -> None:
        self.client = Client(limits, endpoint)
        self.store = store
        self.cache = cache
        self._archives: dict[tuple[str, str], Git] = {}
        self.readers = ThreadPoolExecutor(limits.readers, "cardlint-reader")

    @property
    def usage(self) -> Usage:
        """What was spent so far."""
        return self.client.usage

    def open(self, repo_id: str, revision: str | None = None) -> HubSource:
        """Pin a repository to the commit that a revision stands for now.

        Raises:
            Unavailable: it cannot be had, and why.
        """
        at = f"/revision/{quote(revision, safe='')}" if revision else ""
        fields = urlencode([("expand", field) for field in listing.DESCRIPTION])
        what = f"revision {revision}" if revision else "the description"
        asked = Asked(repo_id, what, opening=True)
        info, headers = self.client.json(f"/api/models/{quote(repo_id)}{at}?{fields}", asked)
        if not isinstance(info, dict):
            raise Malformed(f"the Hub's description of {repo_id} is no object")
        if info.get("disabled"):
            raise disabled(repo_id)
        commit, real = str(info.get("sha")), str(info.get("id"))
        if not listing.COMMIT.fullmatch(commit):
            raise Malformed(f"the Hub names no commit of {repo_id}")
        source = HubSource(self, real if is_repo_id(real) else repo_id, commit, revision)
        source.said = listing.downloads(info, headers.get("date", ""))
        return source

    def children(self, repo_id: str, limit: int) -> list[tuple[str, str]]:
        """``(id, relation)`` of the models that declare ``repo_id`` as their base."""
        return listing.children(self.client, repo_id, limit)

    def dataset(self, repo_id: str) -> None:
        """Ask whether there is a data set of this id; raises ``NotFound`` where there is none."""
        listing.dataset(self.client, repo_id)

    def archive(self, repo_id: str, commit: str) -> Git:
        """All that leads to a commit, fetched with git; once in a run.

        Raises:
            Unavailable: it cannot be had in this way.
        """
        if (repo_id, commit) not in self._archives:
            self._archives[repo_id, commit] = archive.fetch(
                self.client, self.store, repo_id, commit
            )
        return self._archives[repo_id, commit]

    def close(self) -> None:
        """End the readers, remove what was fetched for this run only.

        The connections are huggingface_hub's own.
        """
        for git in self._archives.values():
            git.close()
        self._archives.clear()
        self.readers.shutdown(wait=False, cancel_futures=True)


class HubSource(Source):
    """One repository at one commit.

    Args:
        hub: the open door.
        repo_id: its present id; a renamed repository has another than was asked for.
        commit: 40 hex digits.
        revision: what was asked for.
    """

    def __init__(self, hub: Hub, repo_id: str, commit: str, revision: str | None) -> None:
        self._hub = hub
        self._identity = Identity(repo_id, f"{hub.client.site}/{repo_id}", revision, commit)
        self._commit = commit
        self._id = repo_id
        self._entries: Mapping[str, Entry] | None = None
        self._archive: Git | None = None
        """Where the commits of the history are, once it was asked for."""
        self.said: Downloads | None = None
        """What the description said of downloads, where the repository was opened by its name."""
        self._content = Content(hub.client, hub.store, repo_id, commit, hub.readers)

    @property
    def identity(self) -> Identity:
        """Repository and commit."""
        return self._identity

    @property
    def downloads(self) -> Downloads | None:
        """Counted by the Hub, told when the repository was opened."""
        return self.said

    def entries(self) -> Mapping[str, Entry]:
        """Every file of the commit, with sizes and hashes."""
        if self._entries is None:
            hub = self._hub
            here = self.tracked() if self._archive else {}
            if here and all(e.present for e in here.values()):
                self._entries = here
            else:  # there is none, or a file was too large to be sent with it
                self._entries = listing.files(hub.client, hub.store, self._id, self._commit)
        return self._entries

    def tracked(self) -> Mapping[str, Entry]:
        """What the history that was fetched says of the commit; else the whole list."""
        if self._archive is None:
            return self.entries()
        files = self._archive.files(self._commit)[0]  # the Hub has what a pointer stands for
        return {p: replace(e, present=True) if e.sha256 else e for p, e in files.items()}

    def entry(self, path: str) -> Entry:
        """One file's entry; one that came with the history costs no list."""
        if self._entries is None and self._archive:
            known = self.tracked().get(path)
            if known and known.present:
                return known
        return super().entry(path)

    def read_ranges(self, ranges: Sequence[Range]) -> list[bytes]:
        """From the Hugging Face cache, the store of this program, or the Hub, in this order."""
        results: list[bytes] = [b""] * len(ranges)
        remote: list[int] = []
        wanted: list[tuple[Entry, Range]] = []
        files: dict[str, Path | bytes | None] = {}
        for index, r in enumerate(ranges):
            entry = self.check(r)
            if r.path not in files:
                files[r.path] = self._here(entry)
            here = files[r.path]
            if isinstance(here, Path):
                results[index] = read_file(here, self._hub.cache.folder, r)
            elif here is not None:
                results[index] = here[r.offset : r.offset + r.length]
            else:
                remote.append(index)
                wanted.append((entry, r))
        for index, data in zip(remote, self._content.ranges(wanted), strict=True):
            results[index] = data
        return results

    def _here(self, entry: Entry) -> Path | bytes | None:
        """A file that the Hugging Face cache has, or that is better fetched whole."""
        cached = self._hub.cache.file(self._id, self._commit, entry)
        if cached or entry.sha256 or entry.size > MAX_IN_GIT:
            return cached
        if self._archive:
            with suppress(NotFound):  # too large to have been sent with the history
                return self._archive.blob(entry.blob_id or "")
        return self._content.whole(entry)

    def history(self, limit: int | None = None) -> History:
        """The commits that led here: git's own, with parents, in two requests.

        The commits that are opened from here by :meth:`at` then cost nothing for file ids and small
        files. Where git is not served, the Hub's list is taken, which does not tell parents; each
        of its commits costs a list of files, so only the newest :data:`WITHOUT_GIT` are told.
        """
        try:
            self._archive = self._hub.archive(self._id, self._commit)
        except Unavailable as reason:
            few = min(limit or WITHOUT_GIT, WITHOUT_GIT)
            found = listing.history(self._hub.client, self._id, self._commit, few)
            if found.complete or few == limit:
                return found
            why = f"{found.why_incomplete}, because git did not send them all: {reason.message}"
            return replace(found, why_incomplete=why)
        return self._archive.history(self._commit, limit)

    def at(self, revision: str) -> Source:
        """The same repository at another revision; a whole commit id costs no request."""
        if revision == self._commit:
            return self
        if listing.COMMIT.fullmatch(revision):
            source = HubSource(self._hub, self._id, revision, revision)
            if self._archive and self._archive.has(revision):
                source._archive = self._archive  # of the same class
            return source
        return self._hub.open(self._id, revision)
