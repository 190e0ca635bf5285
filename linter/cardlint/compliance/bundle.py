"""The evidence bundle: what an auditor needs to repeat a report, in one zip.

::

    manifest.json            schema, and the SHA-256 of every other file
    report.html report.json  the report
    card/<commit>.md         README.md at each commit that changed it
    sketch/<n>.safetensors   the sampled weights of the model and of each parent compared
    compare.json             the comparison that the report quotes
    statement.json           in-toto Statement v1 with predicate test-result v0.1
    statement.sigstore.json  a Sigstore signature of the statement, on request

The same report gives the same bytes (a signature apart).
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from cardlint.compliance import signing
from cardlint.compliance.lineage_table import strongest
from cardlint.errors import Unavailable, UsageError
from cardlint.report.compliance import html
from cardlint.report.compliance import json as as_json

if TYPE_CHECKING:
    from cardlint.repository import Repository

SCHEMA = "cardlint/bundle/1"
STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://in-toto.io/attestation/test-result/v0.1"
"""github.com/in-toto/attestation, spec/predicates/test-result.md."""
MAX_CARDS = 200


def write(
    path: Path, document: Mapping[str, Any], repo: Repository, *, signed: bool = False
) -> None:
    """Write the bundle of one report.

    Raises:
        UsageError: the file cannot be written, or there is no identity to sign with.
    """
    files = dict(contents(document, repo))
    if signed:
        files[signing.NAME] = signing.sign(files["statement.json"])
    files["manifest.json"] = as_text(
        {"schema": SCHEMA, "files": {name: sha256(data) for name, data in sorted(files.items())}}
    )
    moment = datetime.fromisoformat(document["cover"]["date"])
    stamp = (max(moment.year, 1980), moment.month, moment.day, moment.hour, moment.minute, 0)
    try:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
            for name, data in sorted(files.items()):
                info = zipfile.ZipInfo(name, stamp)
                info.external_attr = 0o644 << 16
                info.create_system = 3  # as on Unix, so that every system writes the same bytes
                archive.writestr(info, data)
    except OSError as error:
        raise UsageError(
            f"{path} cannot be written: {error.strerror}",
            remedy="Name a file in a folder that exists and that you may write to.",
        ) from error


def contents(document: Mapping[str, Any], repo: Repository) -> Iterator[tuple[str, bytes]]:
    """The files of the bundle but the manifest."""
    report = as_json.render(document)
    yield "report.json", report
    yield "report.html", html.render(document)
    yield from _cards(repo)
    yield from _sketches(repo)
    yield "statement.json", as_text(statement(document, sha256(report)))


def _cards(repo: Repository) -> Iterator[tuple[str, bytes]]:
    try:
        states = [s for s in repo.history.states if "README.md" in s.changed and s.card_text]
    except Unavailable:
        return
    for state in states[-MAX_CARDS:]:
        yield f"card/{state.commit.id}.md", (state.card_text or "").encode()


def _sketches(repo: Repository) -> Iterator[tuple[str, bytes]]:
    """Sketches of the comparison that the report quotes, and the comparison itself."""
    comparison = strongest(repo)
    if comparison is None:
        return
    from cardlint.weights.read import sketch
    from cardlint.weights.sketch_file import save

    yield "compare.json", as_text(comparison.json())
    with TemporaryDirectory() as scratch:
        for number, name in enumerate((comparison.model, *comparison.parents)):
            source = repo.source if number == 0 else repo.resolver.upstream(name)
            try:
                made = sketch(source, budget=repo.options.budget, name=name)
            except Unavailable:
                continue  # the report says that it was not checked
            file = Path(scratch, f"{number}.safetensors")
            save(made, file)
            yield f"sketch/{number}.safetensors", file.read_bytes()


def statement(document: Mapping[str, Any], report: str) -> dict[str, Any]:
    """The in-toto statement: the repository's files are the subject, the findings the result."""
    severities = {f["severity"] for f in document["findings"]}
    result = (
        "FAILED" if "error" in severities else "WARNED" if "warning" in severities else "PASSED"
    )
    subjects = [
        {"name": f["path"], "digest": {"sha256": f["sha256"]}}
        for f in document["evidence"]
        if f["sha256"]
    ]
    cover = document["cover"]
    repository = {"name": cover["repository"]}
    if cover["commit"]:
        repository |= {"digest": {"gitCommit": cover["commit"]}}
    return {
        "_type": STATEMENT,
        "subject": [*subjects, {"name": "report.json", "digest": {"sha256": report}}],
        "predicateType": PREDICATE,
        "predicate": {
            "result": result,
            "configuration": [repository],
            "failedTests": sorted(
                {f["rule"] for f in document["findings"] if f["severity"] == "error"}
            ),
            "warnedTests": sorted(
                {f["rule"] for f in document["findings"] if f["severity"] == "warning"}
            ),
        },
    }


def as_text(data: object) -> bytes:
    """JSON with sorted keys."""
    return json.dumps(data, ensure_ascii=False, indent=1, sort_keys=True).encode() + b"\n"


def sha256(data: bytes) -> str:
    """Hex digest."""
    return hashlib.sha256(data).hexdigest()
