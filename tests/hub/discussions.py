"""Discussions of a repository: enough for reports to be posted, read back and edited."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tests.hub.serving import Reply, Request


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _comment(number: int, content: str) -> dict[str, Any]:
    return {
        "id": f"{number:024x}",
        "type": "comment",
        "createdAt": _now(),
        "author": {"name": "tester"},
        "data": {"edited": False, "hidden": False, "latest": {"raw": content}},
    }


class Discussions:
    """The discussions of all repositories."""

    def __init__(self) -> None:
        self.of: dict[str, list[dict[str, Any]]] = {}
        """Repository id → discussions, first one first; each with its ``events``."""
        self._events = 0

    def answer(self, id_: str, kind: str, rest: list[str], request: Request) -> Reply:
        """``/api/models/ID/discussions…``; a token is needed to write."""
        mine = self.of.setdefault(id_, [])
        if request.method == "POST" and "authorization" not in request.headers:
            return _json({"error": "Unauthorized"}, 401)
        if not rest:
            if not request.body:
                return self._list(mine)
            said = json.loads(request.body)
            number = self.open(id_, kind, said)
            return _json({"num": number, "pullRequest": bool(said.get("pullRequest"))})
        number = int(rest[0])
        if number > len(mine):
            return _json({"error": "Not found"}, 404)
        discussion = mine[number - 1]
        if request.method == "GET":
            return _json(discussion)
        said = json.loads(request.body)
        if rest[1:] == ["comment"]:
            event = self._event(said["comment"])
            discussion["events"].append(event)
            return _json({"newMessage": event})
        if rest[1] == "comment" and rest[3:] == ["edit"]:
            event = next(e for e in discussion["events"] if e["id"] == rest[2])
            event["data"] |= {"edited": True, "latest": {"raw": said["content"]}}
            return _json({"updatedComment": event})
        if rest[1:] == ["status"]:
            discussion["status"] = said["status"]
            event = self._event("") | {"type": "status-change", "data": {"status": said["status"]}}
            discussion["events"].append(event)
            return _json({"newStatus": event})
        return _json({"error": "Not found"}, 404)

    def _event(self, content: str) -> dict[str, Any]:
        self._events += 1
        return _comment(self._events, content)

    def open(self, id_: str, kind: str, said: Mapping[str, Any]) -> int:
        """Open a discussion or, with ``pullRequest``, the one of a pull request; its number."""
        mine = self.of.setdefault(id_, [])
        mine.append(
            {
                "num": len(mine) + 1,
                "title": said["title"],
                "author": {"name": "tester"},
                "createdAt": _now(),
                "status": "draft" if said.get("pullRequest") else "open",
                "isPullRequest": bool(said.get("pullRequest")),
                "repo": {"name": id_, "type": kind},
                "events": [self._event(said["description"])],
                "changes": {"base": "refs/heads/main"},
                "filesWithConflicts": [],
                "diff": "",
            }
        )
        return len(mine)

    def _list(self, mine: list[dict[str, Any]]) -> Reply:
        return _json({"discussions": mine[::-1], "count": len(mine), "start": 0})


def _json(value: Any, status: int = 200) -> Reply:
    body = json.dumps(value).encode()
    return Reply(status, {"content-type": "application/json; charset=utf-8"}, body)
