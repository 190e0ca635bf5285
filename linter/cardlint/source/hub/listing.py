"""The Hub's lists: files, commits, models; page by page, bounded, each row looked at."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeGuard
from urllib.parse import urlencode

from cardlint.errors import AccessDenied, Malformed, OverBudget
from cardlint.source.hub.client import Asked, Client
from cardlint.source.interface import (
    MAX_MESSAGE,
    MAX_TITLE,
    Commit,
    Downloads,
    Entry,
    History,
    is_repo_id,
    shortened,
)
from cardlint.source.local import MAX_FILES
from cardlint.source.store import Store

RELATIONS = ("finetune", "merge", "adapter", "quantized")
"""The Hub's own words (hub-docs, "Model cards", base model)."""
DESCRIPTION = ("sha", "disabled", "gated", "private", "downloads", "downloadsAllTime")
"""What is asked of a repository's description (huggingface_hub, ``ModelInfo``)."""
PAGE = 100
"""Commits asked for at once; the Hub's own JavaScript client asks for as many."""
COMMIT = re.compile(r"[0-9a-f]{40}")
_NEXT = re.compile(r'<([^<>]{1,4096})>\s*;\s*rel="?next"?')

Row = Mapping[str, Any]


def files(client: Client, store: Store, repo_id: str, commit: str) -> Mapping[str, Entry]:
    """Every file of a commit, in order of path. It can never change, so it is asked for once.

    Raises:
        Unavailable: it cannot be had.
    """
    asked = Asked(repo_id, "the file list")
    key = f"tree:{client.site}:{repo_id}:{commit}"
    known = store.get(key)
    if known is not None:
        rows = json.loads(known)
    else:
        try:
            path = f"/api/models/{repo_id}/tree/{commit}?recursive=true"
            rows = [r for r in _pages(client, path, asked) if r.get("type") == "file"]
        except AccessDenied:  # of a gated repository the list is public where the tree is not
            path = f"/api/models/{repo_id}/revision/{commit}?blobs=true"
            info, _ = client.json(path, asked)
            rows = _rows(info.get("siblings") if isinstance(info, dict) else None, asked)
    entries = [_entry(row) for row in rows]
    if known is None:
        store.put(key, json.dumps(rows).encode())
    return {e.path: e for e in sorted(entries, key=lambda e: e.path)}


def history(client: Client, repo_id: str, commit: str, limit: int | None) -> History:
    """The commits that led to one, newest first.

    Raises:
        Unavailable: not even the first page can be had.
    """
    asked = Asked(repo_id, "the list of commits")
    found: list[Commit] = []
    path = f"/api/models/{repo_id}/commits/{commit}?limit={min(limit or PAGE, PAGE)}"
    seen: set[str] = set()
    total = ""
    while path and path not in seen and (limit is None or len(found) < limit):
        seen.add(path)
        try:
            rows, headers = client.json(path, asked)
        except OverBudget as reason:
            if not found:
                raise
            return History(tuple(found), complete=False, why_incomplete=reason.message)
        found += [_commit(row) for row in _rows(rows, asked)]
        total = headers.get("x-total-count", total)
        path = (_onward(client, headers, asked) or "") if rows else ""
    if not found:
        raise Malformed(f"the Hub lists no commit of {repo_id}", remedy="Check a clone of it.")
    kept = tuple(found[:limit])
    whole = (
        not path and len(kept) == len(found) and not (total.isdigit() and len(kept) < int(total))
    )
    why = None if whole else f"{len(kept):,} of {total or 'more'} commits were read"
    return History(kept, complete=whole, why_incomplete=why)


def downloads(info: Row, date: str) -> Downloads | None:
    """What a description says of downloads.

    Args:
        info: the description.
        date: when the Hub said so (RFC 9110, section 6.6.1); today where it gives none.
    """
    month, ever = info.get("downloads"), info.get("downloadsAllTime")
    if not _count(month):
        return None
    try:
        day = parsedate_to_datetime(date).astimezone(UTC).date()
    except (ValueError, OverflowError):
        day = datetime.now(UTC).date()
    return Downloads(month, ever if _count(ever) else None, day)


