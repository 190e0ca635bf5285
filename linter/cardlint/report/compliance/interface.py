"""What a format of the compliance report is, and what all of them do to the texts."""

from __future__ import annotations

import importlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from cardlint.errors import UsageError

FORMATS = {".html": "html", ".pdf": "pdf", ".md": "markdown", ".json": "json"}
MAX_TEXT = 4000
"""Characters of one value that are shown; a longer one is cut and says so."""

# C0 and C1 controls, zero-width and bidirectional controls (Unicode TR 36, TR 9), tags (TR 51),
# surrogates and what XML 1.0 forbids: shown as U+XXXX, so that nothing hides or turns around.
UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\uffff\ud800-\udfff\U000e0000-\U000e0fff]"
)


class Format(Protocol):
    """A module of this package."""

    def render(self, document: Mapping[str, Any]) -> bytes:
        """The whole file."""
        ...


def for_file(path: Path) -> Format:
    """The format that a file name asks for.

    Raises:
        UsageError: none is written to files of this kind.
    """
    name = FORMATS.get(path.suffix.lower())
    if name is None:
        raise UsageError(
            f"{path.name}: reports are written to {', '.join(FORMATS)} files",
            remedy="Name the file report.html.",
        )
    module: Any = importlib.import_module(f"cardlint.report.compliance.{name}")
    return module  # type: ignore[no-any-return]  # checked by its tests to have `render`


def visible(data: Any) -> Any:
    """The same data with every unseen character made visible and every text bounded."""
    if isinstance(data, str):
        text = UNSEEN.sub(lambda m: f"⟦U+{ord(m[0]):04X}⟧", data)
        return text if len(text) <= MAX_TEXT else f"{text[:MAX_TEXT]}… ({len(text):,} characters)"
    if isinstance(data, Mapping):
        return {visible(str(k)): visible(v) for k, v in data.items()}
    if isinstance(data, list | tuple):
        return [visible(v) for v in data]
    return data
