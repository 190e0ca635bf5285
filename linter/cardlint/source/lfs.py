"""git-LFS: pointer files, and the content store beside a git repository."""

from __future__ import annotations

import re
import stat
from dataclasses import dataclass
from pathlib import Path

# https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md: "Pointer files must be less than 1024 bytes".
POINTER_MAX = 1024
_VERSION = b"version https://git-lfs.github.com/spec/v1\n"
_POINTER = re.compile(
    re.escape(_VERSION)
    + rb"(?:[^\n]*\n){0,9}?oid sha256:(?P<oid>[0-9a-f]{64})\n"
    + rb"(?:[^\n]*\n){0,9}?size (?P<size>[0-9]{1,15})\n"
)

NOT_HERE = "Run `git lfs pull`, or check the model by its Hub id."


@dataclass(frozen=True, slots=True)
class Pointer:
    """What a pointer file says of the content that it stands for."""

    sha256: str
    """64 hex digits."""
    size: int
    """Bytes."""


def could_be_pointer(size: int) -> bool:
    """Whether a file of ``size`` bytes is worth reading as a pointer."""
    return len(_VERSION) < size < POINTER_MAX


def parse_pointer(data: bytes) -> Pointer | None:
    """Read a pointer file; ``None`` when the bytes are something else."""
    match = _POINTER.match(data) if could_be_pointer(len(data)) else None
    return Pointer(match["oid"].decode(), int(match["size"])) if match else None


@dataclass(frozen=True, slots=True)
class LfsStore:
    """``lfs/objects`` of a git folder: content by hash.

    Args:
        git: the git folder (``.git``, or a bare repository).
    """

    git: Path

    def find(self, pointer: Pointer) -> Path | None:
        """The file that holds the content, when it is here, whole and no link."""
        oid = pointer.sha256
        path = self.git / "lfs" / "objects" / oid[:2] / oid[2:4] / oid
        try:
            info = path.lstat()
            inside = path.parent.resolve().is_relative_to(self.git.resolve())
        except OSError:
            return None
        whole = stat.S_ISREG(info.st_mode) and info.st_size == pointer.size
        return path if whole and inside else None
