"""Quantized layouts decode to what the quantizer meant; what does not add up is said."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cardlint.source.local import LocalFolder
from cardlint.weights.checkpoint import open_checkpoint
from cardlint.weights.dtypes import decode
from tests.weights.reading.kit import Array, array, raw_header, read, rng

M = "model.layers.0.mlp.up_proj"
UP = "layers.0.mlp.up"
NF4 = np.linspace(-1, 1, 16).astype(np.float32)
NAMES = {"u1": "U8", "i1": "I8", "i4": "I32", "i8": "I64", "f2": "F16", "f4": "F32"}


def write(
    folder: Path, tensors: Mapping[str, tuple[Array, str | None]], quantization: Any = None
) -> Path:
    """A safetensors file of any types; a name overrides numpy's."""
    header: dict[str, Any] = {}
    data = b""
    for name, (value, dtype) in tensors.items():
        blob = np.ascontiguousarray(value).tobytes()
        header[name] = {
            "dtype": dtype or NAMES[value.dtype.str[1:]],
            "shape": list(value.shape),
            "data_offsets": [len(data), len(data) + len(blob)],
        }
        data += blob
    folder.mkdir(exist_ok=True)
    (folder / "model.safetensors").write_bytes(raw_header(header, data))
    (folder / "config.json").write_text(json.dumps({"quantization_config": quantization or {}}))
    return folder


def check(folder: Path, expected: Array, dtype: str, name: str = UP) -> None:
    """The decoded tensor, whole and in part."""
    found = read(folder)
    assert found.tensors[name].dtype == dtype
    assert found.gaps == ()
    np.testing.assert_allclose(array(found, name), expected, rtol=1e-6)
    assert list(found.tensors) == [name]
    storage = next(iter(open_checkpoint(LocalFolder(folder)).stored.values()))
    start, length = expected.size // 3 + 1, expected.size // 2
    data = LocalFolder(folder).read_ranges(storage.ranges(start, length))
    part = storage.decode(start, length, data)
    np.testing.assert_allclose(part, expected.ravel()[start : start + length], rtol=1e-6)


