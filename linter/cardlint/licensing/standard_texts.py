"""The one license text that cardlint has to give: its own.

The Apache License is the same for everybody and says so to all who may copy it; cardlint is under
it and carries it in every installation. Other texts name a holder, or belong to a vendor: they are
taken from a parent's repository or not at all.
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path


def standard_text(license_id: str) -> str | None:
    """The text of a license, or ``None``.

    Args:
        license_id: an id of the catalog.
    """
    if license_id != "apache-2.0":
        return None
    try:
        own = distribution("cardlint").read_text("licenses/LICENSE")
    except PackageNotFoundError:
        own = None
    if own:
        return own
    beside = Path(__file__).parents[3] / "LICENSE"  # a checkout
    return beside.read_text("utf-8") if beside.is_file() else None
