"""A header is believed only as far as it adds up."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardlint.errors import CardlintError, Malformed
from cardlint.source.local import LocalFolder
from cardlint.weights.checkpoint import open_checkpoint
from cardlint.weights.files import MAX_SAID
from cardlint.weights.read import sketch
from cardlint.weights.safetensors_header import MAX_HEADER, header_length, parse
from tests.weights.reading.kit import raw_header

ONE = b'"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}'
TWICE = b"{" + ONE + b"," + ONE + b"}"


def tensor(dtype: str = "F32", shape: Any = (1,), offsets: Any = (0, 4)) -> dict[str, Any]:
    """A header's entry."""
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets)}


def codes(header: Any, data: int = 4) -> list[str]:
    """The codes of what is wrong with a header before so many bytes of data."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return [p.code for p in parse(text, "m.safetensors", 8 + len(text) + data).problems]


@pytest.mark.parametrize(
    ("header", "data", "expected"),
    [
        ({"a": tensor()}, 4, []),
        ({"a": tensor(shape=(0, 5), offsets=(0, 0))}, 0, []),
        ({"a": tensor(shape=(), offsets=(0, 4))}, 4, []),
        ({"a": tensor("F4", (3,), (0, 2))}, 2, []),
        ({"a": tensor("F31")}, 4, ["unknown-dtype"]),
        ({"a": tensor(dtype=["F32"])}, 0, ["unknown-dtype"]),  # type: ignore[arg-type]  # hostile on purpose
        ({"a": tensor(offsets=(0, 8), shape=(2,))}, 4, ["offsets-outside"]),
        ({"a": tensor(offsets=(4, 0))}, 4, ["offsets-outside"]),
        ({"a": tensor(offsets=(0, 3))}, 3, ["size-mismatch"]),
        ({"a": tensor(shape=(-1,))}, 0, ["header-unreadable"]),
        ({"a": tensor(shape=(True,))}, 0, ["header-unreadable"]),
        ({"a": tensor(shape=(1.0,))}, 0, ["header-unreadable"]),
        ({"a": tensor(shape=(2**62, 2**62, 0), offsets=(0, 0))}, 0, []),
        ({"a": tensor(offsets=(2**63, 2**63))}, 0, ["header-unreadable"]),
        ({"a": tensor(offsets=(0, 4, 8))}, 0, ["header-unreadable"]),
        ({"a": {"dtype": "F32"}}, 0, ["header-unreadable"]),
        ({"a": 5}, 0, ["header-unreadable"]),
        ({"a": tensor(), "b": tensor(offsets=(2, 6))}, 6, ["offsets-overlap"]),
        ({"a": tensor(), "b": tensor(offsets=(8, 12))}, 12, ["offsets-hole"]),
        ({"a": tensor()}, 9, ["offsets-hole"]),
        (TWICE, 4, ["duplicate-tensor"]),
    ],
)  # fmt: skip
def test_faults_are_named(header: Any, data: int, expected: list[str]) -> None:
    """Each fault has its code; what is right has none."""
    assert codes(header, data) == expected


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"7", b"\xff\xfe", b'{"a":' * 100_000])
def test_what_is_no_object_is_refused(text: bytes) -> None:
    """Not JSON, not an object, or nested without end."""
    with pytest.raises(Malformed):
        parse(text, "m.safetensors", 8 + len(text))


@pytest.mark.parametrize(
    ("length", "size", "words"),
    [
        (2**63, 100, "9,223,372,036,854,775,808"),
        (2**64 - 1, 100, "allowed"),
        (MAX_HEADER + 1, 10**12, "25,000,000"),
        (93, 100, "truncated"),
    ],
)
def test_lengths_that_cannot_be_are_refused(length: int, size: int, words: str) -> None:
    """The length is checked before a byte of the header is read."""
    with pytest.raises(Malformed, match=words):
        header_length(length.to_bytes(8, "little"), "m.safetensors", size)


def test_a_thousand_faults_are_counted_not_told() -> None:
    """A hostile header does not flood the report."""
    found = codes({f"t{i}": tensor("X") for i in range(1000)}, 0)
    assert len(found) == MAX_SAID + 1
    assert found[-1] == "more"


def test_a_header_at_the_cap_is_read_within_seconds(tmp_path: Path) -> None:
    """25,000,000 bytes, as many tensors as fit."""
    entries = {f"model.layers.0.x{i:0900}": tensor("U8", (1,), (i, i + 1)) for i in range(25_000)}
    text = json.dumps(entries, separators=(",", ":")).encode()
    assert 20_000_000 < len(text) <= MAX_HEADER
    text += b" " * (MAX_HEADER - len(text))
    (tmp_path / "model.safetensors").write_bytes(raw_header(text, bytes(25_000)))
    start = time.perf_counter()
    assert len(open_checkpoint(LocalFolder(tmp_path)).stored) == 25_000
    assert time.perf_counter() - start < 10


@given(
    st.dictionaries(
        st.text(max_size=12) | st.just("__metadata__"),
        st.one_of(
            st.none(),
            st.integers(),
            st.builds(
                lambda d, s, o: {"dtype": d, "shape": s, "data_offsets": o},
                st.sampled_from(["F32", "BF16", "F4", "BOOL", "C64", "I64", "?"]),
                st.lists(st.integers(-1, 2**64) | st.booleans(), max_size=40) | st.none(),
                st.lists(st.integers(-1, 2**64), max_size=3) | st.text(max_size=3),
            ),
        ),
        max_size=6,
    ),
    st.binary(max_size=64),
)
@settings(max_examples=300, deadline=None)
def test_no_header_breaks_reading(header: dict[str, Any], data: bytes) -> None:
    """Whatever the header says, the answer is a sketch or a clear error."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "model.safetensors").write_bytes(raw_header(header, data))
        _never_a_traceback(Path(folder))


@given(st.binary(max_size=200))
@settings(max_examples=200, deadline=None)
def test_no_bytes_break_reading(data: bytes) -> None:
    """Nor whatever the file is."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "model.safetensors").write_bytes(data)
        Path(folder, "model.gguf").write_bytes(b"GGUF\3\0\0\0" + data)
        _never_a_traceback(Path(folder))


def _never_a_traceback(folder: Path) -> None:
    try:
        read = sketch(LocalFolder(folder))
    except CardlintError:
        return
    assert read.coverage.elements[0] <= read.coverage.elements[1]
