"""Large things at a small cost: long histories, many files, many tensors, large files."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cardlint.source.interface import Range
from cardlint.source.limits import Limits
from cardlint.weights.checkpoint import open_checkpoint
from tests.hub.faults import Fault
from tests.hub.kit import CARD, door
from tests.hub.server import TOKEN, HubServer
from tests.kit.repos import write_git

COMMITS = 2500
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def long_history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``org/long``: 2,500 commits; the card changes in every tenth, weights are in LFS."""
    root = tmp_path_factory.mktemp("long")
    folder = root / "org" / "long"
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'a' * 64}\nsize 99999999\n"
    first = {"README.md": CARD.format(0), "model.safetensors": pointer, "n.txt": "0"}
    ids = write_git(folder, [{"date": "2026-01-01", "files": first}], bare=True)
    parent = f"from {ids[0]}\n"
    stream = [
        f"commit refs/heads/main\ncommitter T <t@e.org> {1780000000 + 60 * n} +0000\n"
        f"data 1\nx\n{parent if n == 1 else ''}M 100644 inline n.txt\n"
        f"data {len(str(n))}\n{n}\n"
        + (
            f"M 100644 inline README.md\ndata {len(CARD.format(n))}\n{CARD.format(n)}\n"
            if n % 10 == 0
            else ""
        )
        for n in range(1, COMMITS)
    ]
    importing = ["git", "-C", str(folder), "fast-import", "--quiet"]
    subprocess.run(importing, input="".join(stream).encode(), check=True)
    return root


