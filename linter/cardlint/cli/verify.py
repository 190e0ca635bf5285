"""Compute every figure of an evidence file or a report's bundle again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import BadZipFile, ZipFile

import click

from cardlint import cli
from cardlint.cli import options
from cardlint.cli.options import Output, Sources

if TYPE_CHECKING:
    from cardlint.weights.evidence_file import Check
    from cardlint.weights.sketch import Sketch


@click.command("verify", epilog="Example: cardlint verify evidence.zip")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--source/--no-source",
    default=True,
    help="Read the same elements again from the repositories, where they can be reached.",
)
@options.sources(weights=False)
@options.output("text", "json")
def command(file: Path, source: bool, sources: Sources, output: Output) -> int:
    """Compute every figure of an evidence file, or of a report's bundle, again.

    FILE is what `cardlint compare --evidence` or `cardlint report --bundle` wrote. A bundle is verified
    with no network. Exit code 0: all that could be checked agrees; 1: something differs.
    """
    from cardlint.weights.table import plain

    checks = _bundle(file) if _is_bundle(file) else _evidence(file, sources, source=source)

    wrong = any(c.ok is False for c in checks)
    if output.format == "json":
        rows = [{"what": c.what, "ok": c.ok, "note": c.note} for c in checks]
        data = {"schema": "cardlint/verify/1", "file": str(file), "ok": not wrong, "checks": rows}
        output.emit(json.dumps(data, indent=2) + "\n")
    else:
        words = {True: "same", False: "DIFFERS", None: "not checked"}
        lines = [
            f"{words[c.ok]:<11}  {plain(c.what)}" + (f": {plain(c.note)}" if c.note else "")
            for c in checks
        ]
        output.emit("\n".join(lines) + "\n")
    return cli.FINDINGS if wrong else cli.OK


def _is_bundle(file: Path) -> bool:
    """Both are archives; a bundle has a manifest."""
    try:
        with ZipFile(file) as archive:
            return "manifest.json" in archive.namelist()
    except (OSError, BadZipFile):
        return False


def _bundle(file: Path) -> Sequence[Check]:
    """Hashes, statement, signature and figures of a report's bundle."""
    from cardlint.compliance.verify import verify
    from cardlint.weights.evidence_file import Check

    return [Check(o.what, o.ok, o.detail) for o in verify(file)]


def _evidence(file: Path, sources: Sources, *, source: bool) -> Sequence[Check]:
    """Every figure of one comparison, and the bytes that it was made from."""
    from cardlint.weights.evidence_file import verify

    resolver = sources.resolver()

    def read(target: str, budget: int) -> Sketch:
        from cardlint.weights.read import sketch

        return sketch(resolver.target(target), budget=budget)

    return verify(file, read if source else None)
