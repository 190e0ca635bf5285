"""Bytes of files on the Hub: each file is resolved once, its signed address is used until it expires."""

from __future__ import annotations

import hashlib
import re
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote

from cardlint.errors import Malformed, NotFound, Unreachable
from cardlint.source.hub.client import RETRY, Asked, Client, TryAgain
from cardlint.source.interface import Entry, Range
from cardlint.source.store import Store

if TYPE_CHECKING:
    from cardlint.source.hub.library import httpx

SIGNED_FOR = 50 * 60.0
"""Seconds that a signed address is used for; the Hub signs for about an hour."""
GAP = 4096
"""Bytes between two ranges that are read along rather than asked for apart."""
MAX_JOINED = 1 << 20
"""Bytes of one request that was made of several ranges."""
_CONTENT_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18})")


@dataclass(slots=True)
class _Address:
    """Where the content of a file is at present."""

    url: str = ""
    until: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)


class Content:
    """The files of one repository at one commit.

    Args:
        client: the connection.
        store: what was fetched before.
        repo_id: ``org/name``.
        commit: 40 hex digits.
        readers: threads that read at once, shared by the run.
    """

    def __init__(
        self, client: Client, store: Store, repo_id: str, commit: str, readers: ThreadPoolExecutor
    ) -> None:
        self._client = client
        self._store = store
        self._repo_id = repo_id
        self._commit = commit
        self._readers = readers
        self._addresses: dict[str, _Address] = {}
        self._lock = threading.Lock()

    def whole(self, entry: Entry) -> bytes:
        """A small file kept in git itself, in one request, held against its git id.

        Raises:
            Unavailable: it cannot be had.
        """
        key = f"blob:{entry.blob_id}"
        known = self._store.get(key) if entry.blob_id else None
        if known is not None:
            self._client.usage.add(cached=len(known))
            return known
        asked = Asked(self._repo_id, entry.path)
        url = self._url("raw", entry.path)

        def once() -> bytes:
            with self._client.following(url, {}, asked) as response:
                data = self._client.body(response, asked, entry.size, entry.size)
            if entry.blob_id and _git_id(data) != entry.blob_id:
                raise TryAgain(Malformed(f"{entry.path} came with other content than its git id"))
            return data

        try:
            data = self._client.trying(asked, once)
        except (NotFound, Malformed):  # a mirror need not serve files in this way
            data = self._read(entry, 0, entry.size) if entry.size else b""
            if entry.blob_id and _git_id(data) != entry.blob_id:
                raise
        if entry.blob_id:
            self._store.put(key, data)
        return data

    def ranges(self, wanted: Sequence[tuple[Entry, Range]]) -> list[bytes]:
        """Many ranges of files, several at once.

        Raises:
            Unavailable: one of them cannot be had; the first reason.
        """
        results: list[bytes | None] = [self._known(entry, r) for entry, r in wanted]
        missing = [i for i, data in enumerate(results) if data is None]
        joined = list(_join(missing, wanted))
        if len(joined) > 1:  # else a file's readers would all wait for its one address
            files = {wanted[ix[0]][0].path: wanted[ix[0]][0] for ix in joined}
            list(self._readers.map(self._prepare, files.values()))
        for indexes, part in zip(
            joined, self._readers.map(lambda ix: self._fetch(ix, wanted), joined), strict=True
        ):
            for index, data in zip(indexes, part, strict=True):
                results[index] = data
        return [data if data is not None else b"" for data in results]

    def _known(self, entry: Entry, wanted: Range) -> bytes | None:
        if wanted.length == 0:
            return b""
        data = self._store.get(_key(entry, wanted)) if entry.sha256 else None
        if data is None or len(data) != wanted.length:
            return None
        self._client.usage.add(cached=len(data))
        return data

    def _fetch(self, indexes: Sequence[int], wanted: Sequence[tuple[Entry, Range]]) -> list[bytes]:
        """One request for ranges of one file that lie close together."""
        entry = wanted[indexes[0]][0]
        start = wanted[indexes[0]][1].offset
        end = max(wanted[i][1].offset + wanted[i][1].length for i in indexes)
        data = self._read(entry, start, end - start)
        parts = []
        for index in indexes:
            r = wanted[index][1]
            part = data[r.offset - start : r.offset - start + r.length]
            if entry.sha256:
                self._store.put(_key(entry, r), part)
            parts.append(part)
        return parts

    def _read(self, entry: Entry, start: int, length: int) -> bytes:
        asked = Asked(self._repo_id, entry.path)
        expired = 0

        def once() -> bytes:
            nonlocal expired
            url = self._resolve(entry)
            header = {"range": f"bytes={start}-{start + length - 1}"}
            with self._client.send(url, header, asked) as response:
                status = response.status_code
                if status in {401, 403, 416} and expired == 0:
                    expired += 1
                    self._forget(entry, url)
                    again = self._resolve(entry)
                    with self._client.send(again, header, asked) as second:
                        return self._checked(second, entry, start, length)
                return self._checked(response, entry, start, length)

        try:
            return self._client.trying(asked, once)
        except NotFound as reason:  # the list says that it is there: not the same as missing
            raise Malformed(
                f"{entry.path} is in the file list of {self._repo_id}, and the Hub does not have it",
                remedy="Try again: it may have been removed just now.",
            ) from reason

    def _checked(self, response: httpx.Response, entry: Entry, start: int, length: int) -> bytes:
        """The body of an answer to a range request, if it is one."""
        status = response.status_code
        name = f"{entry.path} of {self._repo_id}"
        if status in RETRY:
            reason = Unreachable(f"the content host answers {status} for {name}")
            raise TryAgain(reason, response.headers)
        if status == 200:  # the whole file is coming: dropped unread
            raise TryAgain(Malformed(f"the content host sends all of {name} instead of a range"))
        if status != 206:
            raise Unreachable(
                f"the content host answers {status} for {name}, also with a new address",
                remedy="Try again later.",
            )
        match = _CONTENT_RANGE.fullmatch(response.headers.get("content-range", ""))
        asked_for = (start, start + length - 1, entry.size)
        if not match or tuple(map(int, match.groups())) != asked_for:
            raise TryAgain(Malformed(f"the content host sends another range of {name}"))
        return self._client.body(response, Asked(self._repo_id, entry.path), length, length)

    def _prepare(self, entry: Entry) -> None:
        """Find the address of a file before its ranges are read."""
        asked = Asked(self._repo_id, entry.path)
        self._client.trying(asked, lambda: self._resolve(entry))

    def _resolve(self, entry: Entry) -> str:
        """The address of the content: signed, or the Hub's own where it keeps the content itself."""
        with self._lock:
            address = self._addresses.setdefault(entry.path, _Address())
        with address.lock:
            if time.monotonic() > address.until:
                address.url = self._locate(entry)
                address.until = time.monotonic() + SIGNED_FOR
            return address.url

    def _locate(self, entry: Entry) -> str:
        asked = Asked(self._repo_id, entry.path)
        first = self._url("resolve", entry.path)
        with self._client.following(first, {"range": "bytes=0-0"}, asked, leave=False) as response:
            onward = self._client.onward(response)
            linked = response.headers.get("x-linked-size")
            etag = response.headers.get("x-linked-etag", "").strip('"')
            if (linked and linked != str(entry.size)) or (
                entry.sha256 and re.fullmatch("[0-9a-f]{64}", etag) and etag != entry.sha256
            ):
                raise Malformed(f"{entry.path} of {self._repo_id} is not what its file list says")
            return onward or str(response.url)

    def _forget(self, entry: Entry, url: str) -> None:
        address = self._addresses[entry.path]
        with address.lock:
            if address.url == url:  # else another reader was quicker
                address.until = 0.0

    def _url(self, kind: str, path: str) -> str:
        return f"{self._client.site}/{self._repo_id}/{kind}/{self._commit}/{quote(path)}"


def _git_id(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def _key(entry: Entry, wanted: Range) -> str:
    return f"range:{entry.sha256}:{wanted.offset}:{wanted.length}"


def _join(indexes: Sequence[int], wanted: Sequence[tuple[Entry, Range]]) -> Iterator[list[int]]:
    """Indexes of ranges that one request can serve, each list in order of offset."""
    run: list[int] = []
    end = 0
    for index in sorted(indexes, key=lambda i: (wanted[i][1].path, wanted[i][1].offset)):
        r = wanted[index][1]
        if run:
            first = wanted[run[0]][1]
            fits = max(end, r.offset + r.length) - first.offset <= MAX_JOINED
            if r.path != first.path or r.offset > end + GAP or not fits:
                yield run
                run, end = [], 0
        run.append(index)
        end = max(end, r.offset + r.length)
    if run:
        yield run
