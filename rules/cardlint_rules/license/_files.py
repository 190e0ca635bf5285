"""What the rules about license texts share."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cardlint.licensing.files import LicenseFile, Role
from cardlint.repository import Repository

if TYPE_CHECKING:
    from cardlint_licenses.results import Match

_MAIN = re.compile(r"^(?:licen[cs]e|copying|unlicense)(?:\.(?:txt|md|rst))?$", re.IGNORECASE)


def main_file(repo: Repository) -> LicenseFile | None:
    """The file that states the license of the whole repository: ``LICENSE`` and its kin."""
    return next((f for f in repo.licenses.of(Role.LICENSE) if _MAIN.match(f.path)), None)


def texts(repo: Repository) -> Iterator[tuple[LicenseFile, Match]]:
    """Every license text, or part of one, in the license files; headers and mentions left out."""
    from cardlint_licenses.results import Form

    for file in repo.licenses.of(Role.LICENSE, Role.THIRD_PARTY):
        for match in file.detection.matches:
            if match.form in {Form.FULL, Form.PARTIAL}:
                yield file, match
