"""``cardlint atlas`` as a user calls it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cardlint.cli import main
from tests.kit.repos import write_files


def run(capsys: pytest.CaptureFixture[str], *args: object) -> tuple[int, str, str]:
    """Exit code, stdout and stderr."""
    with pytest.raises(SystemExit) as end:
        main(["atlas", *map(str, args)])
    out, err = capsys.readouterr()
    return int(end.value.code or 0), out, err


def test_add_list_check_and_merge(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Models and whole atlases are added; what cannot be read is told and the rest goes in."""
    hub = tmp_path / "hub"
    for name, seed in (("one", 1), ("two", 2)):
        spec = {"weights": {"sum": [[1, seed, 0.02]]}, "hidden": 32}
        write_files(hub / "lab" / name, {"model.safetensors": spec})
    first, second = tmp_path / "first", tmp_path / "second"
    options = ["--hub", hub, "--offline"]
    assert run(capsys, "add", first, "lab/one", *options)[0] == 0
    code, out, err = run(capsys, "add", second, first, "lab/two", "lab/gone", *options)
    assert (code, len(out.splitlines())) == (0, 2)
    assert "lab/gone was not added" in err
    code, out, _ = run(capsys, "list", second, "--format", "json")
    assert [row["repo_id"] for row in json.loads(out)] == ["lab/one", "lab/two"]
    assert run(capsys, "check", second)[1] == "2 sketches of 1 architectures; all whole\n"
    next(second.rglob("lab--one*.safetensors")).write_bytes(b"")
    code, out, _ = run(capsys, "check", second)
    assert code == 1
    assert "is not the file that was added" in out
    assert run(capsys, "add", second, "lab/gone", *options)[0] == 3
