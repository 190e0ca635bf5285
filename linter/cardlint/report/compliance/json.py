"""The document itself (``schemas/compliance.json``)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def render(document: Mapping[str, Any]) -> bytes:
    """UTF-8 JSON with sorted keys: the same document gives the same bytes."""
    text = json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True)
    return text.encode("utf-8", "replace") + b"\n"
