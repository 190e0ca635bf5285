"""Every message of the report, gathered from where it stands: what the catalogues must translate.

``python -m cardlint.compliance.messages`` brings the catalogues up to date: new messages come in
empty, and a test fails until each is translated.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from cardlint.compliance.framework import frameworks, items
from cardlint.compliance.judge import AXES, Status
from cardlint.compliance.ledger import Standing
from cardlint.findings import Confidence, Severity


def messages() -> list[str]:
    """Each message once, in a stable order."""
    return sorted(set(_gather()))


def _gather() -> Iterator[str]:
    for package in ("cardlint.compliance", "cardlint.report.compliance", "cardlint.web"):
        for file in files(package).iterdir():
            if file.name.endswith(".py"):
                yield from _calls(file.read_text("utf-8"))
            elif file.name.endswith(".html"):
                found = re.finditer(r"\bt\((?:'([^']*)'|\"([^\"]*)\")", file.read_text("utf-8"))
                yield from (m[1] if m[1] is not None else m[2] for m in found)
    from cardlint.report.compliance import pdf

    yield from (*pdf.WORDS, *pdf.STATUSES)
    yield from (str(x) for kind in (Status, Standing, Severity, Confidence) for x in kind)
    yield from (title for _, title, _ in AXES)
    yield from (item.title for item in items().values())
    for framework in frameworks().values():
        yield from (framework.title, framework.status, framework.verified)
        if framework.person:
            yield framework.person
        yield from (clause.title for clause in framework.clauses)


def _calls(source: str) -> Iterator[str]:
    """What is handed to ``t``, ``Refused`` or ``message=``, and rows that a loop translates."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            name = node.func.id if isinstance(node.func, ast.Name) else ""
            told = node.args[:1] if name in {"t", "Refused"} else []
            told += [k.value for k in node.keywords if k.arg == "message"]
            yield from (text for part in told for text in _texts(part))
        if isinstance(node, ast.For) and isinstance(node.iter, ast.Tuple):
            yield from (text for text in _texts(node.iter) if " " in text)


def _texts(node: ast.AST) -> Iterator[str]:
    for part in ast.walk(node):
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            yield part.value


def update(folder: Path) -> dict[str, int]:
    """Bring the catalogues up to date; return how many messages each still lacks."""
    from babel.messages.catalog import Catalog
    from babel.messages.pofile import read_po, write_po

    from cardlint.compliance.i18n import LANGUAGES

    missing = {}
    for name in LANGUAGES.values():
        if name == "en":
            continue
        path = folder / f"{name}.po"
        known: dict[str, str] = {}
        if path.exists():
            with path.open("rb") as file:
                known = {str(m.id): str(m.string) for m in read_po(file, locale=name)}
        catalogue = Catalog(
            locale=name,
            project="cardlint",
            header_comment="# Translations of the compliance report.",
        )
        for message in messages():
            catalogue.add(message, known.get(message, ""))
        with path.open("wb") as file:
            write_po(file, catalogue, omit_header=True, width=100)
        missing[name] = sum(not known.get(m) for m in messages())
    return missing


if __name__ == "__main__":
    print(update(Path(__file__).parent / "catalogues"))  # noqa: T201  # a tool for contributors
