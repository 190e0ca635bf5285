"""Applies fixes: minimal text edits, never two that touch the same characters."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from cardlint.errors import UsageError
from cardlint.findings import Edit, Finding


def apply(
    texts: Mapping[str, str], findings: Iterable[Finding], *, unsafe: bool = True
) -> dict[str, str]:
    """Apply the fixes of ``findings`` to ``texts`` (path → text).

    A fix whose edits overlap those of an earlier one is left for the next run, whole. A path that
    is not in ``texts`` is taken for a file to create.

    Args:
        texts: what the files hold now.
        findings: in the order in which their fixes are taken.
        unsafe: whether fixes that change what a card says are taken too.

    Returns:
        Path → new text, for every path of ``texts`` and every file created.
    """
    taken: dict[str, list[Edit]] = {}
    for finding in findings:
        fix = finding.fix
        if fix is None or not (fix.safe or unsafe):
            continue
        if any(_overlap(e, t) for e in fix.edits for t in taken.get(e.path, ())):
            continue
        for edit in fix.edits:
            taken.setdefault(edit.path, []).append(edit)
    after = dict(texts)
    for path, edits in taken.items():
        after[path] = _edited(after.get(path, ""), edits)
    return after


def write(path: Path, text: str) -> None:
    """Write a mended file whole or not at all: a full disk or a kill leaves the old one.

    Line ends are written as they are; the file keeps its permissions, and a link what it leads to.

    Raises:
        UsageError: it cannot be written.
    """
    target = path.resolve()
    try:
        with tempfile.NamedTemporaryFile(
            "wb", dir=target.parent, prefix=f".{target.name}.", delete=False
        ) as beside:
            scratch = Path(beside.name)
            beside.write(text.encode("utf-8"))
            beside.flush()
            os.fsync(beside.fileno())
        scratch.chmod(target.stat().st_mode & 0o7777 if target.exists() else 0o644)
        scratch.replace(target)
    except OSError as error:
        with contextlib.suppress(OSError, UnboundLocalError):
            scratch.unlink()
        raise UsageError(
            f"{path} cannot be written: {error.strerror}",
            remedy="Give yourself permission to write in its folder, and make room.",
        ) from error


def _edited(text: str, edits: list[Edit]) -> str:
    pieces: list[str] = []
    done = 0
    for edit in sorted(edits, key=lambda e: e.start):
        pieces += (text[done : edit.start], edit.text)
        done = edit.end
    return "".join((*pieces, text[done:]))


def _overlap(one: Edit, other: Edit) -> bool:
    """Two insertions at one place count as overlapping: their order would be a guess."""
    return one.start <= other.end and other.start <= one.end
