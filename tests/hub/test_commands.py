"""The fault matrix at the command line: check, compare, trace and history under every fault.

Each says what it says without the fault, or what it could not look at and why. A fault never adds a
finding, never makes a pass of what was not seen, and never makes a run hang.
"""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from cardlint.cli import main
from cardlint.source.limits import Limits
from cardlint.source.store import Store
from tests.hub.faults import Fault
from tests.hub.kit import door
from tests.hub.server import TOKEN, HubServer
from tests.hub.test_faults import FAULTS
from tests.kit.repos import write_files, write_git

ROOT = Path(__file__).parents[2]
WAIT = "1"
"""Seconds of patience in these runs."""
COMMANDS = {
    "check": ["check", "org/tuned", "--format", "json"],
    "check of what is clean": ["check", "org/clean", "--format", "json"],
    "compare": ["compare", "org/tuned", "org/base", "--format", "json"],
    "trace": ["trace", "org/tuned", "--format", "json"],
    "history": ["history", "org/tuned", "--format", "json"],
}
CARD = "---\nlicense: mit\nbase_model: org/base\n---\n# Card {}\n"


@dataclass(frozen=True)
class Said:
    """What a run said."""

    code: int
    out: str
    err: str

    @property
    def verdict(self) -> tuple[int, Any]:
        """The code and the data, without what it cost."""
        return self.code, {k: v for k, v in (self.json or {}).items() if k != "run"}

    @property
    def json(self) -> Any:
        """Its data, if any."""
        return json.loads(self.out) if self.out.strip() else None


