"""The fault matrix: every fault on every kind of request.

With a fault, what is read is what is read without it, or it is *not checked* with a reason. Never
something else, never a hang, and never a piece in the store that is not whole and true.
"""

from __future__ import annotations

import re
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cardlint.errors import Malformed, Unavailable, Unreachable
from cardlint.source.limits import Limits
from tests.hub.faults import Fault
from tests.hub.kit import QUICK, RANGES, door, everything
from tests.hub.server import HubServer

SOON = {"ratelimit": '"api";r=0;t=0'}
LATE = {"ratelimit": '"api";r=0;t=290'}
PLACES = {
    "describe": ("hub", r"/api/models/org/tuned\?expand"),
    "tree": ("hub", r"/tree/"),
    "git refs": ("hub", r"/info/refs"),
    "git pack": ("hub", r"git-upload-pack$"),
    "commits": ("hub", r"/commits/"),
    "raw": ("hub", r"/raw/"),
    "resolve": ("hub", r"/resolve/"),
    "content": ("cdn", r"GET /"),
}
FAULTS = {
    "429 bare": Fault("", "", "status", code=429),
    "429 with RateLimit": Fault("", "", "status", code=429, headers=SOON),
    "429 for long": Fault("", "", "status", code=429, headers=LATE),
    "429 with Retry-After": Fault("", "", "status", code=429, headers={"retry-after": "0"}),
    "429 until a date": Fault(
        "", "", "status", code=429, headers={"retry-after": "Wed, 21 Oct 2099 07:28:00 GMT"}
    ),
    "500": Fault("", "", "status", code=500),
    "502": Fault("", "", "status", code=502),
    "503": Fault("", "", "status", code=503),
    "403": Fault("", "", "status", code=403),
    "404": Fault("", "", "status", code=404),
    "416": Fault("", "", "status", code=416, headers={"content-range": "bytes */177"}),
    "418": Fault("", "", "status", code=418),
    "401 without a code": Fault("", "", "status", code=401),
    "hang": Fault("", "", "hang"),
    "drop at once": Fault("", "", "drop", after=0),
    "drop in mid-body": Fault("", "", "drop", after=10),
    "drip": Fault("", "", "drip", seconds=0.05),
    "range ignored": Fault("", "", "ignore-range"),
    "gzip": Fault("", "", "gzip"),
    "wrong range": Fault("", "", "wrong-range"),
    "garbage": Fault("", "", "garbage"),
    "redirect to itself": Fault("", "", "redirect", headers={"location": ""}),
    "redirect to a file": Fault("", "", "redirect", headers={"location": "file:///etc/passwd"}),
    "redirect to nowhere": Fault("", "", "redirect", headers={"location": "http://127.0.0.1:9/x"}),
}


def strike(server: HubServer, place: str, fault: Fault) -> Fault:
    """Let requests of one kind go wrong; the list of commits is asked for where git is not served."""
    origin, pattern = PLACES[place]
    if place == "commits":
        server.faults.add(Fault("hub", "/info/refs", "status", code=404))
    return server.faults.add(replace(fault, origin=origin, pattern=pattern))


def _matrix() -> list[Any]:
    """Every cell once, and for ever: the latter by default only on the two ends of the line."""
    rows = []
    for times in (1, None):
        for place in PLACES:
            slow = times is None and place not in {"describe", "content"}
            marks = [pytest.mark.slow] if slow else []
            how = "once" if times else "always"
            rows += [
                pytest.param(place, name, times, id=f"{place}-{name}-{how}", marks=marks)
                for name in FAULTS
            ]
    return rows


