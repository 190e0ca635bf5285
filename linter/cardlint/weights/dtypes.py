"""The element types of safetensors files, decoded exactly.

Names and sizes: safetensors, ``tensor.rs``, ``Dtype``. 8-bit floats: OCP "8-bit Floating Point
Specification" (OFP8) 1.0 for E4M3 and E5M2, "Microscaling Formats" (MX) 1.0 for E8M0, FP6 and FP4;
the FNUZ forms: Noune et al. 2022 (arXiv 2206.02915): bias one higher, one zero, one NaN.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from cardlint.errors import Malformed

BITS = {
    "BOOL": 8, "U8": 8, "I8": 8, "U16": 16, "I16": 16, "U32": 32, "I32": 32, "U64": 64, "I64": 64,
    "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6, "F8_E4M3": 8, "F8_E5M2": 8, "F8_E8M0": 8,
    "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8, "F16": 16, "BF16": 16, "F32": 32, "F64": 64, "C64": 64,
}  # fmt: skip
"""Bits of one element of each type that a safetensors header may name."""

NUMPY = {
    "BOOL": "|u1", "U8": "|u1", "I8": "|i1", "U16": "<u2", "I16": "<i2", "U32": "<u4", "I32": "<i4",
    "U64": "<u8", "I64": "<i8", "F16": "<f2", "F32": "<f4", "F64": "<f8",
}  # fmt: skip
WIDE = {"F64", "U32", "I32", "U64", "I64"}
"""Types that float32 cannot hold exactly; they decode to float64."""
FLOATS = {"F8_E4M3", "F8_E5M2", "F8_E4M3FNUZ", "F8_E5M2FNUZ", "F16", "BF16", "F32", "F64"}
"""Types that hold weights as they are; integers hold codes, indices or masks."""
DECODED = {*NUMPY, "BF16", "F4", "F8_E4M3", "F8_E5M2", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ"}


def decode(dtype: str, data: bytes | memoryview) -> npt.NDArray[np.floating]:
    """Stored bytes → numbers.

    Args:
        dtype: a safetensors name out of :data:`DECODED`.
        data: little-endian elements, packed; of ``F4`` two a byte, the low nibble first.

    Returns:
        ``(n,)`` float32, or float64 for the types in :data:`WIDE`; always exact except for 64-bit
        integers above 2**53.

    Raises:
        Malformed: the type has no decoder here.
    """
    if dtype == "BF16":
        bits = np.frombuffer(data, "<u2").astype(np.uint32)
        bits <<= np.uint32(16)
        return bits.view(np.float32)
    if dtype in NUMPY:
        return np.frombuffer(data, NUMPY[dtype]).astype(
            np.float64 if dtype in WIDE else np.float32, copy=False
        )
    if dtype == "F4":
        return fp4(np.frombuffer(data, np.uint8))
    if dtype in DECODED:
        return _table(dtype)[np.frombuffer(data, np.uint8)]
    raise Malformed(f"elements of type {dtype} have no decoder")


def fp4(packed: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """FP4 E2M1 codes, two a byte, low nibble first → ``(..., 2 n)`` float32."""
    codes = np.stack([packed & 15, packed >> 4], axis=-1)
    return FP4[codes].reshape(*packed.shape[:-1], -1)


FP4 = np.array([0, 0.5, 1, 1.5, 2, 3, 4, 6, -0.0, -0.5, -1, -1.5, -2, -3, -4, -6], np.float32)
"""Values of FP4 E2M1 by code (OCP Microscaling Formats 1.0, 5.3.3)."""


@cache
def _table(dtype: str) -> npt.NDArray[np.float32]:
    """The 256 values of an 8-bit float."""
    code = np.arange(256)
    if dtype == "F8_E8M0":
        return np.where(code == 255, np.nan, np.ldexp(1.0, code - 127)).astype(np.float32)
    exponent_bits, mantissa_bits = (4, 3) if "E4M3" in dtype else (5, 2)
    fnuz = dtype.endswith("FNUZ")
    bias = (1 << (exponent_bits - 1)) - (0 if fnuz else 1)
    exponent = (code >> mantissa_bits) & ((1 << exponent_bits) - 1)
    mantissa = (code & ((1 << mantissa_bits) - 1)) / (1 << mantissa_bits)
    value = np.where(
        exponent == 0, np.ldexp(mantissa, 1 - bias), np.ldexp(1 + mantissa, exponent - bias)
    )
    value = np.where(code >= 128, -value, value)
    if fnuz:
        value[128] = np.nan
    elif dtype == "F8_E4M3":
        value[[127, 255]] = np.nan
    else:
        top = exponent == (1 << exponent_bits) - 1
        value[top & (mantissa == 0)] *= np.inf
        value[top & (mantissa != 0)] = np.nan
    return value.astype(np.float32)


def bf16_bits(values: npt.NDArray[np.floating]) -> npt.NDArray[np.uint16]:
    """float32 numbers that bfloat16 holds exactly → their bits (the low half is cut off)."""
    wide = np.ascontiguousarray(values, np.float32).view(np.uint32)
    return (wide >> np.uint32(16)).astype(np.uint16)
