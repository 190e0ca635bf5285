"""A repository on the Hub, pinned to one commit."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from cardlint.errors import AccessDenied, Malformed, OverBudget, Unavailable
from cardlint.source.cache import HubCache
from cardlint.source.hub.client import Asked, Client
from cardlint.source.hub.content import Content
from cardlint.source.hub.refusals import disabled
from cardlint.source.interface import (
    Commit,
    Entry,
    History,
    Identity,
    Range,
    Source,
    is_repo_id,
)
from cardlint.source.limits import Limits, Usage
from cardlint.source.local import MAX_FILES, read_file
from cardlint.source.store import Store

MAX_IN_GIT = 16 << 20
"""Bytes of a file kept in git itself that is fetched whole; the Hub sends larger ones to LFS."""
RELATIONS = ("finetune", "merge", "adapter", "quantized")
"""The Hub's own words (hub-docs, "Model cards", base model)."""
PAGE = 100
_COMMIT = re.compile(r"[0-9a-f]{40}")
_NEXT = re.compile(r'<([^<>]{1,4096})>\s*;\s*rel="?next"?')


class Hub:
    """One run's door to a Hub; the sources that it opens share connections, budget and cache.

    Args:
        limits: what the run may cost.
        endpoint: the Hub's address; ``None`` for ``HF_ENDPOINT`` or the public one.
        store: what was fetched before; ``None`` for the usual folder.
        cache: the Hugging Face cache, whose files are used where they are the very same.
    """

    def __init__(
        self,
        limits: Limits,
        endpoint: str | None = None,
        store: Store | None = None,
        cache: HubCache | None = None,
    ) -> None:
        self.client = Client(limits, endpoint)
        self.store = store or Store()
        self.cache = cache or HubCache()
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
        fields = urlencode([("expand", f) for f in ("sha", "disabled", "gated", "private")])
        what = f"revision {revision}" if revision else "the repository"
        info, _ = self.client.json(
            f"/api/models/{quote(repo_id)}{at}?{fields}", Asked(repo_id, what)
        )
        if not isinstance(info, dict) or not _COMMIT.fullmatch(str(info.get("sha"))):
            if isinstance(info, dict) and info.get("disabled"):
                raise disabled(repo_id)
            raise Malformed(f"the Hub names no commit of {repo_id}")
        if info.get("disabled"):
            raise disabled(repo_id)
        real = str(info.get("id"))
        return HubSource(self, real if is_repo_id(real) else repo_id, str(info["sha"]), revision)

    def children(self, repo_id: str, limit: int) -> list[tuple[str, str]]:
        """``(id, relation)`` of the models that declare ``repo_id`` as their base."""
        found: list[tuple[str, str]] = []
        for relation in RELATIONS:
            query = urlencode(
                {
                    "filter": f"base_model:{relation}:{repo_id}",
                    "sort": "downloads",
                    "limit": min(limit, 1000),
                }
            )
            asked = Asked(repo_id, f"the list of its {relation} models")
            rows, _ = self.client.json(f"/api/models?{query}", asked)
            ids = [str(row.get("id")) for row in _rows(rows, asked)]
            found += [(id_, relation) for id_ in ids[:limit] if is_repo_id(id_)]
        return found

    def close(self) -> None:
        """End the readers. The connections are huggingface_hub's own."""
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
        self._content = Content(hub.client, hub.store, repo_id, commit, hub.readers)

    @property
    def identity(self) -> Identity:
        """Repository and commit."""
        return self._identity

    @cached_property
    def _listed(self) -> Mapping[str, Entry] | Unavailable:
        try:
            return dict(sorted((e.path, e) for e in self._tree()))
        except AccessDenied:
            return self._siblings()
        except Unavailable as reason:
            return reason

    def entries(self) -> Mapping[str, Entry]:
        """Every file of the commit, with sizes and hashes."""
        listed = self._listed
        if isinstance(listed, Unavailable):
            raise listed
        return listed

    def _tree(self) -> list[Entry]:
        rows = self._pages(
            f"/api/models/{self._id}/tree/{self._commit}?recursive=true",
            Asked(self._id, "the file list"),
            MAX_FILES,
        )
        return [_entry(row, "path", "oid") for row in rows if row.get("type") == "file"]

    def _siblings(self) -> Mapping[str, Entry] | Unavailable:
        """The file list of a gated repository, which is public where its tree is not."""
        asked = Asked(self._id, "the file list")
        path = f"/api/models/{self._id}/revision/{self._commit}?blobs=true"
        try:
            info, _ = self._hub.client.json(path, asked)
            rows = _rows(info.get("siblings") if isinstance(info, dict) else None, asked)
            entries = [_entry(row, "rfilename", "blobId") for row in rows]
        except Unavailable as reason:
            return reason
        return dict(sorted((e.path, e) for e in entries))

    def _pages(self, path: str, asked: Asked, limit: int) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        seen: set[str] = set()
        while path not in seen:
            seen.add(path)
            rows, headers = self._hub.client.json(path, asked)
            found += _rows(rows, asked)
            onward = _NEXT.search(headers.get("link", ""))
            if not onward:
                return found
            path = onward[1]
            if not self._hub.client.is_hub(path):
                raise Malformed(f"{asked.what} of {self._id} goes on at another address")
            if len(found) > limit:
                raise OverBudget(f"{asked.what} of {self._id} has more than {limit:,} entries")
        raise Malformed(f"{asked.what} of {self._id} goes on in a circle")

    def read_ranges(self, ranges: Sequence[Range]) -> list[bytes]:
        """From the Hugging Face cache, the store of this program, or the Hub, in this order."""
        results: list[bytes] = [b""] * len(ranges)
        remote: list[int] = []
        wanted: list[tuple[Entry, Range]] = []
        whole: dict[str, bytes] = {}
        for index, r in enumerate(ranges):
            entry = self.check(r)
            file = self._cached(entry)
            if file:
                results[index] = read_file(file, self._hub.cache.folder, r)
            elif entry.sha256 is None and entry.size <= MAX_IN_GIT:
                if r.path not in whole:
                    whole[r.path] = self._content.whole(entry)
                results[index] = whole[r.path][r.offset : r.offset + r.length]
            else:
                remote.append(index)
                wanted.append((entry, r))
        for index, data in zip(remote, self._content.ranges(wanted), strict=True):
            results[index] = data
        return results

    def _cached(self, entry: Entry) -> Path | None:
        return self._hub.cache.file(self._id, self._commit, entry)

    def history(self, limit: int | None = None) -> History:
        """The commits that led here; the Hub does not tell parents."""
        asked = Asked(self._id, "the list of commits")
        found: list[Commit] = []
        page = min(limit or PAGE, PAGE)
        path = f"/api/models/{self._id}/commits/{self._commit}?limit={page}"
        seen: set[str] = set()
        total = ""
        while path and path not in seen and (limit is None or len(found) < limit):
            seen.add(path)
            try:
                rows, headers = self._hub.client.json(path, asked)
            except OverBudget as reason:
                if not found:
                    raise
                return History(tuple(found), complete=False, why_incomplete=reason.message)
            found += [_commit(row) for row in _rows(rows, asked)]
            total = headers.get("x-total-count", total)
            onward = _NEXT.search(headers.get("link", ""))
            path = onward[1] if onward and self._hub.client.is_hub(onward[1]) else ""
        kept = tuple(found[:limit])
        whole = not path and len(kept) == len(found)
        if total.isdigit() and len(kept) < int(total):
            whole = False
        why = None if whole else f"{len(kept):,} of {total or 'more'} commits were read"
        return History(kept, complete=whole, why_incomplete=why)

    def at(self, revision: str) -> Source:
        """The same repository at another revision; a whole commit id costs no request."""
        if _COMMIT.fullmatch(revision):
            return HubSource(self._hub, self._id, revision, revision)
        return self._hub.open(self._id, revision)