@pytest.mark.parametrize(
    ("scale", "rows", "columns"),
    [("weight_scale_inv", 128, 128), ("weight_scale", 1, 320), ("weight_scale", 576, 320)],
)
def test_fp8_with_scales_by_block_row_or_tensor(
    tmp_path: Path, scale: str, rows: int, columns: int
) -> None:
    """DeepSeek V3's 128 × 128 with a short last block; compressed-tensors; Model Optimizer."""
    codes = rng(1).integers(0, 120, (576, 320), np.uint8)
    scales = rng(2).random((-(-576 // rows), -(-320 // columns))).astype(np.float32)
    values = decode("F8_E4M3", codes.tobytes()).reshape(codes.shape)
    wide = np.repeat(np.repeat(scales, rows, 0), columns, 1)[:576, :320]
    stored = scales.reshape(-1) if scales.size == 1 else scales
    tensors = {
        f"{M}.weight": (codes, "F8_E4M3"),
        f"{M}.{scale}": (stored, None),
        f"{M}.input_scale": (np.ones(1, np.float32), None),
    }
    check(write(tmp_path, tensors), values * wide, "F8_E4M3")


def test_int8_of_bitsandbytes(tmp_path: Path) -> None:
    """Rows with their absolute maximum: code · SCB / 127."""
    codes: Array = rng(1).integers(-127, 127, (24, 16)).astype(np.int8)
    top = rng(2).random(24).astype(np.float32)
    tensors: dict[str, tuple[Array, str | None]] = {
        f"{M}.weight": (codes, None),
        f"{M}.SCB": (top, None),
        f"{M}.weight_format": (np.zeros((), np.uint8), None),
    }
    check(write(tmp_path, tensors), codes * top[:, None] / 127, "INT8")


@pytest.mark.parametrize("nested", [False, True])
def test_nf4_of_bitsandbytes(tmp_path: Path, nested: bool) -> None:  # noqa: FBT001  # a parameter of the table
    """Blocks of 64, high nibble first; the maxima plain or quantized again."""
    codes = rng(1).integers(0, 16, (24, 64))
    packed = (codes.reshape(-1, 2)[:, 0] << 4 | codes.reshape(-1, 2)[:, 1]).astype(np.uint8)
    state: dict[str, Any] = {"quant_type": "nf4", "blocksize": 64, "shape": [24, 64]}
    tensors: dict[str, tuple[Array, str | None]] = {
        f"{M}.weight": (packed[:, None], None),
        f"{M}.weight.quant_map": (NF4, None),
    }
    if nested:
        table, tops = rng(2).random(256).astype(np.float32), rng(3).random(3).astype(np.float32)
        index = rng(4).integers(0, 256, 24, np.uint8)
        state |= {"nested_blocksize": 8, "nested_offset": 0.25}
        tensors |= {
            f"{M}.weight.absmax": (index, None),
            f"{M}.weight.nested_absmax": (tops, None),
            f"{M}.weight.nested_quant_map": (table, None),
        }
        maxima = table[index] * tops[np.arange(24) // 8] + np.float32(0.25)
    else:
        maxima = rng(2).random(24).astype(np.float32)
        tensors[f"{M}.weight.absmax"] = (maxima, None)
    text = np.frombuffer(json.dumps(state).encode(), np.uint8)
    tensors[f"{M}.weight.quant_state.bitsandbytes__nf4"] = (text, None)
    check(write(tmp_path, tensors), NF4[codes] * maxima[:, None], "NF4")


def pack(codes: Array, bits: int) -> Array:
    """Codes along the last axis into 32-bit words, the lowest first."""
    per = 32 // bits
    words = codes.reshape(*codes.shape[:-1], -1, per).astype(np.uint64)
    shifts = np.arange(0, 32, bits, dtype=np.uint64)
    joined: Array = np.bitwise_or.reduce(words << shifts, axis=-1)
    return joined.astype(np.uint32).view(np.int32)


@pytest.mark.parametrize("bits", [2, 4, 8])
@pytest.mark.parametrize("form", ["gptq", "gptq_v2"])
def test_gptq_with_groups_in_any_order(tmp_path: Path, bits: int, form: str) -> None:
    """Act-order: every input names its group. The first form stores zero points less one."""
    out, inputs, groups = 32, 64, 4
    codes = rng(1).integers(0, 1 << bits, (inputs, out))
    zeros = rng(2).integers(1, 1 << bits, (groups, out))
    scales = rng(3).random((groups, out)).astype(np.float16)
    index = rng(4).permutation(np.repeat(np.arange(groups), inputs // groups)).astype(np.int32)
    expected = ((codes - zeros[index]) * scales[index].astype(np.float32)).T
    tensors = {
        f"{M}.qweight": (pack(codes.T, bits).T, None),
        f"{M}.qzeros": (pack(zeros - (form == "gptq"), bits), None),
        f"{M}.scales": (scales, None),
        f"{M}.g_idx": (index, None),
    }
    said = {"quant_method": "gptq", "checkpoint_format": form}
    check(write(tmp_path, tensors, said), expected, f"GPTQ{bits}")


def test_awq_in_its_order(tmp_path: Path) -> None:
    """Eight outputs a word, 0 2 4 6 1 3 5 7."""
    out, inputs, groups = 32, 64, 2
    codes, zeros = rng(1).integers(0, 16, (inputs, out)), rng(2).integers(0, 16, (groups, out))
    scales = rng(3).random((groups, out)).astype(np.float16)
    order = np.array([0, 2, 4, 6, 1, 3, 5, 7])

    def pack_awq(values: Array) -> Array:
        return pack(values.reshape(len(values), -1, 8)[:, :, order].reshape(len(values), -1), 4)

    group = np.arange(inputs) // 32
    expected = ((codes - zeros[group]) * scales[group].astype(np.float32)).T
    tensors = {
        f"{M}.qweight": (pack_awq(codes), None),
        f"{M}.qzeros": (pack_awq(zeros), None),
        f"{M}.scales": (scales, None),
    }
    check(write(tmp_path, tensors, {"quant_method": "awq"}), expected, "AWQ4")


@pytest.mark.parametrize("bits", [4, 8])
def test_packed_integers_of_compressed_tensors(tmp_path: Path, bits: int) -> None:
    """Codes are stored from zero; the shape tells how many bits each has."""
    codes = rng(1).integers(0, 1 << bits, (24, 64))
    scales = rng(2).random((24, 4)).astype(np.float16)
    expected = (codes - (1 << (bits - 1))) * np.repeat(scales.astype(np.float32), 16, 1)
    tensors = {
        f"{M}.weight_packed": (pack(codes, bits), None),
        f"{M}.weight_scale": (scales, None),
        f"{M}.weight_shape": (np.array([24, 64], np.int64), None),
    }
    check(write(tmp_path, tensors), expected, f"INT{bits}")


@pytest.mark.parametrize("maker", ["compressed-tensors", "modelopt"])
def test_nvfp4(tmp_path: Path, maker: str) -> None:
    """Sixteen elements a scale in E4M3; one global scale that divides, or multiplies."""
    packed = rng(1).integers(0, 256, (24, 32), np.uint8)
    codes = rng(2).integers(1, 120, (24, 4), np.uint8)
    scales = np.repeat(decode("F8_E4M3", codes.tobytes()).reshape(24, 4), 16, 1)
    values = decode("F4", packed.tobytes()).reshape(24, 64) * scales
    if maker == "modelopt":
        tensors = {
            f"{M}.weight": (packed, None),
            f"{M}.weight_scale": (codes, "F8_E4M3"),
            f"{M}.weight_scale_2": (np.array(0.125, np.float32), None),
        }
        expected = values * 0.125
    else:
        tensors = {
            f"{M}.weight_packed": (packed, None),
            f"{M}.weight_scale": (codes, "F8_E4M3"),
            f"{M}.weight_global_scale": (np.array([4.0], np.float32), None),
        }
        expected = values / 4
    check(write(tmp_path, tensors), expected, "NVFP4")


def test_mxfp4_of_gpt_oss(tmp_path: Path) -> None:
    """Experts in blocks of 32 with a power of two each; gate and up take turns by row."""
    blocks = rng(1).integers(0, 256, (2, 8, 3, 16), np.uint8)
    scales = rng(2).integers(120, 130, (2, 8, 3), np.uint8)
    p = "model.layers.0.mlp.experts.gate_up_proj"
    write(tmp_path, {f"{p}_blocks": (blocks, None), f"{p}_scales": (scales, None)})
    values = decode("F4", blocks.tobytes()).reshape(2, 8, 96)
    values = values * np.repeat(2.0 ** (scales.astype(np.float64) - 127), 32, 2)
    found = read(tmp_path)
    assert found.tensors["layers.0.experts.1.up"].dtype == "MXFP4"
    np.testing.assert_allclose(array(found, "layers.0.experts.1.up"), values[1, 1::2])
    np.testing.assert_allclose(array(found, "layers.0.experts.0.gate"), values[0, 0::2])


def test_a_sample_of_a_scattered_format_is_paid_for_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GPTQ needs the whole tensor for any run of it."""
    monkeypatch.setattr("cardlint.weights.read.WHOLE", 0)
    codes = rng(1).integers(0, 16, (1024, 512))
    tensors = {
        f"{M}.qweight": (pack(codes.T, 4).T, None),
        f"{M}.qzeros": (pack(np.full((8, 512), 7), 4), None),
        f"{M}.scales": (np.ones((8, 512), np.float16), None),
    }
    found = read(write(tmp_path, tensors), budget=2 << 20, requests=3)
    np.testing.assert_array_equal(array(found, UP), (codes - 8).T)


@pytest.mark.parametrize(
    ("tensors", "words"),
    [
        ({f"{M}.weight": (np.zeros((4, 4), np.int8), None)}, "hold codes or indices"),
        (
            {
                f"{M}.qweight": (np.zeros((4, 4), np.int32), None),
                f"{M}.qzeros": (np.zeros((1, 1), np.int32), None),
                f"{M}.scales": (np.zeros((3, 7), np.float16), None),
            },
            "do not add up",
        ),
        (
            {
                f"{M}.weight_packed": (np.zeros((4, 4), np.int32), None),
                f"{M}.weight_scale": (np.zeros((4, 1), np.float16), None),
            },
            "do not add up",
        ),
        (
            {
                f"{M}.weight": (np.zeros((8, 1), np.uint8), None),
                f"{M}.weight.quant_state.bitsandbytes__nf4": (np.zeros(9, np.uint8), None),
            },
            "do not add up",
        ),
        ({f"{M}.qweight": (np.zeros((4, 4), np.int32), None)}, "quantized with exl2"),
    ],
)
def test_what_cannot_be_decoded_is_said_and_never_compared(
    tmp_path: Path, tensors: dict[str, tuple[Array, str | None]], words: str
) -> None:
    """Codes are not weights."""
    found = read(write(tmp_path, tensors, {"quant_method": "exl2"}))
    assert any(words in gap for gap in found.gaps)
    assert UP not in found.blocks
