"""Pickled checkpoints are taken apart, never loaded."""

from __future__ import annotations

import io
import pickle
import sys
import types
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cardlint.errors import CardlintError, Malformed, NotFound
from cardlint.source.local import LocalFolder
from cardlint.weights.checkpoint import open_checkpoint
from cardlint.weights.formats.torch_zip import walk
from tests.weights.reading.kit import Array, array, read, rng, weights


class Stored:
    """A tensor as torch.save reduces it; ``kind`` names its storage."""

    def __init__(self, values: Array, kind: str = "FloatStorage") -> None:
        self.values, self.kind = values, kind


@pytest.fixture
def torch(monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    """The names that torch's pickles mention, so that Python's pickler agrees to write them."""
    torch, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")

    def _rebuild_tensor_v2(*_: Any) -> None:
        raise AssertionError("called")

    def _rebuild_parameter(*_: Any) -> None:
        raise AssertionError("called")

    for function in (_rebuild_tensor_v2, _rebuild_parameter):
        function.__module__, function.__qualname__ = "torch._utils", function.__name__
        setattr(utils, function.__name__, function)
    for name in ("FloatStorage", "HalfStorage", "BFloat16Storage", "LongStorage"):
        setattr(torch, name, type(name, (), {"__module__": "torch"}))
    monkeypatch.setitem(sys.modules, "torch", torch)
    monkeypatch.setitem(sys.modules, "torch._utils", utils)
    return torch


def save(path: Path, state: Any, torch: Any, *, stride: int = 1, protocol: int = 2) -> None:
    """What torch.save writes."""
    blobs: list[bytes] = []
    utils = sys.modules["torch._utils"]

    class Pickler(pickle.Pickler):
        def persistent_id(self, obj: Any) -> Any:
            return obj.said if isinstance(obj, Storage) else None

        def reducer_override(self, obj: Any) -> Any:
            if not isinstance(obj, Stored):
                return NotImplemented
            blobs.append(obj.values.tobytes())
            kind = getattr(torch, obj.kind)
            said = ("storage", kind, str(len(blobs) - 1), "cpu", obj.values.size)
            shape = obj.values.shape
            strides = tuple(int(np.prod(shape[i + 1 :])) * stride for i in range(len(shape)))
            return utils._rebuild_tensor_v2, (Storage(said), 0, shape, strides, False, {})

    out = io.BytesIO()
    Pickler(out, protocol).dump(state)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", out.getvalue())
        archive.writestr("archive/byteorder", "little")
        for i, blob in enumerate(blobs):
            archive.writestr(f"archive/data/{i}", blob)


class Storage:
    """What is saved beside the pickle."""

    def __init__(self, said: tuple[Any, ...]) -> None:
        self.said = said


@pytest.mark.parametrize("nest", [None, "state_dict", "model"])
@pytest.mark.parametrize("protocol", [2, 4])
def test_a_state_dict_is_read(tmp_path: Path, torch: Any, nest: str | None, protocol: int) -> None:
    """The numbers of a model, at the top or where training code keeps them."""
    values = weights(layers=1)
    state: Any = {k: Stored(v) for k, v in values.items()}
    state = {"epoch": 3, nest: state, "args": {"lr": 0.1}} if nest else state
    save(tmp_path / "pytorch_model.bin", state, torch, protocol=protocol)
    found = read(tmp_path)
    assert found.format == "pickle"
    assert found.gaps == ()
    expected = values["model.layers.0.mlp.up_proj.weight"]
    np.testing.assert_array_equal(array(found, "layers.0.mlp.up"), expected)
    assert len(found.blocks) == len(values)


def test_halves_and_integers(tmp_path: Path, torch: Any) -> None:
    """The storage names the type."""
    half = rng(1).standard_normal((4, 4)).astype(np.float16)
    state = {"w": Stored(half, "HalfStorage"), "ids": Stored(np.arange(3), "LongStorage")}
    save(tmp_path / "m.pt", state, torch)
    found = read(tmp_path)
    np.testing.assert_array_equal(array(found, "w"), half.astype(np.float32))
    assert found.tensors["ids"].dtype == "I64"


def test_tensors_that_are_not_in_order_are_said(tmp_path: Path, torch: Any) -> None:
    """A transposed view cannot be read as it lies."""
    state = {"w": Stored(np.ones((4, 4), np.float32)), "b": Stored(np.ones(1, np.float32))}
    save(tmp_path / "m.pt", state, torch, stride=2)
    found = read(tmp_path)
    assert list(found.blocks) == ["b"]
    assert "1 tensors could not be placed" in found.gaps[0]


class Evil:
    """What an attacker saves."""

    def __init__(self, canary: Path) -> None:
        self.canary = canary

    def __reduce__(self) -> Any:
        return Path.write_text, (self.canary, "pwned")


def test_nothing_is_ever_run(tmp_path: Path, torch: Any) -> None:
    """A pickle that would write a file when loaded: read around, and named."""
    canary = tmp_path / "canary"
    state = {"w": Stored(np.ones(4, np.float32)), "x": Evil(canary)}
    save(tmp_path / "m.bin", state, torch)
    found = open_checkpoint(LocalFolder(tmp_path))
    assert list(found.stored) == ["w"]
    assert not canary.exists()
    (problem,) = found.problems
    assert problem.code == "unusual-pickle"
    assert "getattr" in problem.message or "write_text" in problem.message
    assert found.unsafe == ("m.bin",)


@pytest.mark.parametrize("content", [b"", b"PK\3\4", pickle.dumps({"a": 1}), b"\x80\x02}q\x00."])
def test_other_files_are_not_opened(tmp_path: Path, content: bytes) -> None:
    """The old format and bare pickles could only be unpickled."""
    (tmp_path / "pytorch_model.bin").write_bytes(content)
    with pytest.raises(NotFound, match=r"pytorch_model\.bin"):
        read(tmp_path)


def test_a_bomb_is_refused(tmp_path: Path) -> None:
    """A pickle that unpacks to gigabytes."""
    with zipfile.ZipFile(tmp_path / "m.bin", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", bytes(100 << 20))
    with pytest.raises(NotFound, match="pickle exceeds"):
        read(tmp_path)


@given(st.binary(max_size=100))
@settings(max_examples=300, deadline=None)
def test_no_instructions_break_the_walk(text: bytes) -> None:
    """Any bytes: a value or a clear error."""
    try:
        walk(text, "m.bin")
    except CardlintError as error:
        assert "m.bin" in error.message  # noqa: PT017  # both outcomes are right


@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
    max_leaves=20,
))  # fmt: skip
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_plain_values_are_what_pickle_says(value: Any) -> None:
    """Dicts, lists, tuples, numbers and strings come out as they went in, in the protocols of Python 3."""
    for protocol in (3, 4, 5):
        assert walk(pickle.dumps(value, protocol), "m")[0] == value


def test_self_reference_is_no_endless_loop() -> None:
    """A list that holds itself."""
    loop: list[Any] = []
    loop.append(loop)
    assert isinstance(walk(pickle.dumps(loop), "m")[0], list)
    with pytest.raises(Malformed):
        walk(b"\x80\x02h\x05.", "m")
