"""Requests, replies and the handler that both origins share: faults, latency, ledger."""

from __future__ import annotations

import contextlib
import gzip
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.client import responses
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import parse_qs, unquote, urlsplit

from tests.hub.ledger import Seen

if TYPE_CHECKING:
    from tests.hub.faults import Fault
    from tests.hub.server import HubServer

PIECE = 1 << 16


@dataclass(frozen=True, slots=True)
class Request:
    """One request."""

    method: str
    path: str
    """Unquoted, without the query."""
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes

    def first(self, name: str, default: str = "") -> str:
        """The first value of a query parameter."""
        return self.query.get(name, [default])[0]


@dataclass
class Reply:
    """One answer; the body is bytes, or read piece by piece."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    read: Callable[[int, int], bytes] | None = None
    """``(start, length)`` of the whole content."""
    size: int = 0
    """Of the whole content, when it is read."""
    start: int = 0
    length: int = 0


def ranged(reply: Reply, wanted: str | None) -> Reply:
    """The reply to a ``Range`` of one part, as a content host gives it (RFC 9110, section 14)."""
    reply.headers["accept-ranges"] = "bytes"
    reply.length = reply.size
    if not wanted or not wanted.startswith("bytes="):
        return reply
    first, _, last = wanted.removeprefix("bytes=").partition("-")
    start = int(first) if first else max(0, reply.size - int(last))
    end = min(int(last), reply.size - 1) if first and last else reply.size - 1
    if start >= reply.size:
        headers = {"content-range": f"bytes */{reply.size}"}
        return Reply(416, headers, b"Requested Range Not Satisfiable")
    reply.status = 206
    reply.start, reply.length = start, end - start + 1
    reply.headers["content-range"] = f"bytes {start}-{end}/{reply.size}"
    return reply


class Server(ThreadingHTTPServer):
    """One origin."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, name: str, hub: HubServer, answer: Callable[[Request], Reply]) -> None:
        self.name = name
        self.hub = hub
        self.answer = answer
        self.open: set[socket.socket] = set()
        super().__init__(("127.0.0.1", 0), Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002  # the base's signature
        """A client that hangs up is no news; anything else is kept for the test to see."""
        import sys

        error = sys.exc_info()[1]
        if not isinstance(error, OSError | ValueError):
            self.hub.crashes.append(repr(error))


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 120

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base's name
        """The ledger is the log."""

    def setup(self) -> None:
        """Remember the connection, so that the server can end it."""
        super().setup()
        cast("Server", self.server).open.add(self.connection)

    def finish(self) -> None:
        """Forget it."""
        cast("Server", self.server).open.discard(self.connection)
        with contextlib.suppress(OSError):
            super().finish()

    def do_GET(self) -> None:
        """Answer."""
        self._serve()

    do_HEAD = do_POST = do_GET  # noqa: N815  # the base's names

    def _serve(self) -> None:
        server = cast("Server", self.server)
        hub = server.hub
        parts = urlsplit(self.path)
        length = int(self.headers.get("content-length") or 0)
        request = Request(
            self.command,
            unquote(parts.path),
            parse_qs(parts.query, keep_blank_values=True),
            {k.lower(): v for k, v in self.headers.items()},
            self.rfile.read(length) if length else b"",
        )
        if hub.latency:
            time.sleep(hub.latency)
        fault = hub.faults.strike(server.name, f"{self.command} {self.path}")
        if fault and fault.kind == "hang":
            self._note(0)
            hub.faults.over.wait(fault.seconds)
            self.close_connection = True
            return
        if fault and fault.kind in {"status", "redirect"}:
            code = fault.code if fault.kind == "status" else 307
            reply = Reply(code, dict(fault.headers), b"a fault, by script")
        else:
            try:
                reply = server.answer(request)
            except Exception as error:
                hub.crashes.append(f"{self.command} {self.path}: {error!r}")
                raise
        if server.name == "hub":
            reply.headers = {**hub.rate_headers(request), **reply.headers}
        self._send(self._spoil(reply, fault), fault)

    def _spoil(self, reply: Reply, fault: Fault | None) -> Reply:
        if not fault:
            return reply
        if fault.kind in {"ignore-range", "gzip"} and reply.read:
            headers = {k: v for k, v in reply.headers.items() if k != "content-range"}
            if fault.kind == "gzip":
                body = gzip.compress(reply.read(0, min(reply.size, 1 << 20)))
                return Reply(200, {**headers, "content-encoding": "gzip"}, body)
            return Reply(200, headers, read=reply.read, size=reply.size, length=reply.size)
        if fault.kind == "wrong-range" and "content-range" in reply.headers:
            first = f"bytes {reply.start + 1}-{reply.start + reply.length}/{reply.size}"
            reply.headers["content-range"] = first
        if fault.kind == "garbage":
            return Reply(reply.status, reply.headers, b"\x00garbage\xff" * 3)
        return reply

    def _send(self, reply: Reply, fault: Fault | None) -> None:
        length = reply.length if reply.read else len(reply.body)
        head = [f"HTTP/1.1 {reply.status} {responses.get(reply.status, '')}"]
        headers = {"date": self.date_time_string(), "content-length": str(length)}
        head += [f"{k}: {v}" for k, v in {**headers, **reply.headers}.items()]
        block = ("\r\n".join(head) + "\r\n\r\n").encode("latin-1")
        seen = self._note(reply.status)
        if self.command == "HEAD" or length == 0:
            self.wfile.write(block)
        elif fault and fault.kind in {"drop", "drip"}:
            self.wfile.write(block)
            self._badly(reply, fault, length, seen)
        else:
            self._pieces(reply, block, length, seen)

    def _pieces(self, reply: Reply, block: bytes, length: int, seen: Seen) -> None:
        while seen.sent < length:
            size = min(PIECE, length - seen.sent)
            at = seen.sent
            piece = reply.read(reply.start + at, size) if reply.read else reply.body[at:]
            seen.sent += len(piece)
            self.wfile.write(block + piece)
            block = b""

    def _badly(self, reply: Reply, fault: Fault, length: int, seen: Seen) -> None:
        self.close_connection = True
        data = reply.read(reply.start, min(length, PIECE)) if reply.read else reply.body
        if fault.kind == "drop":
            seen.sent = min(fault.after, length - 1)
            self.wfile.write(data[: seen.sent])
            return
        for number in range(len(data)):
            seen.sent = number + 1
            self.wfile.write(data[number : number + 1])
            if cast("Server", self.server).hub.faults.over.wait(fault.seconds):
                return

    def _note(self, status: int) -> Seen:
        server = cast("Server", self.server)
        path, _, query = self.path.partition("?")
        others = " ".join(v for k, v in self.headers.items() if k.lower() != "authorization")
        tokens = server.hub.tokens
        seen = Seen(
            origin=server.name,
            method=self.command,
            path=unquote(path),
            query=query,
            range=self.headers.get("range"),
            authorization=self.headers.get("authorization"),
            accept_encoding=self.headers.get("accept-encoding"),
            status=status,
            token_at_large=any(t in self.path or t in others for t in tokens),
        )
        server.hub.ledger.add(seen)
        return seen