def _count(value: Any) -> TypeGuard[int]:
    return type(value) is int and 0 <= value < 10**15


def children(client: Client, repo_id: str, limit: int) -> list[tuple[str, str]]:
    """``(id, relation)`` of the models that declare ``repo_id`` as their base.

    Args:
        client: the connection.
        repo_id: the base.
        limit: of each relation, at most; most downloaded first.

    Raises:
        Unavailable: they cannot be had.
    """
    found: list[tuple[str, str]] = []
    for relation in RELATIONS:
        asked = Asked(repo_id, f"the list of its {relation} models")
        tag = f"base_model:{relation}:{repo_id}"
        query = urlencode({"filter": tag, "sort": "downloads", "limit": min(limit, 1000)})
        rows, _ = client.json(f"/api/models?{query}", asked)
        ids = [str(row.get("id")) for row in _rows(rows, asked)]
        found += [(id_, relation) for id_ in ids[:limit] if is_repo_id(id_)]
    return found


def dataset(client: Client, repo_id: str) -> None:
    """Ask whether there is a data set of this id.

    Raises:
        NotFound: there is none, or it is private.
        Unavailable: it is not known.
    """
    fields = urlencode([("expand", "private")])
    client.json(f"/api/datasets/{repo_id}?{fields}", Asked(repo_id, "the data set", opening=True))


def _pages(client: Client, path: str, asked: Asked) -> list[Row]:
    found: list[Row] = []
    seen: set[str] = set()
    while path not in seen:
        seen.add(path)
        rows, headers = client.json(path, asked)
        found += _rows(rows, asked)
        onward = _onward(client, headers, asked)
        if not onward:
            return found
        path = onward
        if not rows:
            raise Malformed(f"{asked.what} of {asked.repo_id} goes on with empty pages")
        if len(found) > MAX_FILES:
            raise OverBudget(f"{asked.what} of {asked.repo_id} has more than {MAX_FILES:,} entries")
    raise Malformed(f"{asked.what} of {asked.repo_id} goes on in a circle")


def _onward(client: Client, headers: Mapping[str, str], asked: Asked) -> str | None:
    """The next page, which must be on the Hub (RFC 8288)."""
    match = _NEXT.search(headers.get("link", ""))
    if match and not client.is_hub(match[1]):
        raise Malformed(f"{asked.what} of {asked.repo_id} goes on at another address")
    return match[1] if match else None


def _rows(rows: Any, asked: Asked) -> list[Row]:
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise Malformed(f"the Hub's answer on {asked.what} of {asked.repo_id} is no list")
    return rows


def _entry(row: Row) -> Entry:
    """A row of the tree, or of the siblings.

    Raises:
        Malformed: it lacks a field.
    """
    try:
        lfs = row.get("lfs") or {}
        sha256 = lfs.get("oid") or lfs.get("sha256")
        blob = row.get("oid") or row["blobId"]
        return Entry(
            path=str(row.get("path") or row["rfilename"]),
            size=int(lfs["size"] if lfs else row["size"]),
            blob_id=str(blob),
            sha256=str(sha256) if sha256 else None,
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Malformed(f"the Hub's file list has an entry that lacks {error}") from error


def _commit_id(row: Row) -> str:
    """It becomes part of addresses, so it must be one."""
    id_ = str(row["id"])
    if not COMMIT.fullmatch(id_):
        raise ValueError("a commit id")
    return id_


def _commit(row: Row) -> Commit:
    try:
        date = datetime.fromisoformat(str(row["date"]))
        authors = row.get("authors") or []
        return Commit(
            id=_commit_id(row),
            date=date.astimezone(UTC) if date.tzinfo else date.replace(tzinfo=UTC),
            title=shortened(str(row.get("title", "")), MAX_TITLE),
            message=shortened(str(row.get("message", "")), MAX_MESSAGE),
            authors=tuple(str(a.get("user")) for a in authors if isinstance(a, dict)),
        )
    except (KeyError, ValueError, TypeError, OverflowError) as error:
        raise Malformed(f"the Hub's list of commits has an entry that lacks {error}") from error
