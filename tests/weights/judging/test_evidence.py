"""Evidence files: every figure again from the file, and the numbers again from their source."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET  # what is parsed was written here

import pytest

from cardlint.cli import main
from tests.kit.weights import llama_shapes, tensors, write_safetensors

SHAPES = llama_shapes(hidden=64, layers=2, vocab=128)
TUNED = {"sum": [[1, 1, 0.02], [1, 2, 0.002]]}
BASE = {"sum": [[1, 1, 0.02]]}


def run(*args: str | Path) -> int:
    """The exit code of the program."""
    with pytest.raises(SystemExit) as stop:
        main([str(a) for a in args])
    return int(stop.value.code or 0)


@pytest.fixture
def hub(tmp_path: Path) -> Path:
    """A folder hub: base, tuned, their merge."""
    specs: dict[str, dict[str, Any]] = {
        "o/base": BASE,
        "o/tuned": TUNED,
        "o/merge": {"mix": [[0.6, TUNED], [0.4, BASE]]},
    }
    for name, spec in specs.items():
        write_safetensors(tmp_path / "hub" / name / "model.safetensors", tensors(spec, SHAPES))
    return tmp_path / "hub"


def compared(hub: Path, *more: str | Path) -> int:
    """Compare the merge with its parents, offline."""
    return run("compare", "o/merge", "o/tuned", "o/base", "--hub", hub, "--offline", *more)


def test_the_sentence_comes_first(hub: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Text: the verdict, then the table by component and layer."""
    assert compared(hub) == 0
    text = capsys.readouterr().out
    assert text.startswith("o/merge is consistent with 0.6·o/tuned + 0.4·o/base")
    for word in ("attention.q", "mlp.down", "layer", "coverage: "):
        assert word in text


def test_json_is_data_and_nothing_else(hub: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Stdout is one JSON object."""
    assert compared(hub, "--format", "json") == 0
    data = json.loads(capsys.readouterr().out)
    assert data["schema"] == "cardlint/compare/1"
    assert data["verdict"]["coefficients"]["o/tuned"]["value"] == 0.6


def test_evidence_agrees_with_itself_and_its_source(
    hub: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 0, and the source was read."""
    file = tmp_path / "evidence.zip"
    assert compared(hub, "--evidence", file) == 0
    capsys.readouterr()
    assert run("verify", file, "--hub", hub, "--offline", "--format", "json") == 0
    data = json.loads(capsys.readouterr().out)
    assert data["ok"] is True
    assert [c["ok"] for c in data["checks"]] == [True] * 7


def test_the_same_evidence_gives_the_same_bytes(hub: Path, tmp_path: Path) -> None:
    """Nothing of the day, the machine or the run is in the file."""
    one, two = tmp_path / "1.zip", tmp_path / "2.zip"
    compared(hub, "--evidence", one)
    compared(hub, "--evidence", two)
    assert one.read_bytes() == two.read_bytes()


def _altered(source: Path, target: Path, name: str, change: tuple[bytes, bytes]) -> None:
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for info in old.infolist():
            data = old.read(info)
            if info.filename == name:
                assert change[0] in data
                data = data.replace(*change, 1)
            new.writestr(info, data)


def test_a_figure_that_was_changed_is_found(
    hub: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The coefficient says 0.61: exit code 1 and both values."""
    file, forged = tmp_path / "evidence.zip", tmp_path / "forged.zip"
    compared(hub, "--evidence", file)
    _altered(file, forged, "evidence.json", (b'"value": 0.6,', b'"value": 0.61,'))
    capsys.readouterr()
    assert run("verify", forged, "--no-source") == 1
    assert "says 0.61, computed 0.6" in capsys.readouterr().out


def test_weights_that_changed_at_the_source_are_found(
    hub: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The repository holds other numbers now."""
    file = tmp_path / "evidence.zip"
    compared(hub, "--evidence", file)
    write_safetensors(hub / "o/tuned/model.safetensors", tensors(BASE, SHAPES))
    capsys.readouterr()
    assert run("verify", file, "--hub", hub, "--offline") == 1
    assert "DIFFERS      the numbers of o/tuned at their source" in capsys.readouterr().out


@pytest.mark.parametrize(
    "content", [b"", b"PK\x05\x06" + bytes(18), b"no archive", b"PK\x03\x04" * 50]
)
def test_what_is_no_evidence_is_an_error_with_a_remedy(
    content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2, no traceback."""
    file = tmp_path / "evidence.zip"
    file.write_bytes(content)
    assert run("verify", file) == 2
    assert "cardlint compare" in capsys.readouterr().err


def test_the_figure_is_well_formed(hub: Path, tmp_path: Path) -> None:
    """An SVG with a title for every cell, readable by any parser."""
    file = tmp_path / "figure.svg"
    assert compared(hub, "--figure", file) == 0
    root = ET.fromstring(file.read_text("utf-8"))  # noqa: S314  # our own output
    titles = [t.text or "" for t in root.iter("{http://www.w3.org/2000/svg}title")]
    assert "attention.q, 0: 0.6000" in titles
    assert "attention.q, 0: 1.0000" in titles


def test_a_parent_that_is_not_there_is_not_checked(
    hub: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 3, with the reason."""
    assert run("compare", "o/merge", "o/gone", "--hub", hub, "--offline") == 3
    assert "not checked: o/gone is not in" in capsys.readouterr().err
