"""A comparison with everything that it was computed from, in one file.

An evidence file is a ZIP archive (stored, not compressed; the same input gives the same bytes):

``evidence.json``  what was found, with which version, from which repositories, commits and files;
``FORMULA.md``     how each figure is computed;
``N.safetensors``  the sketch of each model: the sampled numbers as they are stored, with the runs
                   of elements they were read from.

:func:`verify` computes every figure again from the sketches, and, where the repositories can be
reached, reads the same elements again.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np

from cardlint.errors import Malformed, NotFound, Unavailable, UsageError
from cardlint.findings import Json
from cardlint.weights import sketch_file
from cardlint.weights.compare import compare
from cardlint.weights.evidence import Comparison
from cardlint.weights.sketch import Sketch

SCHEMA = "cardlint/evidence/1"
MANIFEST = "evidence.json"
MAX_MANIFEST = 64 << 20
MAX_MODELS = 64
MAX_BYTES = 8 << 30
TOLERANCE = 1e-6
"""Figures are printed with six decimals or more; another numpy may differ in the last."""

FORMULA = """# How the figures are computed

R is the model, P a parent, Q the other parents' blend; all at the sampled elements.

- similarity: cosine of the centered weight matrices, pooled over tensors.
- p_value: (1 + row permutations at least as extreme) / (1 + permutations), Fisher over tensors.
- alpha, cos_fit: <R-Q, P-Q> / <P-Q, P-Q> and the cosine of R-Q and P-Q.
- consistency: share of elements, among those at which the parents differ by two cells or more, for
  which the recipe lies in the cell of R. The cell of a stored number is all real numbers that round
  to it.
- chance: the same after permuting the elements of the parents.
- replay: share of elements, among those at which the parents differ, that the recipe gives to the
  bit in the named arithmetic.
- residue: norm of what the best mixture leaves over the norm of what the parents differ by.

`cardlint verify FILE` computes all of them again from the numbers in this archive. `runs` in the
metadata of each safetensors file are (first element, count) in C order within the tensor.
"""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was verified."""

    what: str
    ok: bool | None
    """``None``: it could not be looked at."""
    note: str = ""


def write(
    path: Path,
    found: Comparison,
    model: Sketch,
    parents: Sequence[Sketch],
    controls: Sequence[Sketch],
    *,
    budget: int,
) -> None:
    """Write an evidence file; an existing one is replaced as a whole or not at all.

    Args:
        path: the file.
        found: what was found.
        model: the model under test.
        parents: the parents it was held against, in order.
        controls: the controls.
        budget: bytes that reading was allowed, so that the same elements can be read again.

    Raises:
        UsageError: the file cannot be written.
    """
    from importlib.metadata import version

    everyone = [
        ("model", model),
        *(("parent", p) for p in parents),
        *(("control", c) for c in controls),
    ]
    part = path.with_name(path.name + ".part")
    try:
        with tempfile.TemporaryDirectory(dir=path.parent) as scratch:
            rows: list[Json] = []
            files: list[tuple[str, Path]] = []
            for number, (role, sketch) in enumerate(everyone):
                name = f"{number}.safetensors"
                file = Path(scratch, name)
                sketch_file.save(sketch, file)
                files.append((name, file))
                rows.append(_row(role, sketch, name, file))
            manifest = {
                "schema": SCHEMA,
                "cardlint": version("cardlint"),
                "numpy": np.__version__,
                "plan": model.plan,
                "budget": budget,
                "models": rows,
                "comparison": found.json(),
            }
            with zipfile.ZipFile(part, "w", zipfile.ZIP_STORED) as archive:
                _put(archive, MANIFEST, (json.dumps(manifest, indent=1) + "\n").encode())
                _put(archive, "FORMULA.md", FORMULA.encode())
                for name, file in files:
                    _put(archive, name, file.read_bytes())
        os.replace(part, path)  # noqa: PTH105  # Path.replace is the same call with less said
    except OSError as error:
        part.unlink(missing_ok=True)
        raise UsageError(
            f"{path} cannot be written: {error.strerror}",
            remedy="Name a file in a folder that exists, that you may write to and that has room.",
        ) from error


def _row(role: str, sketch: Sketch, name: str, file: Path) -> dict[str, Json]:
    return {
        "role": role,
        "name": sketch.name,
        "repo_id": sketch.repo_id,
        "commit": sketch.commit,
        "files": cast("Json", {k: dict(v) for k, v in sketch.files.items()}),
        "sketch": name,
        "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
    }


