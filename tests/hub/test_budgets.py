"""What reading costs, asserted on the ledger of the servers."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from cardlint.errors import OverBudget
from cardlint.source.interface import Range
from cardlint.source.limits import Limits
from tests.hub.kit import CARD, RANGES, WEIGHTS, door, everything
from tests.hub.server import TOKEN, HubServer
from tests.kit.repos import write_files, write_git


def test_what_each_thing_costs(server: HubServer, tmp_path: Path) -> None:
    """Opening 1, the list 1, a text 1, any number of ranges of one file 1, a history 2."""
    with door(server, tmp_path, Limits()) as hub:
        source = hub.open("org/tuned")
        costs = [server.ledger.hub_requests]
        for step in (
            source.entries,
            lambda: source.read_text("README.md"),
            lambda: source.read_ranges(RANGES),
            lambda: source.read_ranges(RANGES[::-1]),
            source.history,
            lambda: source.at(source.identity.commit or ""),
        ):
            before = server.ledger.hub_requests
            step()
            costs.append(server.ledger.hub_requests - before)
        assert costs == [1, 1, 1, 1, 0, 2, 0]
        assert hub.usage.requests == server.ledger.hub_requests
        assert hub.usage.content_requests == server.ledger.cdn_requests
        assert abs(hub.usage.bytes - server.ledger.bytes) < 2000  # bodies of redirects stay unread


def test_a_second_run_asks_for_almost_nothing(server: HubServer, tmp_path: Path) -> None:
    """Only which commit it is now."""
    with door(server, tmp_path, Limits()) as hub:
        first = everything(hub.open("org/tuned"))
    server.ledger.clear()
    with door(server, tmp_path, Limits()) as hub:
        assert everything(hub.open("org/tuned")) == first
        assert hub.usage.cached_bytes > 0
    assert (server.ledger.hub_requests, server.ledger.cdn_requests) == (1, 0)


def test_ranges_cost_their_own_bytes(server: HubServer, tmp_path: Path) -> None:
    """Not a readahead, not a block size; close ones come together, far ones at once."""
    with door(server, tmp_path, Limits()) as hub:
        source = hub.open("org/tuned")
        source.entries()
        server.ledger.clear()
        source.read_ranges([Range("model.safetensors", n * 1000, 500) for n in range(64)])
        assert server.ledger.bytes <= 64 * 1000 + 200
        assert server.ledger.cdn_requests == 1
        source.read_ranges(
            [Range("model.safetensors", 70_000 + n * 10_000, 500) for n in range(16)]
        )
        assert server.ledger.cdn_requests == 17
    assert {s.accept_encoding for s in server.ledger.seen} == {"identity"}


def test_the_request_budget_is_by_repository(server: HubServer, tmp_path: Path) -> None:
    """It ends with the reason, before the request is made."""
    with door(server, tmp_path, replace(Limits(), requests=2)) as hub:
        source = hub.open("org/tuned")
        source.entries()
        with pytest.raises(OverBudget, match="2 requests are spent on this repository"):
            source.read_text("README.md")
    assert server.ledger.hub_requests == 2


def test_the_byte_budget_ends_reading(server: HubServer, tmp_path: Path) -> None:
    """At most one answer beyond it."""
    with door(server, tmp_path, replace(Limits(), bytes=20_000, readers=1)) as hub:
        source = hub.open("org/tuned")
        with pytest.raises(OverBudget, match="20,000 bytes are spent"):
            source.read_ranges([Range("model.safetensors", n * 9000, 4000) for n in range(20)])
        assert hub.usage.bytes < 26_000


def test_reading_is_parallel(folder: Path, tmp_path: Path) -> None:
    """48 far ranges over a link of 50 ms in a few round trips, not in 48."""
    import time

    with HubServer(folder, latency=0.05) as server, door(server, tmp_path, Limits()) as hub:
        source = hub.open("org/tuned")
        source.read_ranges([Range("model.safetensors", 0, 8)])
        started = time.monotonic()
        source.read_ranges([Range("model.safetensors", n * 5000, 100) for n in range(1, 49)])
        assert time.monotonic() - started < 1.2  # 2.4 s one after the other
        assert server.ledger.cdn_requests == 49


def cardlint(server: HubServer, home: Path, *args: str) -> subprocess.CompletedProcess[str]:
    """Run the program as a user would, against the test Hub."""
    env = {**os.environ, **server.environment(home, TOKEN)}
    command = [sys.executable, "-c", "from cardlint.cli import main; main()", *args]
    return subprocess.run(
        command, env=env, capture_output=True, text=True, timeout=120, check=False
    )


@pytest.mark.parametrize("commits", [0, 1, 30, 80])
def test_a_full_check_of_a_single_file_repository_costs_at_most_12_requests(
    tmp_path: Path, commits: int
) -> None:
    """Card, license, history, configuration, weights: the sum is what counts, however long the past."""

    def card(number: int) -> str:
        return f"---\nlicense: mit\n---\n# A model {number}\n"

    weights = {"weights": {"sum": [[1, 7, 0.02]]}}
    files = {
        "README.md": card(0),
        "LICENSE": "MIT License\n",
        "config.json": {"json": {"model_type": "llama"}},
        "tokenizer_config.json": {"json": {"chat_template": "{{ messages }}"}},
        "generation_config.json": {"json": {}},
        "model.safetensors": weights,
    }
    place = tmp_path / "hub" / "org" / "single"
    if commits:
        rows = [{"date": "2026-06-01", "files": files}] + [
            {"date": f"2026-07-01T{n // 60:02}:{n % 60:02}", "files": {"README.md": card(n)}}
            for n in range(1, commits)
        ]
        write_git(place, rows, bare=True)
    else:  # no history, and a hub that serves no git
        write_files(place, files)
    with HubServer(tmp_path / "hub") as server:
        done = cardlint(server, tmp_path / "home", "check", "org/single")
        assert done.returncode in {0, 1}, done.stderr
        assert "org/single" in done.stdout
        assert server.ledger.hub_requests <= 12, [s.path for s in server.ledger.seen]
        assert server.ledger.bytes < 4 << 20
        assert server.ledger.leaks == []
        assert server.crashes == []
        assert TOKEN not in done.stdout + done.stderr


@pytest.mark.parametrize("late", [False, True])
def test_check_says_the_same_of_a_folder_hub_and_of_the_hub(
    folder: Path, tmp_path: Path, *, late: bool
) -> None:
    """The place must not change the verdict, on the present state nor on the past."""
    import json

    if late:
        folder = tmp_path / "late"
        rows = [
            {"date": "2026-06-01", "files": {"README.md": "# M\n", "model.safetensors": WEIGHTS}},
            {"date": "2026-06-11", "files": {"README.md": CARD.format(1)}},
        ]
        write_git(folder / "org" / "tuned", rows, bare=True)
    with HubServer(folder) as server:
        remote = cardlint(server, tmp_path, "check", "org/tuned", "--format", "json")
        local = cardlint(
            server, tmp_path, "check", "org/tuned", "--format", "json", "--hub", str(folder)
        )
        assert server.crashes == []
    findings = [json.loads(run.stdout)["targets"][0]["findings"] for run in (remote, local)]
    assert ("history/base-added-late" in {f["rule"] for f in findings[0]}) == late
    for finding in findings[0]:  # what only the Hub knows
        finding["message"] = finding["message"].partition(" The repository was downloaded")[0]
        for key in [k for k in finding["evidence"] if k.startswith("downloads_")]:
            del finding["evidence"][key]
    assert findings[0] == findings[1]
    assert findings[0]
