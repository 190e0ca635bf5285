"""One file that the Hub does not give is never one that is not there.

A merge that declares everything, with all its papers: whatever single file of it or of its parents
is refused, no rule may find anything that it does not find with the file.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cardlint.cli import main
from tests.hub.faults import Fault
from tests.hub.server import HubServer
from tests.kit.repos import write_files

ROOT = Path(__file__).parents[2]
SMALL = {"hidden": 64, "layers": 2}
BASE = {"sum": [[1, 7, 0.02]]}
TUNED = {"sum": [[1, 7, 0.02], [1, 8, 0.001]]}
MERGED = {"mix": [[0.565, TUNED], [0.435, BASE]]}
FILES = ("README.md", "LICENSE", "NOTICE", "config.json", "model.safetensors")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubServer]:
    """Base, fine-tune and their declared merge."""
    root = tmp_path_factory.mktemp("unseen")
    text = (ROOT / "LICENSE").read_text("utf-8")
    parents = {
        "base": "",
        "tuned": "base_model: org/base\n",
        "merged": "base_model:\n- org/tuned\n- org/base\nbase_model_relation: merge\n",
    }
    for number, (name, weights) in enumerate(
        {"base": BASE, "tuned": TUNED, "merged": MERGED}.items()
    ):
        card = f"---\nlicense: apache-2.0\n{parents[name]}---\n# {name}\n"
        card += "".join(f"The weights of {p} were changed.\n" for p in ("org/tuned", "org/base"))
        files = {
            "README.md": card,
            "LICENSE": text + "\n" * number,  # so that one is not known from another
            "NOTICE": "Copyright Ana\n" + "\n" * number,
            "config.json": {"json": {"model_type": "llama", "of": name}},
            "model.safetensors": {"weights": weights, **SMALL},
        }
        write_files(root / "org" / name, files)
    with HubServer(root) as hub:
        yield hub
        assert hub.ledger.leaks == []
        assert hub.crashes == []


@pytest.fixture
def check(
    server: HubServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[object]:
    """Check the merge, its parents named as candidates as well."""
    for name, value in server.environment(tmp_path).items():
        monkeypatch.setenv(name, value)

    def call() -> tuple[set[tuple[str, str]], list[dict[str, str]]]:
        named = [p for parent in ("org/tuned", "org/base") for p in ("--candidate", parent)]
        capsys.readouterr()
        with pytest.raises(SystemExit):
            main(
                ["check", "org/merged", *named, "--no-cache", "--max-wait", "1", "--format", "json"]
            )
        said = json.loads(capsys.readouterr().out)["targets"][0]
        return {(f["rule"], f["message"]) for f in said["findings"]}, said["not_checked"]

    yield call
    server.faults.clear()


@pytest.fixture(scope="module")
def known() -> list[Any]:
    """What is found where nothing is refused, once it was looked at."""
    return []


LATER = [pytest.param(code, marks=pytest.mark.slow) for code in (404, 503)]


@pytest.mark.parametrize("code", [403, *LATER])
@pytest.mark.parametrize("path", FILES)
@pytest.mark.parametrize("name", ["merged", "tuned", "base"])
def test_a_refused_file_is_not_a_missing_one(
    server: HubServer, check: object, known: list[Any], name: str, path: str, code: int
) -> None:
    """Nothing more is found, and what was not seen is told."""
    assert callable(check)
    if not known:
        known.append(check())
    truth, missing = known[0]
    assert missing == []
    pattern = f"org/{name}/(raw|resolve)/.*/{path}"
    fault = server.faults.add(Fault("hub", pattern, "status", code=code))
    said, missing = check()
    assert said <= truth
    # A parent's configuration only helps to align; without it the weights say the same here.
    assert missing or not fault.met or path == "config.json"
