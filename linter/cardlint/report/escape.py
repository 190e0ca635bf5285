"""Making text from strangers harmless: a card must not drive the reader's terminal or page."""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from cardlint.findings import TargetReport

# C0 and C1 controls (C1 holds one-byte CSI and OSC), DEL, line and paragraph separators,
# bidirectional embeddings, overrides and isolates (https://trojansource.codes), zero-width
# characters, tags, noncharacters and lone surrogates.
HARMFUL = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ufffe\uffff\U000e0000-\U000e007f\ud800-\udfff]"
)
_MARKDOWN = re.compile(r"([\\`*_\[\]<>|~&$])")
_ACTIVE = re.compile(r"(@|#(?=\d)|:(?=//)|\bwww(?=\.))")
"""Mentions, references to issues and bare links, which no backslash stops."""


def visible(text: str) -> str:
    r"""The text on one line, with what cannot be seen or moves the cursor written as ``\x1b``."""
    return HARMFUL.sub(_written, text.replace("\r\n", " ").replace("\n", " ").replace("\t", " "))


def block(text: str) -> str:
    """Like :func:`visible`, with lines kept."""
    return "\n".join(visible(line) for line in text.splitlines())


def _written(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def json_text(text: str) -> str:
    r"""Serialized JSON with those characters as ``\uXXXX``: the same data, harmless to show.

    Line ends and indentation of the JSON itself are kept.
    """
    return re.sub(r"[^\n]+", lambda line: HARMFUL.sub(_json, line[0]), text)


def dumps(data: Any, *, indent: int) -> str:
    """Data as JSON that every reader takes: no NaN, and nothing that drives a terminal.

    Evidence comes from rules, also of others: what is no JSON is written as JSON can.
    """
    try:
        text = json.dumps(data, indent=indent, ensure_ascii=False, allow_nan=False)
    except (ValueError, TypeError):
        text = json.dumps(_plain(data), indent=indent, ensure_ascii=False, allow_nan=False)
    return json_text(text) + "\n"


def _plain(value: Any) -> Any:
    """Numbers that are none become null, tuples lists, numpy's numbers Python's, the rest text."""
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(v) for v in value]
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if isinstance(value, str | int | None) else str(value)


def _json(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x10000:
        return f"\\u{code:04x}"
    high, low = divmod(code - 0x10000, 0x400)
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"


def markdown(text: str) -> str:
    """The text as Markdown that shows it and does nothing: no links, images, HTML or mentions."""
    return _ACTIVE.sub("\\1\u200b", _MARKDOWN.sub(r"\\\1", visible(text)))


def code(text: str) -> str:
    """The text as a Markdown code span that it cannot end."""
    shown = visible(text)
    ticks = "`" * (max((len(t) for t in re.findall("`+", shown)), default=0) + 1)
    pad = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{ticks}{pad}{shown}{pad}{ticks}"


def path_of(target: TargetReport, path: str) -> str:
    """A file of a target as the user can open it: from the current folder, or from the hub's root.

    A remote repository's files are named ``org/name/README.md``.
    """
    if target.root is not None:
        return visible(str(PurePath(target.root, path)))
    return visible(f"{target.repository}/{path}" if target.repository else path)


def host_path(target: TargetReport, path: str) -> str:
    """The same from the current folder, with ``/``: how code hosts name a file of a checkout."""
    if target.root is None:
        return path_of(target, path)
    full, here = PurePath(absolute(target.root), path), PurePath(absolute("."))
    return visible(full.relative_to(here).as_posix() if full.is_relative_to(here) else path)


def uri_of(target: TargetReport, path: str) -> str:
    """The same as a relative URI reference."""
    from urllib.parse import quote

    return quote(host_path(target, path), safe="/")


def absolute(path: str) -> str:
    """An absolute path without ``..``; code hosts know a path before its symbolic links."""
    return os.path.abspath(path)  # noqa: PTH100  # resolve() would follow the links
