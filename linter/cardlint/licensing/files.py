"""The license files of a repository, what their text is, and what the card declares."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING

from cardlint.card.nodes import Value
from cardlint.errors import NotFound, Unavailable
from cardlint.findings import Location, NotChecked
from cardlint_licenses import Kind, License, load, resolve
from cardlint_licenses.expressions import symbols

if TYPE_CHECKING:
    from cardlint.repository import Repository
    from cardlint_licenses.results import Detection, Match

MAX_FILES = 32
"""License files read in one repository."""
MAX_BYTES = 1 << 20
"""Of one license file; the longest license text known has 90 kB."""
MAX_DETECTED = 400_000
"""Characters of one file in which licenses are looked for."""


class Role(StrEnum):
    """What a file is by its name."""

    LICENSE = "license"
    NOTICE = "notice"
    THIRD_PARTY = "third-party"
    USE_POLICY = "use-policy"
    AUTHORS = "authors"


# In order: the first that matches a file's name (without its folder) decides.
_ROLES = (
    (re.compile(r"third[-_ ]?part(?:y|ies)|bundled[-_ ]licen", re.IGNORECASE), Role.THIRD_PARTY),
    (
        re.compile(r"^notices?(?:[-_.]|$)|[-_.]notice(?:\.|$)|^change[-_]?notice", re.IGNORECASE),
        Role.NOTICE,
    ),
    (
        re.compile(r"use[-_ ]?policy|acceptable[-_ ]use|prohibited[-_ ]use", re.IGNORECASE),
        Role.USE_POLICY,
    ),
    (re.compile(r"^(?:authors|contributors|copyright)(?:\.|$)", re.IGNORECASE), Role.AUTHORS),
    (
        re.compile(
            r"licen[cs]e|^copying|^unlicense|^eula|^terms(?:[-_ ]of[-_ ]use)?(?:\.|$)",
            re.IGNORECASE,
        ),
        Role.LICENSE,
    ),
)
_TEXT = re.compile(
    r"(?:^|/)[^/.]+$|\.(?:txt|md|rst|html?|\d[\w.]*|openmdw|[a-z]*licen[cs]e\w*)$", re.IGNORECASE
)
_EXPRESSION = re.compile(r"\s(?:AND|OR|WITH)\s|^\(", re.IGNORECASE)
"""An SPDX expression: the Hub refuses it, and it says something all the same."""
_FOLDERS = re.compile(r"^(?:licen[cs]es?|legal|notices)$", re.IGNORECASE)
_CODE = re.compile(
    r"\.(?:py|json|ya?ml|toml|png|jpe?g|svg|pdf|docx?|safetensors|bin|gguf)$", re.IGNORECASE
)


@dataclass(frozen=True)
class LicenseFile:
    """One file that says something of licenses."""

    path: str
    role: Role
    text: str
    """UTF-8; bytes that are not are replaced, as in any old text file."""

    @cached_property
    def detection(self) -> Detection:
        """The licenses in it."""
        from cardlint_licenses.detect import detect

        return detect(self.text[:MAX_DETECTED])

    def location(self, offset: int = 0) -> Location:
        """A character offset as a place."""
        line = self.text.count("\n", 0, offset) + 1
        return Location(self.path, line, offset - (self.text.rfind("\n", 0, offset) + 1) + 1)


@dataclass(frozen=True, slots=True)
class Declared:
    """One value of the card's ``license``."""

    text: str
    """As it is written."""
    location: Location
    license: License | None
    """``None`` when the value (with ``license_name``, for ``other``) is not in the catalog."""


