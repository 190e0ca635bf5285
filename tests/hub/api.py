"""The Hub's HTTP interface, as huggingface_hub and the browser use it.

Shapes and statuses follow huggingface_hub's own parsing and the captures noted in the project's
facts about the Hub (2026-11): pages of 1,000 in trees and of 50 in commits unless asked otherwise,
``X-Error-Code`` on refusals, a code-less 401 for what an anonymous caller may not know of.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote, urlencode

from tests.hub import git_http
from tests.hub.repositories import File, GitRepository, Served
from tests.hub.serving import Reply, Request, ranged

if TYPE_CHECKING:
    from tests.hub.server import HubServer


class Refused(Exception):  # noqa: N818  # an answer, not an error
    """An answer of 400 and more."""

    def __init__(self, status: int, message: str, code: str | None = None) -> None:
        super().__init__(message)
        headers = {"x-error-message": message, "content-type": "application/json; charset=utf-8"}
        if code:
            headers["x-error-code"] = code
        self.reply = Reply(status, headers, json.dumps({"error": message}).encode())


@dataclass(frozen=True, slots=True)
class Place:
    """What a path of the API names."""

    id: str
    verb: str
    rest: list[str]


def answer_json(value: Any, **headers: str) -> Reply:
    """A JSON answer."""
    body = json.dumps(value).encode()
    return Reply(200, {"content-type": "application/json; charset=utf-8", **headers}, body)


class Api:
    """Answers for one test Hub."""

    def __init__(self, hub: HubServer) -> None:
        self.hub = hub

    def answer(self, request: Request) -> Reply:
        """One request to the Hub's own origin."""
        try:
            self._token(request)
            parts = request.path.strip("/").split("/")
            if parts[:2] == ["api", "validate-yaml"]:
                return self._validate(request)
            if parts[:2] == ["api", "models"] and len(parts) == 2:
                return self._list(request)
            if parts[:3] == ["api", "resolve-cache", "models"]:
                return self._cached("/".join(parts[3:5]), parts[5], "/".join(parts[6:]), request)
            if parts[:2] == ["api", "models"]:
                return self._models(parts[2:], request)
            if parts[:2] == ["api", "datasets"]:
                return self._dataset("/".join(parts[2:]), request)
            for verb in ("resolve", "raw"):
                if verb in parts[1:3]:
                    at = parts.index(verb)
                    id_, revision = "/".join(parts[:at]), parts[at + 1]
                    return self._file(verb, id_, revision, "/".join(parts[at + 2 :]), request)
            if parts[2:] in (["info", "refs"], ["git-upload-pack"]):
                return self._git("/".join(parts[:2]), request)
            if len(parts) <= 2 and request.method in {"GET", "HEAD"}:
                self._repo("/".join(parts), request)
                return Reply(200, {"content-type": "text/html"}, b"<html></html>")
        except Refused as refused:
            return refused.reply
        return Refused(404, "Sorry, we can't find the page you are looking for.").reply

    def _token(self, request: Request) -> str | None:
        token = request.headers.get("authorization", "").removeprefix("Bearer ") or None
        if token and token.startswith("Basic "):  # git's way
            pair = base64.b64decode(token.removeprefix("Basic ")).decode()
            token = pair.partition(":")[2]
        if token and token not in self.hub.tokens:
            raise Refused(401, "Invalid credentials in Authorization header")
        return token

    def _repo(self, id_: str, request: Request, *, content: bool = False) -> Served:
        """The repository, if this caller may know of it (``content``: may have its bytes)."""
        token = self._token(request)
        state = self.hub.states.get(id_)
        opened = bool(token) and id_ in self.hub.tokens[token or ""]
        repo = self.hub.repositories.get(id_)
        if repo is None or (state == "private" and not opened):
            if token:
                raise Refused(404, "Repository not found", "RepoNotFound")
            raise Refused(401, "Invalid username or password.")
        if content and state == "disabled":
            raise Refused(403, "Access to this resource is disabled.")
        if content and state == "gated" and not opened:
            message = f"Access to model {id_} is restricted."
            raise Refused(403 if token else 401, message, "GatedRepo")
        return repo

    def _commit(self, repo: Served, revision: str) -> str:
        commit = repo.resolve(revision)
        if commit is None:
            try:
                repo.files(revision)
            except KeyError:
                raise Refused(404, f"Invalid rev id: {revision}", "RevisionNotFound") from None
            return revision
        return commit

    def _models(self, parts: list[str], request: Request) -> Reply:
        verbs = {"revision", "tree", "commits", "refs", "paths-info", "discussions"}
        verbs |= {"preupload", "commit"}
        size = 1 if len(parts) == 1 or parts[1] in verbs else 2
        place = Place("/".join(parts[:size]), (parts[size:] or ["info"])[0], parts[size + 1 :])
        new = self.hub.renamed.get(place.id)
        if new:
            onward = "/".join(["/api/models", new, *parts[size:]])
            query = f"?{urlencode(request.query, doseq=True)}" if request.query else ""
            return Reply(307, {"location": onward + query})
        if place.verb == "discussions":
            self._repo(place.id, request)
            return self.hub.discussions.answer(place.id, "model", place.rest, request)
        if place.verb == "preupload":
            return self.hub.writing.preupload(request)
        if place.verb == "commit":
            revision = "/".join(place.rest)
            return self.hub.writing.commit(place.id, revision, request, self.hub.endpoint)
        if place.verb == "info":
            return self._info(place.id, "main", request)
        if place.verb == "revision":
            return self._info(place.id, "/".join(place.rest), request)
        if place.verb == "refs":
            return self._refs(self._repo(place.id, request))
        repo = self._repo(place.id, request, content=True)
        commit = self._commit(repo, place.rest[0])
        if place.verb == "tree":
            return self._tree(repo, commit, "/".join(place.rest[1:]), request)
        if place.verb == "commits":
            return self._commits(repo, commit, request)
        if place.verb == "paths-info":
            wanted = parse_qs(request.body.decode())
            files = repo.files(commit)
            return answer_json([_row(p, files[p]) for p in wanted.get("paths", []) if p in files])
        raise Refused(404, "Not found")

    def _dataset(self, id_: str, request: Request) -> Reply:
        """Only whether it is there."""
        if id_ in self.hub.datasets:
            return answer_json({"_id": "0" * 24, "id": id_, "sha": "0" * 40, "private": False})
        if self._token(request):
            raise Refused(404, "Repository not found", "RepoNotFound")
        raise Refused(401, "Invalid username or password.")

    def _git(self, id_: str, request: Request) -> Reply:
        repo = self._repo(id_, request, content=True)
        if not isinstance(repo, GitRepository):
            raise Refused(404, "Not found")
        if request.method == "GET":
            return git_http.advertise(repo.folder)
        return git_http.upload_pack(repo.folder, request.body)

    def _info(self, id_: str, revision: str, request: Request) -> Reply:
        repo = self._repo(id_, request)
        commit = self._commit(repo, revision)
        state = self.hub.states.get(id_)
        files = repo.files(commit)
        info: dict[str, Any] = {
            "_id": f"{abs(hash(id_)):024x}"[:24],
            "id": id_,
            "modelId": id_,
            "sha": commit,
            "private": state == "private",
            "gated": "manual" if state == "gated" else False,
            "disabled": state == "disabled",
            "downloads": self.hub.downloads.get(id_, 0),
            "downloadsAllTime": 9 * self.hub.downloads.get(id_, 0),
            "likes": 0,
            "lastModified": repo.commits(commit)[0].date.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            "createdAt": repo.commits(commit)[-1].date.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        }
        expand = request.query.get("expand", [])
        if not expand or {"tags", "cardData", "baseModels", "childrenModelCount"} & set(expand):
            info |= self.hub.cards.of(repo, commit)
        if not expand or "siblings" in expand:
            blobs = request.first("blobs") in {"true", "1"}
            info["siblings"] = [_sibling(p, f, blobs=blobs) for p, f in files.items()]
        if not expand:
            del info["downloadsAllTime"]  # only told when asked for
        if expand:
            info = {k: v for k, v in info.items() if k in {*expand, "_id", "id"}}
            if "childrenModelCount" in expand:
                info["childrenModelCount"] = self.hub.cards.count(id_)
        return answer_json(info)

    def _refs(self, repo: Served) -> Reply:
        def rows(prefix: str) -> list[dict[str, str]]:
            return [
                {"name": ref.removeprefix(prefix), "ref": ref, "targetCommit": commit}
                for ref, commit in sorted(repo.refs().items())
                if ref.startswith(prefix)
            ]

        tags = rows("refs/tags/")
        return answer_json({"branches": rows("refs/heads/"), "tags": tags, "converts": []})

    def _tree(self, repo: Served, commit: str, folder: str, request: Request) -> Reply:
        files = repo.files(commit)
        recursive = request.first("recursive").lower() in {"true", "1"}
        prefix = f"{folder}/" if folder else ""
        rows: dict[str, dict[str, Any]] = {}
        for path, file in files.items():
            if not path.startswith(prefix):
                continue
            inner = path.removeprefix(prefix).split("/")
            for depth in range(1, len(inner) if recursive else min(len(inner), 2)):
                name = prefix + "/".join(inner[:depth])
                rows[name] = {"type": "directory", "oid": "0" * 40, "size": 0, "path": name}
            if recursive or len(inner) == 1:
                rows[path] = _row(path, file)
        if not rows and folder:
            raise Refused(404, f"{folder} does not exist on {commit}", "EntryNotFound")
        size = self.hub.page_size or (50 if request.first("expand") == "true" else 1000)
        return self._page(list(rows.values()), size, request)

    def _commits(self, repo: Served, commit: str, request: Request) -> Reply:
        commits = repo.commits(commit)
        rows = [
            {
                "id": c.id,
                "title": c.title,
                "message": c.message,
                "authors": [{"user": c.author, "avatar": "/avatars/0.svg"}],
                "date": c.date.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            }
            for c in commits
        ]
        size = min(int(request.first("limit", "50")), self.hub.page_size or 100)
        return self._page(rows, size, request, **{"x-total-count": str(len(rows))})

    def _page(self, rows: list[Any], size: int, request: Request, **headers: str) -> Reply:
        start = int(request.first("cursor", "0"))
        onward = start + size
        if onward < len(rows):
            query = {**{k: v[0] for k, v in request.query.items()}, "cursor": str(onward)}
            url = f"{self.hub.endpoint}{quote(request.path)}?{urlencode(query)}"
            headers["link"] = f'<{url}>; rel="next"'
        return answer_json(rows[start:onward], **headers)

    def _list(self, request: Request) -> Reply:
        rows = self.hub.cards.listed(request.query.get("filter", []))
        hidden = {i for i, s in self.hub.states.items() if s in {"private", "disabled"}}
        author, search = request.first("author"), request.first("search").lower()
        rows = [
            {**row, "downloads": self.hub.downloads.get(row["id"], 0), "private": False}
            for row in rows
            if row["id"] not in hidden
            and row["id"].startswith(f"{author}/" if author else "")
            and search in row["id"].lower()
        ]
        if request.first("sort"):
            rows.sort(key=lambda row: -row["downloads"])
        limit = int(request.first("limit", "1000"))
        return self._page(rows, self.hub.page_size or limit, request)

    def _validate(self, request: Request) -> Reply:
        content = str(json.loads(request.body).get("content", ""))
        problems, warnings = self.hub.cards.validate(content)
        reply = answer_json({"errors": problems, "warnings": warnings})
        reply.status = 400 if problems else 200
        return reply

    def _file(self, verb: str, id_: str, revision: str, path: str, request: Request) -> Reply:
        new = self.hub.renamed.get(id_)
        if new:
            return Reply(307, {"location": f"/{new}/{verb}/{revision}/{quote(path)}"})
        repo = self._repo(id_, request, content=True)
        commit = self._commit(repo, revision)
        file = repo.files(commit).get(path)
        if file is None:
            raise Refused(404, f"Entry not found: {path}", "EntryNotFound")
        if verb == "raw":
            return _raw(repo, commit, path, file)
        headers = {
            "x-repo-commit": commit,
            "x-linked-size": str(file.size),
            "x-linked-etag": f'"{file.etag}"',
            "etag": f'"{file.etag}"',
        }
        if file.sha256 is None:
            onward = f"/api/resolve-cache/models/{id_}/{commit}/{quote(path)}"
            return Reply(307, {**headers, "location": onward}, b"Temporary Redirect")
        if self.hub.xet:
            headers["x-xet-hash"] = file.sha256
        url = self.hub.sign(id_, commit, path)
        return Reply(302, {**headers, "location": url}, b"Found. Redirecting to the content host")

    def _cached(self, id_: str, commit: str, path: str, request: Request) -> Reply:
        repo = self._repo(id_, request, content=True)
        file = repo.files(commit)[path]
        headers = {
            "etag": f'"{file.etag}"',
            "x-repo-commit": commit,
            "x-linked-size": str(file.size),
        }
        reply = content(repo, commit, path, file)
        reply.headers |= headers
        return ranged(reply, request.headers.get("range"))


