"""What every source can do.

A *source* is one model repository at one commit, wherever it is. It knows no rule, no card and no
report. Everything that it returns comes from outside and is hostile until proved otherwise: a
source bounds what it reads, never follows a path out of the repository and never runs anything.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar, Self

from cardlint.errors import Malformed, NotFound, OverBudget

MAX_TEXT = 8 << 20
"""Bytes of a text file that are read at most; a longer file is refused, not cut."""

MAX_TITLE, MAX_MESSAGE = 200, 4000
"""Characters of a commit's message that are kept; git sets no bound."""

# huggingface_hub's own rule (utils/_validators.py): 96 characters, no `--`, no `..`, not `.git`.
REPO_ID = re.compile(
    r"(?=.{1,96}$)(?!.*(?:--|\.\.))[A-Za-z0-9_][\w.-]*/[A-Za-z0-9_][\w.-]*(?<!\.git)(?<![-.])",
    re.ASCII,
)


def is_repo_id(text: str) -> bool:
    """Whether ``text`` is written as ``org/name``, as the Hub accepts it."""
    return REPO_ID.fullmatch(text) is not None


def shortened(text: str, limit: int) -> str:
    """At most ``limit`` characters; what was cut shows as ``…``."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


@dataclass(frozen=True, slots=True)
class Identity:
    """Which repository this is, and which state of it."""

    repo_id: str | None
    """``org/name`` where known; a local folder may have none."""
    location: str
    """Where it was read: a path or a URL without credentials."""
    revision: str | None = None
    """What was asked for: a branch, a tag, a commit or nothing."""
    commit: str | None = None
    """What that was when it was read, 40 hex digits; ``None`` for a plain folder."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One file."""

    path: str
    """Relative to the repository, with ``/``."""
    size: int
    """Bytes; of the file itself, not of the LFS pointer that stands for it."""
    blob_id: str | None = None
    """Git's object id, where there is one."""
    sha256: str | None = None
    """Of the content, where the place says so (git-LFS); it is not computed."""
    present: bool = True
    """False when only a pointer is here and the content is not."""


@dataclass(frozen=True, slots=True)
class Range:
    """``length`` bytes of ``path`` from ``offset``."""

    path: str
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit, as the place tells it."""

    id: str
    date: datetime
    """Aware, in UTC."""
    title: str
    message: str = ""
    authors: tuple[str, ...] = ()
    parents: tuple[str, ...] | None = None
    """``None`` where the place does not tell (the Hub's API)."""


@dataclass(frozen=True, slots=True)
class History:
    """Commits, newest first."""

    commits: tuple[Commit, ...]
    complete: bool = True
    """False when older commits exist that were not read."""
    why_incomplete: str | None = None


@dataclass(frozen=True, slots=True)
class Downloads:
    """How often files of a repository were downloaded, as the place counts it."""

    month: int
    """In the 30 days up to :attr:`until`."""
    ever: int | None
    """Since the repository began, where the place says so."""
    until: date
    """The day on which it was said, in UTC."""


class Source(ABC):
    """One model repository at one commit."""

    card_only: ClassVar[bool] = False
    """True where only the card is here: a file that is not listed is then not known to be missing."""

    @property
    @abstractmethod
    def identity(self) -> Identity:
        """Repository and commit; the first use may touch the disk or the network."""

    @abstractmethod
    def entries(self) -> Mapping[str, Entry]:
        """Every file by path, in order of path.

        Raises:
            Unavailable: the list cannot be had.
        """

    def tracked(self) -> Mapping[str, Entry]:
        """Every file by path, with its ids; sizes only where they cost nothing further.

        Where a size is not known, it is 0 and the entry is not ``present``. A history is read
        through this door: what did not change has the same id.

        Raises:
            Unavailable: the list cannot be had.
        """
        return self.entries()

    @abstractmethod
    def read_ranges(self, ranges: Sequence[Range]) -> list[bytes]:
        """The bytes of many ranges, in the order asked for, each of exactly the length asked for.

        Raises:
            NotFound: no such file.
            Malformed: a range reaches out of its file, or what came back is not what was asked.
            Unavailable: the bytes cannot be had.
        """

    @property
    def downloads(self) -> Downloads | None:
        """How often the repository was downloaded; ``None`` where that was not said."""
        return None

    @property
    def skipped(self) -> Mapping[str, str]:
        """What is there but was not taken in: path → why; complete once ``entries`` was asked."""
        return {}

    def history(self, limit: int | None = None) -> History:  # noqa: ARG002  # for those that have one
        """The commits that led here, newest first; a plain folder has none.

        Raises:
            Unavailable: there is no history here, and why.
        """
        raise Malformed(f"{self.identity.location} has no history: it is not a git repository")

    def at(self, revision: str) -> Source:
        """The same repository at another branch, tag or commit.

        Raises:
            Unavailable: there is no such revision, or nothing but this state.
        """
        raise Malformed(
            f"{self.identity.location} has no revision {revision}: it is not a git repository"
        )

    def check(self, wanted: Range) -> Entry:
        """The entry of a range's file, when the range lies inside it.

        Raises:
            NotFound: no such file.
            Malformed: the range reaches out of it.
        """
        entry = self.entry(wanted.path)
        end = wanted.offset + wanted.length
        if wanted.offset < 0 or wanted.length < 0 or end > entry.size:
            raise Malformed(
                f"{wanted.path} has {entry.size:,} bytes; "
                f"bytes {wanted.offset:,} to {end:,} are not in it"
            )
        return entry

    def read_bytes(self, path: str, limit: int = MAX_TEXT) -> bytes:
        """A whole small file.

        Raises:
            OverBudget: it is larger than ``limit`` bytes.
            Unavailable: it cannot be had.
        """
        entry = self.entry(path)
        if entry.size > limit:
            raise OverBudget(f"{path} has {entry.size:,} bytes; at most {limit:,} are read")
        return self.read_ranges([Range(path, 0, entry.size)])[0]

    def read_text(self, path: str, limit: int = MAX_TEXT) -> str:
        """A whole text file, decoded as UTF-8 (a byte order mark is kept as U+FEFF).

        Raises:
            Malformed: it is not UTF-8.
            OverBudget: it is larger than ``limit`` bytes.
            Unavailable: it cannot be had.
        """
        data = self.read_bytes(path, limit)
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError as error:
            raise Malformed(
                f"{path} is not UTF-8 text: byte {error.start} is 0x{data[error.start]:02x}",
                remedy=f"Save {path} as UTF-8.",
            ) from error

    def entry(self, path: str) -> Entry:
        """One file's entry.

        Raises:
            NotFound: no such file.
        """
        try:
            return self.entries()[path]
        except KeyError:
            raise NotFound(f"{path} is not in {self.identity.location}") from None

    def close(self) -> None:  # noqa: B027  # most sources hold nothing open
        """Let go of files and connections."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