@dataclass(frozen=True)
class LicenseFiles:
    """All that one repository says of its license."""

    declared: tuple[Declared, ...]
    name: Value | None
    """``license_name`` of the front matter."""
    link: Value | None
    """``license_link`` of the front matter."""
    files: tuple[LicenseFile, ...]
    """In order of path."""
    gaps: tuple[NotChecked, ...] = ()
    """What was not read, because there is too much of it."""

    def of(self, *roles: Role) -> tuple[LicenseFile, ...]:
        """The files of some roles."""
        return tuple(f for f in self.files if f.role in roles)

    @property
    def licenses(self) -> tuple[License, ...]:
        """The declared licenses that the catalog knows, each once."""
        return tuple(dict.fromkeys(d.license for d in self.declared if d.license))

    @property
    def understood(self) -> bool:
        """Whether a license is declared and every value of it is known, none left open."""
        return bool(self.declared) and all(
            d.license and d.license.kind not in {Kind.FAMILY, Kind.UNSTATED} for d in self.declared
        )

    def matches(self, license_id: str) -> Iterator[tuple[LicenseFile, Match]]:
        """Where one license was found, whatever part of it."""
        for file in self.files:
            for match in file.detection.matches:
                if match.license == license_id:
                    yield file, match

    def carries(self, license_id: str) -> bool:
        """Whether the text of a license is here in full (word for word or nearly so)."""
        from cardlint_licenses.results import Form

        return any(m.form is Form.FULL for _, m in self.matches(license_id))

    def governing(self) -> tuple[License, ...]:
        """The licenses that this repository is under, as far as can be told.

        The declared ones where the card says clearly which; else those whose text stands in the
        license files.
        """
        if self.understood:
            return self.licenses
        found: dict[str, License] = {}
        for file in self.of(Role.LICENSE):
            for id_ in file.detection.ids():
                found[id_] = load(id_)
        if found:
            return tuple(found.values())
        return self.licenses


def read(repo: Repository) -> LicenseFiles:
    """Read what a repository says of its license.

    Raises:
        Unavailable: the file list cannot be had, or the card or a license file that is in it:
            what it may say must not be taken for missing.
    """
    files: list[LicenseFile] = []
    gaps: list[NotChecked] = []
    wanted = [(path, role) for path in repo.files if (role := role_of(path))]
    for path, role in wanted[:MAX_FILES]:
        try:
            data = repo.source.read_bytes(path, MAX_BYTES)
        except Unavailable as reason:
            unread = f"{path} is there and could not be read: {reason.message}"
            raise type(reason)(unread, remedy=reason.remedy) from reason
        files.append(LicenseFile(path, role, decode(data)))
    if len(wanted) > MAX_FILES:
        why = f"{len(wanted)} license files; the first {MAX_FILES} were read"
        gaps.append(NotChecked("licenses", why))
    declared, name, link = _declared(repo)
    return LicenseFiles(declared, name, link, tuple(files), tuple(gaps))


def role_of(path: str) -> Role | None:
    """What a file is by its name; ``None`` for anything but a license file."""
    folder, _, name = path.rpartition("/")
    if _CODE.search(name) or "/" in folder or (folder and not _FOLDERS.match(folder)):
        return None
    if not _TEXT.search(name):
        return None
    for pattern, role in _ROLES:
        if pattern.search(name):
            return role
    return Role.LICENSE if folder and _FOLDERS.match(folder) else None


def decode(data: bytes) -> str:
    """A text file's bytes as text: UTF-16 by its mark, else UTF-8, other bytes replaced."""
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return data.decode("utf-16", errors="replace")
    return data.decode("utf-8-sig", errors="replace")


def _declared(repo: Repository) -> tuple[tuple[Declared, ...], Value | None, Value | None]:
    try:
        front = repo.card.front_matter
    except NotFound:
        return (), None, None
    if front is None:
        return (), None, None
    name, link = front.get("license_name"), front.get("license_link")
    values: Sequence[Value] = front.strings("license")
    path = repo.card.path
    found = []
    for value in values:
        if not isinstance(value.data, str) or not value.data.strip():
            continue
        at = value.span.location(path)
        terms = symbols(value.data) if _EXPRESSION.search(value.data) else None
        found += [Declared(text, at, _resolve(text, name)) for text in terms or (value.data,)]
    return tuple(found), name, link


def _resolve(text: str, name: Value | None) -> License | None:
    """The license that a value stands for: its own name, or ``license_name`` for ``other``."""
    license_ = resolve(text)
    if license_ is not None and license_.id == "other" and name and isinstance(name.data, str):
        return resolve(name.data) or license_
    return license_