@pytest.fixture(scope="module")
def truth(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """What is read where nothing goes wrong."""
    home = tmp_path_factory.mktemp("clean")
    with HubServer(folder) as server, door(server, home, Limits()) as hub:
        return everything(hub.open("org/tuned"))


@pytest.mark.parametrize(("place", "name", "times"), _matrix())
def test_a_fault_changes_nothing_or_is_a_reason(
    server: HubServer,
    tmp_path: Path,
    truth: dict[str, object],
    place: str,
    name: str,
    times: int | None,
) -> None:
    """And afterwards, with the same store, all is as it should be."""
    fault = strike(server, place, replace(FAULTS[name], times=times))
    started = time.monotonic()
    with door(server, tmp_path) as hub:
        said = ""
        try:
            assert everything(hub.open("org/tuned")) == truth
        except Unavailable as reason:
            said = f"{reason.message} {reason.remedy}"
    assert not re.search(r"hf_|Signature|Expires|\n", said)
    assert time.monotonic() - started < QUICK.max_wait + 3.0
    assert fault.met > 0
    server.faults.clear()
    with door(server, tmp_path, Limits()) as hub:
        assert everything(hub.open("org/tuned")) == truth


PASSING = [
    "429 bare",
    "429 with RateLimit",
    "500",
    "502",
    "503",
    "hang",
    "drop in mid-body",
    "gzip",
]


@pytest.mark.parametrize("name", PASSING)
@pytest.mark.parametrize("place", PLACES)
def test_a_passing_fault_is_overcome(
    server: HubServer, tmp_path: Path, place: str, name: str
) -> None:
    """One bad answer on each kind of request is not even noticed."""
    strike(server, place, replace(FAULTS[name], times=1))
    with door(server, tmp_path, Limits(backoff=0.01, read=0.5)) as hub:
        assert everything(hub.open("org/tuned"))
        harmless = {("resolve", "drop in mid-body")}  # that body is not read at all
        if (place, name) not in harmless and (name != "gzip" or place == "content"):
            assert hub.usage.retries >= 1


def test_patience_ends_once_for_the_whole_run(server: HubServer, tmp_path: Path) -> None:
    """After it has ended, nothing is asked any more: a hundred files do not wait a hundred times."""
    server.faults.add(Fault("hub", "/api/", "status", code=429, headers=LATE))
    with door(server, tmp_path) as hub:
        started = time.monotonic()
        for _ in range(100):
            with pytest.raises(Unreachable, match="are waited in a run"):
                hub.open("org/tuned")
        assert time.monotonic() - started < 1.0
    assert server.ledger.hub_requests == 1


def test_a_range_that_is_ignored_is_dropped_unread(tmp_path: Path) -> None:
    """The whole file is on its way, and almost nothing of it is taken."""
    root = tmp_path / "hub" / "org" / "big"
    root.mkdir(parents=True)
    with (root / "model.safetensors").open("wb") as file:
        file.truncate(300 << 20)
    from cardlint.source.interface import Range

    with HubServer(tmp_path / "hub") as server:
        server.faults.add(Fault("cdn", "", "ignore-range"))
        with door(server, tmp_path) as hub:
            source = hub.open("org/big")
            with pytest.raises(Malformed, match=r"sends all of model\.safetensors of org/big"):
                source.read_ranges([Range("model.safetensors", 0, 1000)])
            assert hub.usage.bytes < 2000
        assert server.ledger.bytes < 64 << 20  # what the sockets swallowed before they were closed


@pytest.mark.parametrize("code", [401, 403, 416])
def test_an_expired_address_is_resolved_once_more(
    server: HubServer, tmp_path: Path, code: int
) -> None:
    """For all readers together, not by each."""
    with door(server, tmp_path) as hub:
        source = hub.open("org/tuned")
        truth = source.read_ranges(RANGES)
        server.ledger.clear()
    server.faults.add(Fault("cdn", "", "status", code=code, times=1))
    with door(server, tmp_path, keep=False) as hub:
        assert hub.open("org/tuned").read_ranges(RANGES) == truth
    assert len([s for s in server.ledger.seen if "/resolve/" in s.path]) == 2


def test_an_address_that_expires_while_it_is_used(folder: Path, tmp_path: Path) -> None:
    """Signed for a moment only: the next read resolves anew."""
    with HubServer(folder, sign_for=1.0) as server, door(server, tmp_path, keep=False) as hub:
        source = hub.open("org/tuned")
        first = source.read_ranges(RANGES)
        time.sleep(1.1)
        assert source.read_ranges(RANGES) == first
        assert [s.status for s in server.ledger.of("cdn")].count(403) <= 6
        assert len([s for s in server.ledger.seen if "/resolve/" in s.path]) == 2


def test_an_address_that_never_works_is_a_reason(server: HubServer, tmp_path: Path) -> None:
    """Resolved once more, not for ever."""
    server.faults.add(Fault("cdn", "", "status", code=403))
    with door(server, tmp_path) as hub:
        source = hub.open("org/tuned")
        with pytest.raises(Unreachable, match=r"403 for model\.safetensors of org/tuned, also"):
            source.read_ranges(RANGES[:1])
    assert len([s for s in server.ledger.seen if "/resolve/" in s.path]) == 2


def test_requests_are_spread_when_the_limit_is_near(folder: Path, tmp_path: Path) -> None:
    """Below a tenth of the quota there is a pause before each request, and no 429."""
    with HubServer(folder, quota={"api": 40, "resolvers": 3000}) as server:
        with door(server, tmp_path, replace(QUICK, max_wait=30), keep=False) as hub:
            for _ in range(37):
                hub.open("org/tuned")
            before = time.monotonic()
            hub.open("org/tuned")
            assert time.monotonic() - before >= 1.0
        assert 429 not in {s.status for s in server.ledger.seen}


def test_pages_in_a_circle_end(server: HubServer, tmp_path: Path) -> None:
    """A next page that is an earlier one, or on another site."""
    from cardlint.source.hub.client import Asked
    from cardlint.source.hub.listing import _pages

    class Circle:
        """Answers like a client."""

        def __init__(self, onward: str) -> None:
            self.onward = onward

        def json(self, path: str, asked: Asked) -> tuple[list[object], dict[str, str]]:
            del path, asked
            return [{}], {"link": f'<{self.onward}>; rel="next"'}

        def is_hub(self, url: str) -> bool:
            return url.startswith(server.endpoint)

    asked = Asked("org/tuned", "the list")
    for onward in (f"{server.endpoint}/api/x", "https://elsewhere.example/api/x"):
        with pytest.raises(Malformed, match=r"in a circle|at another address"):
            _pages(Circle(onward), "/api/x", asked)  # type: ignore[arg-type]  # as much of a client as is used
    del tmp_path