def _rows(rows: Any, asked: Asked) -> list[dict[str, Any]]:
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise Malformed(f"the Hub's answer on {asked.what} of {asked.repo_id} is no list")
    return rows


def _entry(row: Mapping[str, Any], path: str, blob: str) -> Entry:
    """A row of the tree, or of the siblings.

    Raises:
        Malformed: it lacks a field.
    """
    try:
        lfs = row.get("lfs") or {}
        sha256 = lfs.get("oid") or lfs.get("sha256")
        return Entry(
            path=str(row[path]),
            size=int(lfs.get("size", row["size"])),
            blob_id=str(row[blob]),
            sha256=str(sha256) if sha256 else None,
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Malformed(f"the Hub's file list has an entry without {error}") from error


def _commit(row: Mapping[str, Any]) -> Commit:
    try:
        date = datetime.fromisoformat(str(row["date"]))
        authors = row.get("authors") or []
        return Commit(
            id=str(row["id"]),
            date=date.astimezone(UTC) if date.tzinfo else date.replace(tzinfo=UTC),
            title=str(row.get("title", "")),
            message=str(row.get("message", "")),
            authors=tuple(str(a.get("user")) for a in authors if isinstance(a, dict)),
        )
    except (KeyError, ValueError, TypeError) as error:
        raise Malformed(f"the Hub's list of commits has an entry without {error}") from error
