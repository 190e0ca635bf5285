"""A repository that exists in memory only: for tests that make thousands of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cardlint.source.interface import Entry, Identity, Range, Source


class MemorySource(Source):
    """Files by path.

    Args:
        files: path → text.
        repo_id: ``org/name`` where there is one.
    """

    def __init__(self, files: Mapping[str, str], repo_id: str | None = None) -> None:
        self._data = {path: text.encode() for path, text in files.items()}
        self._identity = Identity(repo_id, "memory")

    @property
    def identity(self) -> Identity:
        """Where it is: nowhere."""
        return self._identity

    def entries(self) -> Mapping[str, Entry]:
        """The files."""
        return {path: Entry(path, len(data)) for path, data in sorted(self._data.items())}

    def read_ranges(self, ranges: Sequence[Range]) -> list[bytes]:
        """Their bytes."""
        return [self._data[r.path][r.offset : r.offset + r.length] for r in ranges]
