"""What a finding is, apart from where it stands: the key of baselines and of code scanning."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace

from cardlint.errors import Unavailable
from cardlint.findings import Finding
from cardlint.repository import Repository

MAX_TEXT = 1 << 20
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


def stamp(repo: Repository, finding: Finding) -> Finding:
    """The finding with its fingerprint: rule, path and content, never the line number.

    The content is the text of the line that the finding points into. A finding about a file as a
    whole, or about one that is no small text, has its message for content, numbers left out (a
    measured figure may differ in its last digit from one machine to the next).
    """
    content = _line(repo, finding) or _NUMBER.sub("#", finding.message)
    parts = (finding.rule, finding.location.path, content)
    digest = hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
    return replace(finding, fingerprint=digest[:32])


def _line(repo: Repository, finding: Finding) -> str:
    at = finding.location
    if at.end_line is None:
        return ""
    try:
        text = _text(repo, at.path)
    except Unavailable:
        return ""
    lines = text.split("\n", at.line)
    return " ".join(lines[at.line - 1].split()) if len(lines) >= at.line else ""


def _text(repo: Repository, path: str) -> str:
    key = f"text:{path}"
    if key not in repo.known:
        repo.known[key] = repo.source.read_text(path, MAX_TEXT)
    text: str = repo.known[key]
    return text
