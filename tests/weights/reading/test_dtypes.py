"""Element types are decoded to exactly the numbers that they stand for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardlint.errors import Malformed
from cardlint.weights.dtypes import bf16_bits, decode

# The table of the OFP8 specification, section 5: code → value.
E4M3 = {0x00: 0.0, 0x01: 2**-9, 0x07: 7 * 2**-9, 0x08: 2**-6, 0x38: 1.0, 0x7E: 448.0, 0xFE: -448.0}
E5M2 = {0x01: 2**-16, 0x03: 3 * 2**-16, 0x04: 2**-14, 0x3C: 1.0, 0x7B: 57344.0, 0xFC: -np.inf}
E4M3FNUZ = {0x01: 2**-10, 0x08: 2**-7, 0x40: 1.0, 0x7F: 240.0, 0xFF: -240.0}
E5M2FNUZ = {0x01: 2**-17, 0x04: 2**-15, 0x40: 1.0, 0x7F: 57344.0}


@pytest.mark.parametrize(
    ("dtype", "table"),
    [
        ("F8_E4M3", E4M3),
        ("F8_E5M2", E5M2),
        ("F8_E4M3FNUZ", E4M3FNUZ),
        ("F8_E5M2FNUZ", E5M2FNUZ),
        ("F8_E8M0", {0: 2**-127, 127: 1.0, 254: 2.0**127}),
    ],
)
def test_8_bit_floats_are_as_specified(dtype: str, table: dict[int, float]) -> None:
    """The extreme and the unit codes have the published values."""
    assert decode(dtype, bytes(table)).tolist() == list(table.values())


@pytest.mark.parametrize(
    ("dtype", "codes"),
    [
        ("F8_E4M3", [0x7F, 0xFF]),
        ("F8_E5M2", [0x7D, 0x7E, 0x7F, 0xFD, 0xFE, 0xFF]),
        ("F8_E4M3FNUZ", [0x80]),
        ("F8_E5M2FNUZ", [0x80]),
        ("F8_E8M0", [0xFF]),
    ],
)
def test_only_the_specified_codes_are_no_numbers(dtype: str, codes: list[int]) -> None:
    """NaN is where the specification has it and nowhere else."""
    assert np.flatnonzero(np.isnan(decode(dtype, bytes(range(256))))).tolist() == codes


@given(st.binary(min_size=2, max_size=64).filter(lambda b: len(b) % 2 == 0))
def test_bfloat16_comes_back_to_the_same_bits(data: bytes) -> None:
    """Decoding loses nothing: the bits can be had again."""
    assert bf16_bits(decode("BF16", data)).tobytes() == data


@given(st.binary(max_size=64).filter(lambda b: len(b) % 2 == 0))
def test_float16_is_widened_exactly(data: bytes) -> None:
    """Every half is the same number in single precision."""
    half = np.frombuffer(data, "<f2")
    np.testing.assert_array_equal(decode("F16", data), half.astype(np.float64))


def test_wide_integers_are_not_squeezed_into_float32() -> None:
    """2**24 + 1 is not a float32."""
    assert decode("I32", (2**24 + 1).to_bytes(4, "little")).tolist() == [2**24 + 1]


def test_4_bit_floats_are_two_a_byte_low_nibble_first() -> None:
    """0x71 is 0.5, then 6."""
    assert decode("F4", b"\x71\x9a").tolist() == [0.5, 6.0, -1.0, -0.5]


def test_a_type_without_decoder_is_refused() -> None:
    """Complex numbers are not read as something else."""
    with pytest.raises(Malformed, match="C64"):
        decode("C64", bytes(8))
