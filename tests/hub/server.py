"""A Hub on this machine: two loopback origins (Hub and content host) over a folder hub.

::

    from tests.hub.server import HubServer

    with HubServer(folder) as hub:            # folder/org/name: a folder or a git repository
        env = {**os.environ, **hub.environment(tmp_path)}       # HF_ENDPOINT, HF_HOME, …
        subprocess.run(["cardlint", "check", "org/name"], env=env)
        assert hub.ledger.hub_requests <= 12
        assert hub.ledger.leaks == []         # the token never left the Hub's origin
        hub.faults.add(Fault("cdn", r"GET /", "status", code=503, times=2))

* ``hub.endpoint``     the Hub's address; ``HfApi(endpoint=hub.endpoint)`` works as well.
* ``hub.ledger``       every request that either origin saw (:mod:`tests.hub.ledger`).
* ``hub.faults``       what goes wrong, by script (:mod:`tests.hub.faults`).
* ``hub.states[id]``   ``"gated"``, ``"private"`` or ``"disabled"``.
* ``hub.renamed[old]`` the new id: the old one answers 307.
* ``hub.tokens[t]``    the set of gated and private ids that token ``t`` opens; others are refused.
* ``hub.datasets``     ids of datasets that are there; nothing more is known of them.
* ``hub.downloads[id]`` what the Hub counts; lists of models are sorted by it.
* ``hub.quota``        bucket (``api``, ``resolvers``) → requests left in this window; then 429.
* ``hub.discussions.of[id]``  what was posted; ``hub.writing.of[id]`` what was proposed.

Files that the Hub keeps in LFS (``*.safetensors`` and the like) are answered with a redirect to a
signed address on the content host, which expires after ``sign_for`` seconds; all others come from
the Hub itself, by one more redirect. A server runs in threads of the test's own process.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import socket
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Self
from urllib.parse import quote

from tests.hub.api import Api, content
from tests.hub.cards import Cards
from tests.hub.discussions import Discussions
from tests.hub.faults import Faults
from tests.hub.ledger import Ledger
from tests.hub.repositories import GitRepository, Served, folder_hub
from tests.hub.serving import Reply, Request, Server, ranged
from tests.hub.writing import Writing

TOKEN = "hf_TestTokenThatMustNeverLeak"  # noqa: S105  # made up: the test Hub is the only one that knows it
WINDOW = 300
_SECRET = b"signs the addresses of the content host"


class HubServer:
    """The two origins; use it in a ``with`` statement.

    Args:
        folder: a folder hub; ``None`` when only ``repositories`` are served.
        repositories: more, by id; they may compute their bytes.
        latency: seconds before each answer.
        sign_for: seconds that a signed address is good for.
        quota: requests per window and bucket; ``None`` for no limit.
        page_size: entries on a page of a list; ``None`` for the Hub's own sizes.
        xet: whether files are announced as kept in Xet.
    """

    def __init__(
        self,
        folder: Path | None = None,
        *,
        repositories: Mapping[str, Served] | None = None,
        latency: float = 0.0,
        sign_for: float = 3600.0,
        quota: Mapping[str, int] | None = None,
        page_size: int | None = None,
        xet: bool = False,
    ) -> None:
        self.repositories: dict[str, Served] = {
            **(folder_hub(folder) if folder else {}),
            **(repositories or {}),
        }
        self.latency = latency
        self.sign_for = sign_for
        self.quota = dict(quota) if quota is not None else None
        self.page_size = page_size
        self.xet = xet
        self.states: dict[str, str] = {}
        self.renamed: dict[str, str] = {}
        self.downloads: dict[str, int] = {}
        self.datasets: set[str] = set()
        self.tokens: dict[str, set[str]] = {TOKEN: set()}
        self.ledger = Ledger()
        self.faults = Faults()
        self.cards = Cards(self)
        self.discussions = Discussions()
        self.writing = Writing(self.discussions)
        self.crashes: list[str] = []
        """What went wrong in the server itself: [] after every test."""
        self._first_quota = dict(self.quota or {})
        self._api = Api(self)
        self._servers = [
            Server("hub", self, self._answer),
            Server("cdn", self, self._content),
        ]
        self._threads = [
            threading.Thread(target=s.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
            for s in self._servers
        ]

    @property
    def endpoint(self) -> str:
        """The address of the Hub."""
        return f"http://127.0.0.1:{self._servers[0].server_port}"

    @property
    def content_host(self) -> str:
        """The address of the content host: another name and another port."""
        return f"http://localhost:{self._servers[1].server_port}"

    def environment(self, home: Path, token: str | None = None) -> dict[str, str]:
        """Environment variables for a program that is to use this Hub and nothing else.

        Args:
            home: a scratch folder for caches.
            token: ``HF_TOKEN``, if any.
        """
        return {
            "HF_ENDPOINT": self.endpoint,
            "HF_HOME": str(home / "hf"),
            "HF_HUB_CACHE": str(home / "hf" / "hub"),
            "CARDLINT_CACHE_DIR": str(home / "cardlint"),
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "HF_HUB_DISABLE_UPDATE_CHECK": "1",
            "HF_HUB_DISABLE_XET": "1",
            "HF_HUB_DISABLE_PROGRESS_BARS": "1",
            "HF_HUB_OFFLINE": "0",
            "HF_TOKEN": token or "",
            "NO_PROXY": "127.0.0.1,localhost",
        }

    def sign(self, id_: str, commit: str, path: str) -> str:
        """An address on the content host that is good for a while."""
        until = f"{time.time() + self.sign_for:.3f}"
        where = f"/{id_}/{commit}/{path}"
        return f"{self.content_host}{quote(where)}?Expires={until}&Signature={_seal(where, until)}"

    def rate_headers(self, request: Request) -> dict[str, str]:
        """What every answer says of the rate limit."""
        if self.quota is None:
            return {}
        bucket = _bucket(request)
        left = max(0, self.quota.get(bucket, 0))
        return {
            "ratelimit": f'"{bucket}";r={left};t={WINDOW}',
            "ratelimit-policy": f'"fixed window";"{bucket}";'
            f"q={self._first_quota.get(bucket, 0)};w={WINDOW}",
        }

    def _answer(self, request: Request) -> Reply:
        if self.quota is not None:
            bucket = _bucket(request)
            left = self.quota.get(bucket, 0)
            if left <= 0:
                return Reply(429, {"x-error-message": "Too many requests"}, b"Too many requests")
            self.quota[bucket] = left - 1
        return self._api.answer(request)

    def _content(self, request: Request) -> Reply:
        until, seal = request.first("Expires"), request.first("Signature")
        if request.method != "GET":  # signed for GET
            return Reply(403, {}, b"<Error><Code>SignatureDoesNotMatch</Code></Error>")
        if not hmac.compare_digest(seal, _seal(request.path, until)) or float(until) < time.time():
            return Reply(403, {}, b"<Error><Code>AccessDenied</Code></Error>")
        org, name, commit, path = request.path.removeprefix("/").split("/", 3)
        repo = self.repositories[f"{org}/{name}"]
        file = repo.files(commit)[path]
        reply = content(repo, commit, path, file)
        # The content host names content by another hash than the Hub does.
        reply.headers["etag"] = f'"{hashlib.sha256(file.etag.encode()).hexdigest()}"'
        return ranged(reply, request.headers.get("range"))

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.faults.over.set()
        for server in self._servers:
            server.shutdown()
            server.server_close()
            for connection in list(server.open):
                # Not only closed: a thread that waits on it would go on answering for this
                # server, maybe to a client of the next one on the same port.
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
                connection.close()
        for thread in self._threads:
            thread.join()
        for repo in self.repositories.values():
            if isinstance(repo, GitRepository):
                repo.close()


def _bucket(request: Request) -> str:
    return (
        "api" if request.path.startswith("/api/") and "resolve" not in request.path else "resolvers"
    )


def _seal(path: str, until: str) -> str:
    return hmac.new(_SECRET, f"{path}?{until}".encode(), hashlib.sha256).hexdigest()