def content(repo: Served, commit: str, path: str, file: File) -> Reply:
    """A reply with the content of a file."""
    return Reply(read=lambda start, length: repo.read(commit, path, start, length), size=file.size)


def _raw(repo: Served, commit: str, path: str, file: File) -> Reply:
    from tests.hub.repositories import pointer

    headers = {"etag": f'"{file.oid}"', "x-repo-commit": commit}
    if file.sha256:
        return Reply(200, headers, pointer(file.sha256, file.size))
    return Reply(200, headers, repo.read(commit, path, 0, file.size))


def _lfs(file: File) -> Mapping[str, Any]:
    return {"sha256": file.sha256, "oid": file.sha256, "size": file.size, "pointerSize": 134}


def _row(path: str, file: File) -> dict[str, Any]:
    row: dict[str, Any] = {"type": "file", "oid": file.oid, "size": file.size, "path": path}
    if file.sha256:
        row["lfs"] = {k: v for k, v in _lfs(file).items() if k != "sha256"}
    return row


def _sibling(path: str, file: File, *, blobs: bool) -> dict[str, Any]:
    row: dict[str, Any] = {"rfilename": path}
    if blobs:
        row |= {"size": file.size, "blobId": file.oid}
        if file.sha256:
            row["lfs"] = {k: v for k, v in _lfs(file).items() if k != "oid"}
    return row
