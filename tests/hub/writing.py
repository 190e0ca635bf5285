"""Commits and pull requests: kept as they came, so that a test can see what was proposed."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.hub.serving import Reply, Request

if TYPE_CHECKING:
    from tests.hub.discussions import Discussions


@dataclass(frozen=True, slots=True)
class Proposal:
    """One commit that somebody asked for."""

    revision: str
    summary: str
    parent: str | None
    files: dict[str, bytes]
    number: int
    """Of the pull request."""


@dataclass
class Writing:
    """The commits that all repositories were asked to take."""

    discussions: Discussions
    of: dict[str, list[Proposal]] = field(default_factory=dict)

    def preupload(self, request: Request) -> Reply:
        """Every file is sent in the commit itself."""
        asked = json.loads(request.body)["files"]
        files = [{"path": f["path"], "uploadMode": "regular", "shouldIgnore": False} for f in asked]
        return _json({"files": files})

    def commit(self, id_: str, revision: str, request: Request, endpoint: str) -> Reply:
        """A commit to a pull request: a new one, or ``refs/pr/N``."""
        rows = [json.loads(line) for line in request.body.splitlines()]
        header = next(r["value"] for r in rows if r["key"] == "header")
        files = {
            r["value"]["path"]: base64.b64decode(r["value"]["content"])
            for r in rows
            if r["key"] == "file"
        }
        if request.first("create_pr"):
            told = {"title": header["summary"], "description": header.get("description", "")}
            number = self.discussions.open(id_, "model", {**told, "pullRequest": True})
        elif revision.startswith("refs/pr/"):
            number = int(revision.removeprefix("refs/pr/"))
        else:
            return _json({"error": "only pull requests are taken here"}, 403)
        parent = header.get("parentCommit")
        proposal = Proposal(revision, header["summary"], parent, files, number)
        mine = self.of.setdefault(id_, [])
        mine.append(proposal)
        url = f"{endpoint}/{id_}"
        return _json(
            {
                "success": True,
                "commitOid": f"{len(mine):040x}",
                "commitUrl": f"{url}/commit/{len(mine):040x}",
                "pullRequestUrl": f"{url}/discussions/{number}",
            }
        )


def _json(value: Any, status: int = 200) -> Reply:
    body = json.dumps(value).encode()
    return Reply(status, {"content-type": "application/json; charset=utf-8"}, body)
