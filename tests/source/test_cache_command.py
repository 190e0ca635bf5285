"""``cardlint cache``: what it shows, what it removes, what it leaves alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cardlint.cli import main
from cardlint.source.store import Store


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of ten pieces of 1,000 bytes, and a Hugging Face cache beside it."""
    monkeypatch.setenv("CARDLINT_CACHE_DIR", str(tmp_path / "cardlint"))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    (tmp_path / "hf" / "hub").mkdir(parents=True)
    (tmp_path / "hf" / "hub" / "file").write_text("keep")
    for number in range(10):
        Store().put(str(number), b"x" * 968)
    return tmp_path


def call(capsys: pytest.CaptureFixture[str], *args: str) -> str:
    """Run it; it must end with 0."""
    with pytest.raises(SystemExit) as end:
        main(["cache", *args])
    assert end.value.code == 0
    return capsys.readouterr().out


def test_info_tells_where_and_how_large(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As text and as data."""
    assert call(capsys, "info").splitlines() == [
        str(folder / "cardlint"),
        "10 pieces, 10,000 bytes of at most 2,147,483,648",
    ]
    assert json.loads(call(capsys, "info", "--format", "json")) == {
        "schema": "cardlint/cache/1",
        "folder": str(folder / "cardlint"),
        "pieces": 10,
        "bytes": 10000,
        "max_bytes": 2147483648,
    }


def test_prune_leaves_what_may_stay(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In bytes."""
    assert call(capsys, "prune", "--size", "4K") == "Removed 6 pieces, 6,000 bytes.\n"
    assert Store().info().pieces == 4
    assert (folder / "hf" / "hub" / "file").exists()


def test_clear_leaves_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of this cache; the Hugging Face cache is another one."""
    assert call(capsys, "clear") == "Removed 10 pieces, 10,000 bytes.\n"
    assert call(capsys, "clear") == "Removed 0 pieces, 0 bytes.\n"
    assert [p.name for p in folder.rglob("*") if p.is_file()] == ["file"]


def test_a_file_that_was_left_out_is_in_the_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As not checked, with the reason: nobody may take it for seen."""
    (tmp_path / "README.md").write_text("---\nlicense: mit\n---\n# x\n")
    (tmp_path / "model.safetensors").symlink_to("/etc/passwd")
    with pytest.raises(SystemExit):
        main(["check", str(tmp_path), "--format", "json", "--offline"])
    gaps = json.loads(capsys.readouterr().out)["targets"][0]["not_checked"]
    assert ("model.safetensors", "a symbolic link out of the folder") in {
        (g["what"], g["why"]) for g in gaps
    }
