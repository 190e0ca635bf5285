"""GGUF files: every block format decodes, the header is read within bounds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gguf import GGMLQuantizationType, GGUFWriter, quants

from cardlint.source.local import LocalFolder
from cardlint.weights.align import align
from cardlint.weights.checkpoint import open_checkpoint
from cardlint.weights.formats.gguf import BLOCKS
from tests.weights.reading.kit import LAB, NO_LAB, array, read, rng

WRITABLE = ["Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "TQ1_0", "TQ2_0", "MXFP4"]
KINDS = {name: kind for kind, (name, _, _) in BLOCKS.items()}


def write(path: Path, tensors: dict[str, tuple[Any, str | None]], arch: str = "llama") -> None:
    """A GGUF file by the reference writer."""
    writer = GGUFWriter(path, arch)
    writer.add_head_count(4)
    writer.add_head_count_kv(2)
    writer.add_block_count(1)
    writer.add_token_list([f"token {i}" for i in range(5000)])
    for name, (data, kind) in tensors.items():
        writer.add_tensor(name, data, raw_dtype=GGMLQuantizationType[kind] if kind else None)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


@pytest.mark.parametrize("kind", WRITABLE)
def test_blocks_decode_as_the_reference_does(tmp_path: Path, kind: str) -> None:
    """Whole and in part, to the bit."""
    values = rng(1).standard_normal((8, 512)).astype(np.float32)
    packed = quants.quantize(values, GGMLQuantizationType[kind])
    write(tmp_path / "m.gguf", {"blk.0.ffn_up.weight": (packed, kind)})
    found = read(tmp_path)
    expected = quants.dequantize(packed, GGMLQuantizationType[kind])
    np.testing.assert_array_equal(array(found, "layers.0.mlp.up"), expected)
    assert found.tensors["layers.0.mlp.up"].dtype == kind
    storage = open_checkpoint(LocalFolder(tmp_path)).stored["blk.0.ffn_up.weight"]
    (wanted,) = storage.ranges(700, 50)
    data = LocalFolder(tmp_path).read_ranges([wanted])
    np.testing.assert_array_equal(storage.decode(700, 50, data), expected.ravel()[700:750])


@pytest.mark.parametrize(
    "kind", ["Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K", "IQ4_XS", "IQ3_S", "IQ2_XS"]
)
def test_k_quants_decode_as_the_reference_does(tmp_path: Path, kind: str) -> None:
    """The reference cannot write them; any bytes with sane scales are blocks."""
    _, elements, size = BLOCKS[KINDS[kind]]
    packed = rng(2).integers(0, 60, (4, 512 // elements * size), np.uint8)
    write(tmp_path / "m.gguf", {"blk.0.ffn_up.weight": (packed, kind)})
    expected = quants.dequantize(packed, GGMLQuantizationType[kind])
    np.testing.assert_array_equal(array(read(tmp_path), "layers.0.mlp.up"), expected)


def test_query_and_key_rows_are_put_back_in_order(tmp_path: Path) -> None:
    """As `permute` of the converter moves them; other architectures are left alone."""
    values = rng(3).standard_normal((64, 64)).astype(np.float32)
    moved = values.reshape(4, 2, 8, 64).swapaxes(1, 2).reshape(64, 64)
    for arch in ("llama", "qwen2"):
        (tmp_path / arch).mkdir()
        write(tmp_path / arch / "m.gguf", {"blk.0.attn_q.weight": (moved, None)}, arch)
    np.testing.assert_array_equal(array(read(tmp_path / "llama"), "layers.0.attention.q"), values)
    np.testing.assert_array_equal(array(read(tmp_path / "qwen2"), "layers.0.attention.q"), moved)


def test_without_the_package_the_reason_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Plain tensors of the file are still read."""
    values = rng(1).standard_normal((8, 512)).astype(np.float32)
    packed = quants.quantize(values, GGMLQuantizationType.Q8_0)
    write(
        tmp_path / "m.gguf",
        {"blk.0.ffn_up.weight": (packed, "Q8_0"), "output_norm.weight": (values[0], None)},
    )
    monkeypatch.setitem(__import__("sys").modules, "gguf", None)
    found = read(tmp_path)
    assert list(found.blocks) == ["norm.final"]
    assert "pip install 'cardlint[gguf]'" in found.gaps[0]


def test_of_several_quantizations_the_most_exact_is_read(tmp_path: Path) -> None:
    """The largest; shards of one count together; projectors do not count."""
    big = rng(1).standard_normal((256, 256)).astype(np.float32)
    write(tmp_path / "m-F32.gguf", {"output.weight": (big, None)})
    packed = quants.quantize(big, GGMLQuantizationType.Q8_0)
    write(tmp_path / "m-Q8_0.gguf", {"output.weight": (packed, "Q8_0")})
    write(tmp_path / "mmproj.gguf", {"x": (np.concatenate([big] * 4), None)})
    found = read(tmp_path)
    assert list(found.files) == ["m-F32.gguf"]
    assert "1 other GGUF files" in found.gaps[0]


@pytest.mark.parametrize("cut", [10, 30, 100, 5000, 60_000, -1])
def test_truncated_files_are_named(tmp_path: Path, cut: int) -> None:
    """In the middle of the header, of the token list, of the data."""
    values = np.ones((64, 64), np.float32)
    write(tmp_path / "whole", {"output.weight": (values, None)})
    (tmp_path / "m.gguf").write_bytes((tmp_path / "whole").read_bytes()[:cut])
    (tmp_path / "whole").unlink()
    from cardlint.errors import NotFound

    with pytest.raises(NotFound, match=r"m\.gguf"):
        read(tmp_path)


@pytest.mark.parametrize("at", range(8, 60, 4))
def test_absurd_counts_are_refused(tmp_path: Path, at: int) -> None:
    """Every count of the header set to 2^32 − 1 in turn: an answer, at once."""
    write(tmp_path / "whole", {"output.weight": (np.ones((64, 64), np.float32), None)})
    data = bytearray((tmp_path / "whole").read_bytes())
    (tmp_path / "whole").unlink()
    data[at : at + 4] = b"\xff" * 4
    (tmp_path / "m.gguf").write_bytes(data)
    from cardlint.errors import CardlintError

    try:
        read(tmp_path)
    except CardlintError as error:
        assert "m.gguf" in error.message  # noqa: PT017  # both outcomes are right


@pytest.mark.skipif(not LAB.is_dir(), reason=NO_LAB)
def test_the_lab_gguf_lies_on_its_source() -> None:
    """Converted by the real converter: the same numbers as halves, with nothing rearranged."""
    found = align(read(LAB / "x-gguf"), [read(LAB / "A-code")])
    assert found.transforms[0].trivial
    assert len(found.tensors) == 57
    for tensor in found.tensors:
        (parent,) = tensor.parents
        assert parent is not None
        half = parent if len(tensor.shape) == 1 else parent.astype(np.float16)
        np.testing.assert_array_equal(tensor.x, half.astype(np.float32))