def _put(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    info.external_attr = 0o644 << 16
    archive.writestr(info, data)


def is_evidence(path: Path) -> bool:
    """Whether a file is an archive with a manifest of this kind."""
    try:
        with zipfile.ZipFile(path) as archive:
            return MANIFEST in archive.namelist()
    except (OSError, zipfile.BadZipFile):
        return False


def verify(path: Path, read: Callable[[str, int], Sketch] | None = None) -> list[Check]:
    """Compute every figure again.

    Args:
        path: the evidence file.
        read: reads a model again, given ``org/name@commit`` and the budget; ``None``: the
            repositories are not asked.

    Raises:
        NotFound: no such file.
        Malformed: it is no evidence file, or does not add up.
    """
    with tempfile.TemporaryDirectory() as scratch:
        manifest, sketches, checks = _open(path, Path(scratch))
        roles = [row["role"] for row in manifest["models"]]
        parents = [s for s, role in zip(sketches, roles, strict=True) if role == "parent"]
        controls = [s for s, role in zip(sketches, roles, strict=True) if role == "control"]
        if roles[:1] != ["model"] or not parents:
            raise Malformed(f"{path} names no model or no parents")
        again = compare(sketches[0], parents, controls).json()
        checks += list(_figures(manifest["comparison"], again))
        checks += [
            _reread(row, sketch, read, int(manifest["budget"]))
            for row, sketch in zip(manifest["models"], sketches, strict=True)
        ]
    return checks


def _open(path: Path, scratch: Path) -> tuple[dict[str, Any], list[Sketch], list[Check]]:
    try:
        with zipfile.ZipFile(path) as archive:
            manifest = json.loads(_get(archive, MANIFEST, MAX_MANIFEST))
            if manifest.get("schema") != SCHEMA:
                raise Malformed(f"{path} is not {SCHEMA}, but {manifest.get('schema')!r}")
            rows = manifest["models"]
            if not 2 <= len(rows) <= MAX_MODELS or manifest["comparison"]["schema"] is None:
                raise Malformed(f"{path} has {len(rows)} models")
            sketches, checks = [], []
            for number, row in enumerate(rows):
                data = _get(archive, str(row["sketch"]), MAX_BYTES)
                same = hashlib.sha256(data).hexdigest() == row["sha256"]
                checks.append(Check(f"hash of the numbers of {row['name']}", same))
                file = scratch / f"{number}.safetensors"
                file.write_bytes(data)
                sketches.append(sketch_file.load(file))
            return manifest, sketches, checks
    except OSError as error:
        raise NotFound(f"{path} cannot be read: {error.strerror}") from error
    except (
        zipfile.BadZipFile,
        KeyError,
        TypeError,
        ValueError,
        AttributeError,
        RecursionError,
    ) as e:
        raise Malformed(
            f"{path} is not an evidence file that can be read ({type(e).__name__})",
            remedy="Make it again with `cardlint compare … --evidence FILE`.",
        ) from e


def _get(archive: zipfile.ZipFile, name: str, limit: int) -> bytes:
    info = archive.getinfo(name)
    if info.file_size > limit or info.compress_type != zipfile.ZIP_STORED:
        raise Malformed(f"{name} in the archive is too large or compressed")
    return archive.read(info)


def _figures(stored: Mapping[str, Any], again: Mapping[str, Any]) -> Iterator[Check]:
    """Every figure of the comparison, stored against recomputed."""
    before, after = dict(_leaves(stored, "")), dict(_leaves(again, ""))
    wrong = [k for k in sorted({*before, *after}) if not _same(before.get(k), after.get(k))]
    yield Check(
        f"{len(before)} figures and statements computed again",
        not wrong,
        "" if not wrong else f"{len(wrong)} differ",
    )
    for key in wrong[:50]:
        yield Check(key, ok=False, note=f"says {before.get(key)!r}, computed {after.get(key)!r}")


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _leaves(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _leaves(item, f"{path}[{number}]")
    else:
        yield path, value


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, float) and isinstance(b, float | int) and not isinstance(b, bool):
        return math.isclose(a, b, rel_tol=1e-4, abs_tol=TOLERANCE)
    return bool(a == b)


def _reread(
    row: Mapping[str, Any],
    sketch: Sketch,
    read: Callable[[str, int], Sketch] | None,
    budget: int,
) -> Check:
    """The same elements, read again from where they came from."""
    what = f"the numbers of {row['name']} at their source"
    if read is None:
        return Check(what, ok=None, note="the repositories were not asked (--no-source)")
    place = row["repo_id"] or row["name"]
    target = f"{place}@{row['commit']}" if row["repo_id"] and row["commit"] else str(place)
    try:
        fresh = read(target, budget)
    except (Unavailable, UsageError) as reason:
        return Check(what, ok=None, note=reason.message)
    lost = [n for n in sketch.blocks if n not in fresh.blocks]
    wrong = [
        n
        for n, block in sketch.blocks.items()
        if n in fresh.blocks
        and not (
            np.array_equal(block.runs, fresh.blocks[n].runs)
            and np.array_equal(block.values, fresh.blocks[n].values)
        )
    ]
    if wrong or lost:
        return Check(
            what,
            ok=False,
            note=f"{len(wrong) + len(lost)} tensors differ, such as {(wrong + lost)[0]}",
        )
    hashes = [
        f for f, known in row["files"].items()
        if known.get("sha256") and fresh.files.get(f, {}).get("sha256") not in (None, known["sha256"])
    ]  # fmt: skip
    if hashes:
        return Check(what, ok=False, note=f"the hash of {hashes[0]} differs")
    return Check(what, ok=True, note=f"{len(sketch.blocks)} tensors read again, all the same")
