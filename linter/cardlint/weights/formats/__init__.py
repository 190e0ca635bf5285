"""How numbers are stored: one file for each encoding."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from cardlint.findings import Json

if TYPE_CHECKING:
    from cardlint.source.interface import Range
    from cardlint.weights.formats.interface import Plain, Storage

CALIBRATION = (
    ".input_scale", ".output_scale", ".k_scale", ".v_scale", ".q_scale", ".input_global_scale",
    ".weight_format", ".input_zero_point",
)  # fmt: skip
"""What quantizers keep beside weights and what says nothing of them."""


def assemble(
    stored: Mapping[str, Storage],
    config: Mapping[str, Json],
    gaps: list[str],
    read: Callable[[Sequence[Range]], Sequence[bytes]],
) -> dict[str, Storage]:
    """Join the tensors of quantized formats that together hold one matrix.

    Args:
        stored: by name, as the headers have them.
        config: ``config.json``; ``quantization_config`` names the method.
        gaps: told what is recognized and cannot be decoded.
        read: fetches small tensors that say how others are to be read.
    """
    from cardlint.weights.formats.interface import Plain

    plain = {n: s for n, s in stored.items() if isinstance(s, Plain)}
    settings = config.get("quantization_config")
    settings = settings if isinstance(settings, dict) else {}
    made: dict[str, Storage] = {}
    used: set[str] = set()
    odd: list[str] = []

    def take(name: str, storage: Storage | None, *pieces: str) -> None:
        if storage is None:
            odd.append(name)
            return
        made[name] = storage
        used.update(p for p in pieces if p in plain)

    _four_bit(plain, read, take)
    sizes = _sizes(plain, read)
    for name in plain:
        module, _, end = name.rpartition(".")
        if end == "qweight":
            _packed(module, plain, settings, take)
        elif end == "weight_packed":
            _compressed(module, plain, sizes, take)
        elif end == "weight":
            _scaled_weight(name, plain, take)
        elif end.endswith("_blocks"):
            _microscaled(name, plain, take)
    if odd:
        gaps.append(f"{len(odd):,} quantized tensors do not add up, such as {odd[0]}")
    method = settings.get("quant_method")
    left = [n for n in plain if n.endswith((".qweight", ".weight_packed")) and n not in used]
    if left and method:
        gaps.append(f"{len(left):,} tensors are quantized with {method}, which is not decoded")
    kept = {n: s for n, s in stored.items() if n not in used and not n.endswith(CALIBRATION)}
    return {**kept, **made}


Take = Callable[..., None]


def _four_bit(
    plain: Mapping[str, Plain], read: Callable[[Sequence[Range]], Sequence[bytes]], take: Take
) -> None:
    from cardlint.weights.formats.bitsandbytes import MAX_STATE, STATE, four_bit

    states = [n for n, s in plain.items() if STATE in n and s.dtype == "U8" and s.size <= MAX_STATE]
    data = read([plain[n].ranges(0, plain[n].size)[0] for n in states]) if states else []
    for state, text in zip(states, data, strict=True):
        name, _, kind = state.partition(STATE)
        ends = ("", ".absmax", ".quant_map", ".nested_absmax", ".nested_quant_map")
        take(name, four_bit(name, plain, bytes(text), kind), state, *(name + e for e in ends))


def _packed(
    module: str, plain: Mapping[str, Plain], settings: Mapping[str, Json], take: Take
) -> None:
    from cardlint.weights.formats.packed import packed

    zeros, scales = plain.get(f"{module}.qzeros"), plain.get(f"{module}.scales")
    if zeros is None or scales is None:
        return
    v2 = settings.get("checkpoint_format") == "gptq_v2"
    groups = plain.get(f"{module}.g_idx")
    storage = packed(plain[f"{module}.qweight"], zeros, scales, groups, plain_zero=v2)
    ends = ("qweight", "qzeros", "scales", "g_idx")
    take(f"{module}.weight", storage, *(f"{module}.{e}" for e in ends))


def _sizes(
    plain: Mapping[str, Plain], read: Callable[[Sequence[Range]], Sequence[bytes]]
) -> dict[str, tuple[int, ...]]:
    """``weight_shape`` of packed matrices: how many bits a code has follows from it."""
    names = [
        n
        for n, s in plain.items()
        if n.endswith(".weight_shape") and s.dtype == "I64" and s.size == 16
    ]
    data = read([plain[n].ranges(0, 2)[0] for n in names]) if names else []
    return {
        name: (int.from_bytes(d[:8], "little"), int.from_bytes(d[8:16], "little"))
        for name, d in zip(names, data, strict=True)
    }


def _compressed(
    module: str,
    plain: Mapping[str, Plain],
    sizes: Mapping[str, tuple[int, ...]],
    take: Take,
) -> None:
    from cardlint.weights.formats.scaled import scaled

    codes, scales = plain[f"{module}.weight_packed"], plain.get(f"{module}.weight_scale")
    if scales is None or len(codes.shape) != 2:
        return
    name, ends = f"{module}.weight", ["weight_packed", "weight_scale", "weight_shape"]
    if codes.dtype == "U8":
        factor = plain.get(f"{module}.weight_global_scale")
        doubled = (codes.shape[0], 2 * codes.shape[1])
        storage = scaled("NVFP4", codes, scales, shape=doubled, factor=factor, divides=True)
        ends.append("weight_global_scale")
    else:
        shape = sizes.get(f"{module}.weight_shape", (0, 0))
        per = shape[1] // max(codes.shape[1], 1)
        packs = (
            codes.dtype == "I32" and per in {4, 8} and f"{module}.weight_zero_point" not in plain
        )
        fits = packs and shape == (codes.shape[0], per * codes.shape[1])
        storage = scaled(f"INT{32 // per}", codes, scales, shape=shape) if fits else None
    take(name, storage, *(f"{module}.{e}" for e in ends))


def _scaled_weight(name: str, plain: Mapping[str, Plain], take: Take) -> None:
    from cardlint.weights.formats.scaled import scaled

    codes = plain[name]
    module = name.removesuffix(".weight")
    if codes.dtype == "U8" and f"{name}_scale_2" in plain and f"{name}_scale" in plain:
        shape = (*codes.shape[:-1], 2 * codes.shape[-1])
        factor = plain[f"{name}_scale_2"]
        storage = scaled("NVFP4", codes, plain[f"{name}_scale"], shape=shape, factor=factor)
        take(name, storage, name, f"{name}_scale", f"{name}_scale_2")
        return
    if codes.dtype not in {"F8_E4M3", "F8_E5M2", "I8"}:
        return
    kind = "INT8" if codes.dtype == "I8" else codes.dtype
    for scale, constant in (
        (f"{name}_scale_inv", 1.0),
        (f"{name}_scale", 1.0),
        (f"{module}.SCB", 1 / 127),
    ):
        if scale in plain:
            storage = scaled(kind, codes, _column(plain[scale]), constant=constant)
            take(name, storage, name, scale, f"{name}_zero_point")
            return


def _column(scales: Plain) -> Plain:
    """Scales of rows, (out,), as (out, 1)."""
    from dataclasses import replace

    return replace(scales, shape=(*scales.shape, 1)) if len(scales.shape) < 2 else scales


def _microscaled(name: str, plain: Mapping[str, Plain], take: Take) -> None:
    from cardlint.weights.formats.scaled import scaled

    codes, scales = plain[name], plain.get(name.removesuffix("_blocks") + "_scales")
    if scales is None or codes.dtype != "U8" or scales.dtype != "U8" or len(codes.shape) < 3:
        return
    shape = (*codes.shape[:-2], codes.shape[-2] * codes.shape[-1] * 2)
    take(name, scaled("MXFP4", codes, scales, shape=shape), name, *scales.names)
