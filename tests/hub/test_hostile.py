"""Servers that mean harm: what never ends is ended, what unpacks to terabytes is not unpacked."""

from __future__ import annotations

import hashlib
import itertools
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cardlint.errors import Malformed, Unavailable
from cardlint.history.timeline import read
from cardlint.source.hub import archive
from cardlint.source.limits import Limits
from tests.hub import api, git_http
from tests.hub.kit import door
from tests.hub.server import HubServer
from tests.hub.serving import Reply

PACKET = b"fff0\x01" + bytes(0xFFF0 - 5)
ENDLESS = 1 << 40


def endless(pause: float) -> Callable[[int, int], bytes]:
    """A side band that goes on and on."""

    def piece(start: int, length: int) -> bytes:
        time.sleep(pause)
        at = start % len(PACKET)
        return (PACKET * (length // len(PACKET) + 2))[at : at + length]

    return piece


def wrapped(data: bytes) -> bytes:
    """In one packet of the side band."""
    return b"0008NAK\n" + b"%04x\x01" % (len(data) + 5) + data + b"0000"


def bomb() -> bytes:
    """A pack of one blob that says that it has 3 bytes, and has 50 million."""
    data = b"PACK" + (2).to_bytes(4, "big") + (1).to_bytes(4, "big")
    data += b"\x33" + zlib.compress(bytes(50_000_000))
    return data + hashlib.sha1(data, usedforsecurity=False).digest()


ANSWERS: dict[str, tuple[Reply, int]] = {
    "endless": (Reply(read=endless(0.0), length=ENDLESS, size=ENDLESS), 12 << 20),
    "endless and slow": (Reply(read=endless(0.02), length=ENDLESS, size=ENDLESS), 12 << 20),
    "a bomb": (Reply(body=wrapped(bomb())), 1 << 20),
    "a pack of nothing": (Reply(body=wrapped(b"")), 1 << 20),
    "flushes only": (Reply(body=b"0000" * 100_000), 1 << 20),
    "an error of git's": (Reply(body=b"0017ERR no such thing.\n"), 1 << 20),
    "no git at all": (Reply(body=b"<html>hello</html>"), 1 << 20),
}


@pytest.mark.parametrize("answer", ANSWERS)
def test_a_clone_that_means_harm_is_given_up(
    server: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    """Within its bounds of bytes and time; then each commit is asked for, and the history is true."""
    with door(server, tmp_path / "first", Limits()) as hub:
        truth = read(hub.open("org/tuned"))
    server.ledger.clear()
    reply, most = ANSWERS[answer]
    monkeypatch.setattr(git_http, "upload_pack", lambda *_: reply)
    monkeypatch.setattr(archive, "MAX_PACK", 4 << 20)
    monkeypatch.setattr(archive, "MAX_SECONDS", 0.5)
    started = time.monotonic()
    with door(server, tmp_path / "second", Limits(backoff=0.01)) as hub:
        found = read(hub.open("org/tuned"))
        assert hub.usage.bytes < 5 << 20
    assert [s.card_text for s in found.states] == [s.card_text for s in truth.states]
    assert found.complete
    assert time.monotonic() - started < 5
    assert server.ledger.bytes < most  # with what the sockets swallowed


@pytest.mark.parametrize("what", ["tree", "commits"])
def test_pages_that_bring_nothing_end_the_list(
    server: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """Each names another next page: the budget of a repository is not spent on them."""
    number = itertools.count()
    real = api.Api._page

    def empty(self: api.Api, rows: list[Any], size: int, request: Any, **headers: str) -> Reply:
        if what not in request.path:
            return real(self, rows, size, request, **headers)
        url = f"{self.hub.endpoint}{request.path}?cursor={next(number)}"
        return api.answer_json([], link=f'<{url}>; rel="next"')

    monkeypatch.setattr(api.Api, "_page", empty)
    monkeypatch.setattr(git_http, "advertise", lambda *_: Reply(404))
    with door(server, tmp_path) as hub:
        source = hub.open("org/tuned")
        if what == "tree":
            with pytest.raises(Malformed, match="empty pages"):
                source.entries()
        else:
            with pytest.raises(Malformed, match="lists no commit"):
                read(source)
    assert server.ledger.hub_requests <= 4


@pytest.mark.parametrize(
    "row",
    [
        {"id": "0" * 40, "date": "0000-00-00", "title": "x"},
        {"id": "0" * 40, "date": "9999-12-31T23:59:59-14:00", "title": "x"},
        {"id": "0" * 40, "date": 5, "title": "x"},
        {"date": "2026-01-01"},
        {"id": "../../x", "date": "2026-01-01T00:00:00Z", "title": None},
        {"id": "0" * 40, "date": "2026-01-01T00:00:00Z", "authors": 7},
    ],
)
def test_a_commit_that_is_none_is_a_reason(
    server: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, row: dict[str, Any]
) -> None:
    """No crash, and no request that a commit's name could bend."""
    monkeypatch.setattr(git_http, "advertise", lambda *_: Reply(404))
    monkeypatch.setattr(api.Api, "_commits", lambda *_: api.answer_json([row]))
    with door(server, tmp_path) as hub:
        source = hub.open("org/tuned")
        try:
            found = read(source)
        except Unavailable as reason:
            assert reason.message  # noqa: PT017  # either way is right
        else:
            assert found.open_ends
    assert not [s.path for s in server.ledger.seen if ".." in s.path]
