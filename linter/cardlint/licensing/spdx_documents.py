"""SPDX documents found in a repository: one more place where a license is declared."""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cardlint.errors import Malformed, Unavailable
from cardlint.findings import NotChecked
from cardlint.licensing.files import decode
from cardlint_licenses import License, resolve
from cardlint_licenses.expressions import symbols

if TYPE_CHECKING:
    from cardlint.repository import Repository

NAME = re.compile(r"(?:^|[./_-])spdx\.(?:json|ya?ml)$|\.spdx$", re.IGNORECASE)
MAX_BYTES = 1 << 20
MAX_DOCUMENTS = 8


@dataclass(frozen=True, slots=True)
class SpdxDeclaration:
    """What an SPDX document says of the license of the thing that it describes."""

    path: str
    name: str
    """Of the package described."""
    expression: str
    """``licenseDeclared``, or ``licenseConcluded`` where nothing is declared."""
    licenses: tuple[License | None, ...]
    """Of the expression; ``None`` for one that the catalog does not know."""


def read(repo: Repository) -> Iterator[SpdxDeclaration | NotChecked]:
    """Read the SPDX 2.x documents of a repository (JSON and tag-value).

    Raises:
        Unavailable: the file list cannot be had.
    """
    for path in [p for p in repo.files if NAME.search(p)][:MAX_DOCUMENTS]:
        try:
            text = decode(repo.source.read_bytes(path, MAX_BYTES))
            yield from _packages(path, _parse(path, text))
        except Unavailable as reason:
            yield NotChecked(path, reason.message, reason.remedy)


def _parse(path: str, text: str) -> Any:
    from spdx_tools.spdx.parser.error import SPDXParsingError
    from spdx_tools.spdx.parser.jsonlikedict.json_like_dict_parser import JsonLikeDictParser
    from spdx_tools.spdx.parser.tagvalue.parser import Parser

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the library warns of its own use of old interfaces
        try:
            if path.lower().endswith(".json"):
                data = json.loads(text)
                if not isinstance(data, dict):
                    raise Malformed(f"{path} holds no JSON object")
                if "@graph" in data:
                    raise Malformed(f"{path} is SPDX 3; documents of SPDX 2 are compared")
                reader: Any = JsonLikeDictParser
                return reader().parse(data)
            if path.lower().endswith(".spdx"):
                tags: Any = Parser
                return tags().parse(text)
        except (SPDXParsingError, ValueError, RecursionError, TypeError, LookupError) as error:
            why = " ".join(str(error).split())[:200] or type(error).__name__
            raise Malformed(f"{path} is not a readable SPDX 2 document: {why}") from error
    raise Malformed(f"{path} is not compared: SPDX is read as JSON and tag-value")


def _packages(path: str, document: Any) -> Iterator[SpdxDeclaration]:
    described = {
        r.related_spdx_element_id
        for r in document.relationships
        if r.relationship_type.name == "DESCRIBES"
    }
    packages = [p for p in document.packages if p.spdx_id in described] or document.packages[:1]
    for package in packages[:1]:
        expression = _said(package.license_declared) or _said(package.license_concluded)
        named = symbols(expression) if expression else None
        if expression and named:
            found = tuple(resolve(n.removesuffix("+")) or resolve(_only(n)) for n in named)
            yield SpdxDeclaration(path, package.name, expression, found)


def _said(value: Any) -> str | None:
    """An expression as text; nothing for NONE and NOASSERTION."""
    text = str(value) if value is not None else ""
    return None if text in {"", "NONE", "NOASSERTION"} else text


def _only(name: str) -> str:
    """``GPL-3.0`` and ``GPL-3.0-or-later`` are the Hub's ``gpl-3.0``."""
    return name.removesuffix("-or-later").removesuffix("-only")
