"""ONNX initializers are read where they lie, in the file or beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cardlint.errors import CardlintError, NotFound
from tests.weights.reading.kit import Array, array, read, rng

onnx = pytest.importorskip("onnx", reason="the onnx package makes the test files")


def model(values: dict[str, Array]) -> Any:
    """A model of initializers, by the reference writer."""
    tensors = [onnx.numpy_helper.from_array(v, k) for k, v in values.items()]
    node = onnx.helper.make_node("Identity", ["w"], ["y"])
    output = onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, None)
    return onnx.helper.make_model(onnx.helper.make_graph([node], "g", [], [output], tensors))


VALUES: dict[str, Array] = {
    "w": rng(1).standard_normal((300, 40)).astype(np.float32),
    "half": rng(2).standard_normal((8, 8)).astype(np.float16),
    "long": np.arange(5),
}


@pytest.mark.parametrize("beside", [False, True])
def test_initializers_are_read(tmp_path: Path, beside: bool) -> None:  # noqa: FBT001  # a parameter of the table
    """The same numbers, inside or as external data."""
    path = tmp_path / "model.onnx"
    onnx.save(
        model(VALUES), path, save_as_external_data=beside, location="data.bin", size_threshold=0
    )
    found = read(tmp_path)
    assert found.format == "onnx"
    np.testing.assert_array_equal(array(found, "w"), VALUES["w"])
    np.testing.assert_array_equal(array(found, "half"), VALUES["half"].astype(np.float32))
    assert ("data.bin" in found.files) == beside


@pytest.mark.parametrize("location", ["../data.bin", "/etc/passwd", "none.bin"])
def test_data_outside_the_folder_is_not_read(tmp_path: Path, location: str) -> None:
    """Named as not placed."""
    made = model({"w": VALUES["w"], "b": VALUES["half"]})
    tensor = made.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    for key, value in (("location", location), ("length", "48000")):
        tensor.external_data.add(key=key, value=value)
    (tmp_path / "model.onnx").write_bytes(made.SerializeToString())
    found = read(tmp_path)
    assert list(found.blocks) == ["b"]
    assert "1 initializers could not be placed" in found.gaps[0]


@given(at=st.integers(0, 300), junk=st.binary(min_size=1, max_size=6))
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_damage_is_an_error_not_a_crash(tmp_path: Path, at: int, junk: bytes) -> None:
    """Wherever bytes are changed."""
    data = model({"w": VALUES["w"][:2]}).SerializeToString()
    (tmp_path / "model.onnx").write_bytes(data[:at] + junk + data[at + len(junk) :])
    try:
        found = read(tmp_path)
    except CardlintError as error:
        assert error.message  # noqa: PT017  # both outcomes are right
    else:
        assert found.coverage.elements[0] <= found.coverage.elements[1]


def test_a_file_that_is_no_graph_is_said(tmp_path: Path) -> None:
    """Empty, or something else."""
    (tmp_path / "model.onnx").write_bytes(b"")
    with pytest.raises(NotFound, match=r"model\.onnx holds no ONNX graph"):
        read(tmp_path)
