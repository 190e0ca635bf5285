"""Branches and tags of a git repository on this disk."""

from __future__ import annotations

import re
import stat
from pathlib import Path

from cardlint.errors import Malformed

MAX_PACKED_REFS = 16 << 20
"""Bytes of ``packed-refs``: about 250,000 references."""
_ID = re.compile(r"[0-9a-f]{40}")
_NAME = re.compile(r"(?!.*(?:\.\.|//|@\{))[^\x00-\x20~^:?*\[\\]{1,512}")  # git-check-ref-format(1)
_SHA256 = re.compile(r"[0-9a-f]{64}")


class Refs:
    """The references of a git folder, read anew each time that one is asked for.

    Args:
        git: the git folder.
    """

    def __init__(self, git: Path) -> None:
        self.git = git

    def find(self, revision: str | None) -> str | None:
        """The object that a name stands for, in git's order (gitrevisions(7)).

        Args:
            revision: ``None`` for ``HEAD``; else a full object id, or a reference.

        Returns:
            40 hex digits, or ``None`` when there is no such reference.
        """
        if revision is None:
            return self._follow("HEAD") or self._only_branch()
        if _ID.fullmatch(revision):
            return revision
        if not _NAME.fullmatch(revision) or revision.startswith("/"):
            return None
        for pattern in (
            "refs/{}",
            "refs/tags/{}",
            "refs/heads/{}",
            "refs/remotes/{}",
            "refs/remotes/origin/{}",
        ):
            found = self._follow(pattern.format(revision.removeprefix("refs/")))
            if found:
                return found
        return self._follow("HEAD") if revision == "HEAD" else None

    def _only_branch(self) -> str | None:
        """``main`` where ``HEAD`` names a branch that is not there, as in a mirror of the Hub."""
        main = self._follow("refs/heads/main")
        if main:
            return main
        heads = [i for name, i in self._packed().items() if name.startswith("refs/heads/")]
        return heads[0] if len(heads) == 1 else None

    def _follow(self, name: str) -> str | None:
        for _ in range(5):
            text = self._loose(name) or self._packed().get(name)
            if text is None:
                return None
            if _ID.fullmatch(text):
                return text
            if _SHA256.fullmatch(text):
                raise Malformed(
                    f"{self.git} uses SHA-256 object ids, which cardlint does not read",
                    remedy="Clone it into a repository with SHA-1 object ids.",
                )
            target = text.removeprefix("ref:").strip()
            if target == text or not target.startswith("refs/") or not _NAME.fullmatch(target):
                raise Malformed(f"{self.git / name} is no git reference")
            name = target
        raise Malformed(f"{self.git / name} points to itself")

    def _loose(self, name: str) -> str | None:
        path = self.git / name
        try:
            if not stat.S_ISREG(path.lstat().st_mode):
                return None
            if not path.resolve().is_relative_to(self.git.resolve()):
                return None
            with path.open("rb") as file:
                return file.read(1024).decode("ascii", "replace").strip() or None
        except (FileNotFoundError, NotADirectoryError):
            return None

    def _packed(self) -> dict[str, str]:
        path = self.git / "packed-refs"
        try:
            if not stat.S_ISREG(path.lstat().st_mode):
                return {}
            with path.open("rb") as file:
                text = file.read(MAX_PACKED_REFS).decode("utf-8", "replace")
        except FileNotFoundError:
            return {}
        rows = (line.split(" ", 1) for line in text.splitlines() if line[:1] not in {"#", "^"})
        return {row[1]: row[0] for row in rows if len(row) == 2}
