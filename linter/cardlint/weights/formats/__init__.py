"""How numbers are stored: one file for each encoding."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from cardlint.findings import Json

if TYPE_CHECKING:
    from cardlint.weights.formats.interface import Storage


def assemble(
    stored: dict[str, Storage],
    config: Mapping[str, Json],  # noqa: ARG001  # the quantized formats come next
    gaps: list[str],  # noqa: ARG001
) -> dict[str, Storage]:
    """Join the tensors of quantized formats that together hold one matrix."""
    return stored