def test_a_long_history_comes_in_one_piece(long_history: Path, tmp_path: Path) -> None:
    """2,500 commits, each with its file list and card, in three requests and with parents."""
    with HubServer(long_history) as server, door(server, tmp_path, Limits()) as hub:
        started = time.monotonic()
        source = hub.open("org/long")
        history = source.history()
        assert (len(history.commits), history.complete) == (COMMITS, True)
        assert all(len(c.parents or ()) == 1 for c in history.commits[:-1])
        cards = [source.at(c.id).read_text("README.md") for c in history.commits]
        assert cards == [CARD.format(n // 10 * 10) for n in reversed(range(COMMITS))]
        entry = source.at(history.commits[-1].id).entries()["model.safetensors"]
        assert (entry.size, entry.present) == (99999999, True)  # the Hub has it
        assert server.ledger.hub_requests == 3
        assert server.ledger.bytes < 2 << 20
        assert time.monotonic() - started < 20
        assert server.crashes == []


@pytest.mark.parametrize(
    "fault",
    [
        Fault("hub", "/info/refs", "status", code=404),
        Fault("hub", "git-upload-pack$", "status", code=403),
        Fault("hub", "git-upload-pack$", "drop", after=5000),
        Fault("hub", "git-upload-pack$", "garbage"),
        Fault("hub", "/info/refs", "garbage"),
    ],
    ids=lambda f: f"{f.pattern} {f.kind}",
)
def test_where_git_does_not_serve_each_commit_is_asked_for(
    long_history: Path, tmp_path: Path, fault: Fault
) -> None:
    """The newest of them, without parents: a list of files for each is what it costs."""
    with HubServer(long_history) as server, door(server, tmp_path, Limits(backoff=0.01)) as hub:
        server.faults.add(fault)
        source = hub.open("org/long")
        history = source.history()
        assert len(history.commits) == 50
        assert {c.parents for c in history.commits} == {None}
        assert source.at(history.commits[-1].id).read_text("README.md")
        said = "50 of 2500 commits were read, because git did not send them all: "
        assert (history.why_incomplete or "").startswith(said)
    assert fault.met > 0


def test_the_token_goes_with_git_to_the_hub_only(
    long_history: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a password, as git does; a redirect elsewhere is not followed with it."""
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    with HubServer(long_history) as elsewhere, HubServer(long_history) as server:
        server.states["org/long"] = "private"
        server.tokens[TOKEN] = {"org/long"}
        with door(server, tmp_path, Limits()) as hub:
            history = hub.open("org/long").history()
            assert history.commits[0].parents is not None
        place = {"location": f"{elsewhere.endpoint}/org/long/info/refs?service=git-upload-pack"}
        server.faults.add(Fault("hub", "/info/refs", "redirect", headers=place))
        with door(server, tmp_path, Limits()) as hub:
            hub.open("org/long").history(60)
        assert {s.authorization for s in elsewhere.ledger.seen} <= {None}
        assert server.ledger.leaks == []


def shard(path: Path, tensors: int, first: int, filler: int) -> list[str]:
    """A safetensors file of many small tensors behind a header of their names; sparse."""
    names = [
        f"model.language_model.layers.{n // 2080}.mlp.experts.{n % 512}.gate_proj.weight_{n}"
        for n in range(first, first + tensors)
    ]
    header: dict[str, object] = {
        name: {"dtype": "BF16", "shape": [4, 4], "data_offsets": [32 * n, 32 * n + 32]}
        for n, name in enumerate(names)
    }
    text = json.dumps(header, separators=(",", ":")).encode()
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.truncate(8 + len(text) + max(32 * tensors, filler))
    return names


def test_163_shards_and_124468_tensors(tmp_path: Path) -> None:
    """Headers alone are read: one request to the Hub for a file, and few bytes."""
    folder = tmp_path / "hub" / "org" / "wide"
    folder.mkdir(parents=True)
    weight_map: dict[str, str] = {}
    total, files = 124_468, 163
    for number in range(files):
        name = f"model-{number + 1:05}-of-{files:05}.safetensors"
        first = total * number // files
        count = total * (number + 1) // files - first
        weight_map |= dict.fromkeys(shard(folder / name, count, first, 0), name)
    index = {"metadata": {}, "weight_map": weight_map}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    (folder / "README.md").write_text("---\nlicense: mit\n---\n")
    with HubServer(tmp_path / "hub") as server, door(server, tmp_path, Limits()) as hub:
        started = time.monotonic()
        checkpoint = open_checkpoint(hub.open("org/wide"))
        assert len(checkpoint.stored) == total
        assert server.ledger.hub_requests <= files + 10
        assert server.ledger.bytes < 64 << 20
        assert time.monotonic() - started < 40
        assert server.crashes == []


def test_samples_of_a_20_gb_file_cost_what_they_are(tmp_path: Path) -> None:
    """A sparse file, 64 blocks of 16 KiB: 1 MiB and a little."""
    folder = tmp_path / "hub" / "org" / "big"
    folder.mkdir(parents=True)
    size = 20_000_000_000
    with (folder / "a.txt").open("wb") as file:
        file.write(b"x")
    from tests.hub.repositories import File, FolderRepository

    class Sparse(FolderRepository):
        """The same, with a file that nobody hashes."""

        def files(self, commit: str) -> dict[str, File]:
            return {**super().files(commit), "model.safetensors": File(size, "1" * 40, "2" * 64)}

        def read(self, commit: str, path: str, start: int, length: int) -> bytes:
            if path == "a.txt":
                return super().read(commit, path, start, length)
            return bytes(length)

    served = {"org/big": Sparse("org/big", folder)}
    with HubServer(repositories=served) as server, door(server, tmp_path, Limits()) as hub:
        source = hub.open("org/big")
        step = size // 64
        blocks = [Range("model.safetensors", n * step, 16384) for n in range(64)]
        assert source.read_ranges(blocks) == [bytes(16384)] * 64
        assert server.ledger.bytes < 64 * 16384 + 10_000
        assert server.ledger.hub_requests == 3
        assert server.ledger.cdn_requests == 64


@pytest.mark.slow
def test_the_rio_case_at_full_size(tmp_path: Path) -> None:
    """793 GB a model: at most 64 MiB and 400 requests each, the recipe within 0.001, 60 s."""
    del tmp_path
    started = time.monotonic()
    command = [sys.executable, str(ROOT / "examples" / "rio-full-size" / "run.py")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=280)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "within the limits" in done.stdout
    assert time.monotonic() - started < 60 * 4  # run.py says how long; this machine may be shared
