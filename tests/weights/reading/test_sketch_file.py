"""A sketch on disk says what it said in memory, and nothing else is taken for one."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cardlint.cli import main
from cardlint.errors import CardlintError, Malformed, NotFound, UsageError
from cardlint.weights.sketch_file import is_sketch, load, save
from tests.weights.reading.kit import read, weights, write


@pytest.mark.parametrize("dtype", ["BF16", "F16", "F32"])
def test_everything_comes_back(tmp_path: Path, dtype: str) -> None:
    """Numbers to the bit, names, files, coverage, gaps."""
    sketch = read(write(tmp_path, weights(), dtype), name="org/model")
    save(sketch, tmp_path / "m.sketch")
    back = load(tmp_path / "m.sketch")
    assert is_sketch(tmp_path / "m.sketch")
    for name, block in sketch.blocks.items():
        np.testing.assert_array_equal(back.blocks[name].values, block.values)
        np.testing.assert_array_equal(back.blocks[name].runs, block.runs)
        assert back.blocks[name].values.dtype == block.values.dtype
        assert back.blocks[name].ranges == block.ranges != ()
    for key in ("name", "repo_id", "commit", "files", "tensors", "coverage", "config", "plan"):
        assert getattr(back, key) == getattr(sketch, key)
    assert (back.gaps, back.delta, back.format) == (sketch.gaps, sketch.delta, sketch.format)


def test_other_tools_can_open_it(tmp_path: Path) -> None:
    """It is plain safetensors, in the model's own precision."""
    from safetensors import safe_open

    save(read(write(tmp_path, weights(), "F16")), tmp_path / "m.sketch")
    with safe_open(tmp_path / "m.sketch", "np") as file:
        assert file.get_tensor("layers.0.mlp.up").dtype == np.float16
        assert file.metadata()["plan"] == "1"


def test_a_model_is_no_sketch(tmp_path: Path) -> None:
    """Nor is a missing file."""
    write(tmp_path, weights(layers=1))
    assert not is_sketch(tmp_path / "model.safetensors")
    assert not is_sketch(tmp_path / "none")
    with pytest.raises(Malformed, match="not a sketch"):
        load(tmp_path / "model.safetensors")
    with pytest.raises(NotFound):
        load(tmp_path / "none")


@pytest.mark.parametrize(
    "change",
    [
        {"runs": '{"embedding": [[0, 5]]}'},
        {"runs": '{"embedding": [[-4, 16384]]}'},
        {"runs": '{"embedding": [[8192, 8192], [0, 8192]]}'},
        {"runs": '{"ghost": [[0, 1]]}'},
        {"runs": "7"},
        {"runs": '{"embedding": [[0, 1e400]]}'},
        {"coverage": "{}"},
        {"files": "["},
        {"cardlint.sketch": "99"},
    ],
)
def test_what_does_not_add_up_is_refused(tmp_path: Path, change: dict[str, str]) -> None:
    """A sketch is evidence from others: nothing in it is believed."""
    save(read(write(tmp_path, weights(layers=1))), tmp_path / "m.sketch")
    data = (tmp_path / "m.sketch").read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    header["__metadata__"] |= change
    text = json.dumps(header).encode()
    (tmp_path / "m.sketch").write_bytes(len(text).to_bytes(8, "little") + text + data[8 + length :])
    with pytest.raises(Malformed):
        load(tmp_path / "m.sketch")


@given(st.integers(0, 4000), st.binary(min_size=1, max_size=8))
@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_damage_is_an_error_not_a_crash(tmp_path: Path, at: int, junk: bytes) -> None:
    """Wherever a byte is changed."""
    file, damaged = tmp_path / "m.sketch", tmp_path / "damaged"
    if not file.exists():
        save(read(write(tmp_path, weights(layers=1, hidden=16, vocab=32))), file)
    data = file.read_bytes()
    damaged.write_bytes(data[:at] + junk + data[at + len(junk) :])
    try:
        load(damaged)
    except CardlintError as error:
        assert str(damaged) in error.message  # noqa: PT017  # both outcomes are right


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    """With the reason, and nothing half-written stays."""
    with pytest.raises(UsageError, match="cannot be written"):
        save(read(write(tmp_path, weights(layers=1))), tmp_path / "no" / "m.sketch")


def test_the_command_writes_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`cardlint sketch MODEL -o F`, as a user runs it."""
    write(tmp_path, weights())
    with pytest.raises(SystemExit) as stop:
        main(["sketch", str(tmp_path), "-o", str(tmp_path / "m.sketch"), "--offline"])
    assert stop.value.code == 0
    assert "21 of 21 tensors" in capsys.readouterr().err
    assert asdict(load(tmp_path / "m.sketch").coverage)["layers"] == (2, 2)
