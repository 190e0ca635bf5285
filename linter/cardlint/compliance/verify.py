"""Checks an evidence bundle with no network: hashes, statement, and the figures computed again."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cardlint.compliance import signing
from cardlint.compliance.bundle import SCHEMA, sha256
from cardlint.errors import Malformed, OverBudget, UsageError

MAX_FILES = 1000
MAX_BYTES = 2 << 30
"""Of all files together, unpacked."""
TOLERANCE = 1e-6
"""By which a coefficient computed again may differ from the one in the report."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One thing that was verified."""

    what: str
    ok: bool
    detail: str = ""


def verify(path: Path) -> list[Outcome]:
    """Verify a bundle.

    Raises:
        Malformed: it is no bundle.
        OverBudget: it would unpack to more than is allowed.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            files = _read(archive)
    except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError) as error:
        raise Malformed(f"{path} is no zip that can be read: {error}") from error
    try:
        manifest = json.loads(files["manifest.json"])
        named: Mapping[str, str] = manifest["files"]
        if manifest["schema"] != SCHEMA or not isinstance(named, dict):
            raise ValueError(manifest["schema"])  # noqa: TRY301  # one place says what a bundle is
        report = json.loads(files["report.json"])
        statement = json.loads(files["statement.json"])
    except (KeyError, ValueError, TypeError, RecursionError) as error:
        raise Malformed(f"{path} is no evidence bundle of cardlint: {error}") from error
    whole = list(_hashes(files, named))
    if not all(outcome.ok for outcome in whole):
        return [
            *whole,
            Outcome("figures", ok=False, detail="not computed again: a file was changed"),
        ]
    return [
        *whole,
        *_statement(files, report, statement),
        *_signature(files),
        *_figures(files),
    ]


def _read(archive: zipfile.ZipFile) -> dict[str, bytes]:
    """Everything in memory, bounded; nothing is unpacked to a path that the archive names."""
    entries = archive.infolist()
    if len(entries) > MAX_FILES:
        raise OverBudget(f"the bundle has {len(entries):,} files; at most {MAX_FILES:,} are read")
    if sum(e.file_size for e in entries) > MAX_BYTES:
        raise OverBudget("the bundle unpacks to more than 2 GiB")
    files = {}
    for entry in entries:
        with archive.open(entry) as file:
            data = file.read(entry.file_size + 1)
        if len(data) != entry.file_size:
            raise Malformed(f"{entry.filename} has another size than the archive says")
        files[entry.filename] = data
    return files


def _hashes(files: Mapping[str, bytes], named: Mapping[str, str]) -> Iterator[Outcome]:
    for name, digest in sorted(named.items()):
        if name not in files:
            yield Outcome(name, ok=False, detail="is named by the manifest and not there")
        else:
            same = sha256(files[name]) == digest
            yield Outcome(name, same, "SHA-256 as in the manifest" if same else "SHA-256 differs")
    for name in sorted(set(files) - set(named) - {"manifest.json"}):
        yield Outcome(name, ok=False, detail="is not named by the manifest")


def _statement(files: Mapping[str, bytes], report: Any, statement: Any) -> Iterator[Outcome]:
    from cardlint.compliance.bundle import statement as make

    same = statement == make(report, sha256(files["report.json"]))
    yield Outcome(
        "statement", same, "says what the report says" if same else "differs from the report"
    )


def _signature(files: Mapping[str, bytes]) -> Iterator[Outcome]:
    if signing.NAME not in files:
        yield Outcome("signature", ok=True, detail="none: the bundle is not signed")
        return
    try:
        name = signing.signer_of(files["statement.json"], files[signing.NAME])
    except (Malformed, UsageError) as reason:
        yield Outcome("signature", ok=False, detail=reason.message)
    else:
        yield Outcome("signature", ok=True, detail=f"of {name}: see whether that is the publisher")


def _figures(files: Mapping[str, bytes]) -> Iterator[Outcome]:
    """Compare the sketches again and hold the figures against those in the bundle."""
    from cardlint.weights.compare import compare
    from cardlint.weights.sketch_file import load

    if "compare.json" not in files:
        yield Outcome("weights", ok=True, detail="the report quotes no comparison")
        return
    said = json.loads(files["compare.json"])
    names = [n for n in files if n.startswith("sketch/")]
    if len(names) != 1 + len(said["parents"]):
        yield Outcome("weights", ok=False, detail="not every sketch is there")
        return
    with TemporaryDirectory() as scratch:
        sketches = []
        for number in range(len(names)):
            file = Path(scratch, f"{number}.safetensors")
            file.write_bytes(files[f"sketch/{number}.safetensors"])
            sketches.append(load(file))
        again: Any = compare(sketches[0], sketches[1:]).json()
    yield _same("verdict", said["verdict"], again["verdict"], "kind")
    yield _same("method", said["verdict"], again["verdict"], "method")
    for parent, row in said["verdict"]["coefficients"].items():
        now = again["verdict"]["coefficients"].get(parent)
        close = now is not None and abs(now["value"] - row["value"]) <= TOLERANCE
        yield Outcome(
            f"share of {parent}",
            close,
            f"{row['value']:.6f}, computed again: {now['value'] if now else None}",
        )


def _same(what: str, said: Any, again: Any, key: str) -> Outcome:
    return Outcome(what, said[key] == again[key], f"{said[key]}, computed again: {again[key]}")