@pytest.fixture(scope="module")
def lineage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder hub with a base and two fine-tunes: one says too little, one has nothing wrong."""
    root = tmp_path_factory.mktemp("lineage")
    small = {"hidden": 32, "layers": 1}
    tuned = {"sum": [[1, 7, 0.02], [1, 8, 0.001]]}
    rows = [
        {
            "date": f"2026-06-{13 + i}T10:00:00",
            "message": f"commit {i}",
            "files": {
                "README.md": CARD.format(i),
                "model.safetensors": {"weights": tuned, **small},
            },
        }
        for i in range(2)
    ]
    write_git(root / "org" / "tuned", rows, bare=True)
    base = {"weights": {"sum": [[1, 7, 0.02]]}, **small}
    card = "---\nlicense: apache-2.0\n---\n# Base\n"
    papers = {"LICENSE": (ROOT / "LICENSE").read_text("utf-8"), "NOTICE": "Base\nCopyright Ana\n"}
    write_files(root / "org" / "base", {**papers, "README.md": card, "model.safetensors": base})
    clean = "---\nlicense: apache-2.0\nbase_model: org/base\n---\n# Clean\n"
    clean += "Fine-tuned from org/base: the weights were changed.\n"
    papers["NOTICE"] += "The weights were changed by fine-tuning.\n"
    weights = {"weights": tuned, **small}
    write_files(
        root / "org" / "clean", {**papers, "README.md": clean, "model.safetensors": weights}
    )
    return root


@pytest.fixture
def run(
    lineage: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[tuple[HubServer, Callable[[list[str]], Said]]]:
    """A test Hub, and the program pointed at it, in this process."""

    def call(args: list[str]) -> Said:
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            main([*args, "--max-wait", WAIT])
        said = capsys.readouterr()
        assert TOKEN not in said.out + said.err
        assert isinstance(end.value.code, int)
        return Said(end.value.code, said.out, said.err)

    with HubServer(lineage) as server:
        for name, value in server.environment(tmp_path, TOKEN).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(Limits, "__init__", _quick(Limits.__init__, server))
        yield server, call
        assert server.ledger.leaks == []
        assert server.crashes == []


def _quick(real: Callable[..., None], server: HubServer) -> Callable[..., None]:
    """Limits that give up a silent answer in the time of a test, once there is a fault to meet.

    Without one, a busy machine may be slow: what is true is waited for.
    """

    def init(self: Limits, **given: Any) -> None:
        seconds = 0.3 if server.faults.scripted else 10.0
        real(self, **{"read": seconds, "connect": seconds, "backoff": 0.01, **given})

    return init


def findings(said: Said) -> set[tuple[object, ...]]:
    """The findings of a check: what was found, how bad it is, and where."""
    parts = ("rule", "severity", "confidence", "path", "line", "column", "message")
    return {tuple(f[p] for p in parts) for f in said.json["targets"][0]["findings"]}


WHEN = [("hub", None, 0), ("hub", None, 5), ("hub", 1, 3), ("cdn", None, 0)]
"""Origin, how often, and how many requests go well before: half of it may be known by then."""


def _cells() -> list[Any]:
    rows = []
    for name in FAULTS:
        for origin, times, skip in WHEN:
            quick = origin == "hub" and times is None and name in {"503", "hang", "garbage"}
            id_ = f"{name}-{origin}-{'once' if times else 'always'}-after-{skip}"
            fault = replace(FAULTS[name], origin=origin, pattern="", times=times, skip=skip)
            rows.append(pytest.param(fault, id=id_, marks=[] if quick else [pytest.mark.slow]))
    return rows


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("fault", _cells())
def test_a_fault_changes_no_verdict(
    run: tuple[HubServer, Callable[[list[str]], Said]], command: str, fault: Fault
) -> None:
    """Whatever the command, the fault, and the moment from which on it strikes."""
    server, call = run
    truth = call([*COMMANDS[command], "--no-cache"])
    assert truth.json
    server.faults.add(replace(fault))
    started = time.monotonic()
    said = call([*COMMANDS[command], "--no-cache"])
    assert time.monotonic() - started < 15
    if said.verdict == truth.verdict:
        return
    if command.startswith("check") and said.json:
        missing = said.json["targets"][0]["not_checked"]
        assert missing
        assert all(gap["why"] for gap in missing)
        more = {f[0] for f in findings(said) - findings(truth)}
        # A 401 without a code is how the Hub says that there is no such repository.
        assert more <= ({"provenance/base-unresolved"} if fault.code == 401 else set())
    elif command == "compare" and said.json:
        assert said.json["not_checked"]
        assert said.json["verdict"]["kind"] in {truth.json["verdict"]["kind"], "not-comparable"}
    elif command == "trace" and said.json:
        assert said.json["not_checked"] or said.json["left_out"]
        assert set(said.json["answer"]["undeclared"]) <= set(truth.json["answer"]["undeclared"])
    elif said.json:
        assert not said.json["complete"] or said.json["not_checked"]
    else:
        assert said.code in {2, 3}
        assert said.err.strip()


def _killed(server: HubServer, home: Path, times: int) -> None:
    """Start the program again and again with one cache, and kill it at a random moment."""
    import os

    env = {**os.environ, **server.environment(home)}
    moment = random.Random(7)
    for number in range(times):
        args = COMMANDS["check" if number % 2 else "compare"]
        process = subprocess.Popen(
            [sys.executable, "-c", "from cardlint.cli import main; main()", *args],
            env=env,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(moment.uniform(0.2, 1.2))
        process.send_signal(signal.SIGKILL)
        process.wait()
        for path in (home / "cardlint").rglob("*"):
            if path.is_file() and path.suffix != ".scrap":
                _whole(path)
        for path in (home / "cardlint").glob("pieces-1/??/*"):  # so that the next has work to do
            if moment.random() < 0.5:
                path.unlink()


def _whole(path: Path) -> None:
    """A piece ends with the hash of the rest."""
    import hashlib

    data = path.read_bytes()
    assert hashlib.sha256(data[:-32]).digest() == data[-32:]


def _after_kills(lineage: Path, home: Path, times: int) -> None:
    with HubServer(lineage, latency=0.01) as server:
        with door(server, home / "clean", Limits()) as hub:
            source = hub.open("org/base")
            truth = (source.entries(), source.read_bytes("model.safetensors"))
        _killed(server, home / "killed", times)
        env = server.environment(home / "killed")
        store = Store(Path(env["CARDLINT_CACHE_DIR"]))
        from cardlint.source.cache import HubCache
        from cardlint.source.hub import Hub

        hub = Hub(Limits(), store, HubCache(home / "none"), server.endpoint)
        source = hub.open("org/base")
        assert (source.entries(), source.read_bytes("model.safetensors")) == truth
        hub.close()
        assert server.ledger.leaks == []


def test_killed_runs_leave_the_cache_sound(lineage: Path, tmp_path: Path) -> None:
    """Every piece is whole, and what is read with it is right."""
    _after_kills(lineage, tmp_path, 4)


@pytest.mark.slow
def test_runs_killed_fifty_times_leave_the_cache_sound(lineage: Path, tmp_path: Path) -> None:
    """The same, often."""
    _after_kills(lineage, tmp_path, 50)
