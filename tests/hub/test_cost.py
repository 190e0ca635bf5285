"""What a run says of its own cost, held against the ledger of the servers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from cardlint.cli import main
from cardlint.source.limits import Usage
from tests.hub.faults import Fault
from tests.hub.kit import CARD
from tests.hub.server import HubServer
from tests.kit.repos import write_files, write_git

COMMANDS = {
    "check": ["check", "org/tuned", "--exit-zero"],
    "compare": ["compare", "org/tuned", "org/base"],
    "trace": ["trace", "org/tuned"],
    "lineage": ["lineage", "org/tuned"],
    "history": ["history", "org/tuned"],
}
SCHEMAS = {"check": "report"}
Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[tuple[HubServer, Path, Call]]:
    """A test Hub with a base and a fine-tune, its folder, and the program pointed at it."""
    root = tmp_path / "hub"
    small = {"hidden": 32, "layers": 1}
    tuned = {"weights": {"sum": [[1, 7, 0.02], [1, 8, 0.001]]}, **small}
    files_ = {"README.md": CARD.format(1), "model.safetensors": tuned}
    write_git(root / "org" / "tuned", [{"date": "2026-06-13", "files": files_}], bare=True)
    base = {"weights": {"sum": [[1, 7, 0.02]]}, **small}
    write_files(root / "org" / "base", {"README.md": "# Base\n", "model.safetensors": base})

    def run(*args: str) -> tuple[int, str, str]:
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            main([*args])
        said = capsys.readouterr()
        assert isinstance(end.value.code, int)
        return end.value.code, said.out, said.err

    with HubServer(root) as server:
        for name, value in server.environment(tmp_path / "home").items():
            monkeypatch.setenv(name, value)
        yield server, root, run
        assert server.crashes == []


def document(command: str, text: str) -> Any:
    """The JSON output, held against its published schema."""
    found = json.loads(text)
    path = files("cardlint").joinpath(f"schemas/{SCHEMAS.get(command, command)}.json")
    jsonschema.validate(found, json.loads(path.read_text("utf-8")))
    return found


@pytest.mark.parametrize("command", COMMANDS)
def test_the_cost_is_what_the_servers_saw(call: tuple[HubServer, Path, Call], command: str) -> None:
    """In the data, and in one line on stderr for who asks; the output itself is the same."""
    server, _, run = call
    code, out, err = run(*COMMANDS[command], "--format", "json", "--no-cache")
    assert (code, err) == (0, "")
    cost = document(command, out)["run"]["hub"]
    seen = (server.ledger.hub_requests, server.ledger.cdn_requests)
    assert (cost["requests"], cost["content_requests"]) == seen
    assert abs(cost["bytes"] - server.ledger.bytes) < 3000  # bodies of redirects stay unread
    assert (cost["retries"], cost["waited_seconds"]) == (0, 0.0)
    _, quiet, err = run(*COMMANDS[command], "--no-cache")
    assert err == ""
    server.ledger.clear()
    _, loud, err = run(*COMMANDS[command], "--no-cache", "-v")
    assert loud == quiet
    requests = server.ledger.hub_requests
    assert err.startswith(f"cardlint: {requests} requests to the Hub, ")
    assert err.count("\n") == 1


@pytest.mark.parametrize("command", COMMANDS)
def test_a_run_without_the_network_costs_nothing(
    call: tuple[HubServer, Path, Call], command: str
) -> None:
    """No key, and the line says so."""
    server, root, run = call
    code, out, err = run(
        *COMMANDS[command], "--format", "json", "--hub", str(root), "--offline", "-v"
    )
    assert (code, err) == (0, "cardlint: the Hub was not asked\n")
    assert "run" not in document(command, out)
    assert server.ledger.seen == []


def test_what_fails_says_what_it_cost_too(call: tuple[HubServer, Path, Call]) -> None:
    """A missing repository, after a retry."""
    server, _, run = call
    server.faults.add(Fault("hub", "", "status", code=503, times=1))
    code, _, err = run("history", "org/none", "-v")
    assert code == 3
    assert "2 requests to the Hub, 0 to its content hosts; " in err
    assert "1 retry after " in err


def test_the_cost_in_words() -> None:
    """One of a thing is not several."""
    usage = Usage()
    assert usage.text() == "the Hub was not asked"
    usage.add(requests=1, received=1234)
    assert usage.text() == (
        "1 request to the Hub, 0 to its content hosts; 1,234 bytes received, 0 from the cache"
    )
    usage.add(requests=1999, content_requests=3, waited=1.25, cached=7)
    usage.add(waited=1.0)
    assert usage.text() == (
        "2,000 requests to the Hub, 3 to its content hosts; 1,234 bytes received, "
        "7 from the cache; 2 retries after 2.2 s of waiting"
    )
