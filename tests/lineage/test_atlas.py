"""A folder of sketches in which models are looked up."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from cardlint.errors import Malformed, UsageError
from cardlint.lineage.atlas import layout
from cardlint.lineage.atlas.store import Atlas, open_atlas
from cardlint.source.local import LocalFolder
from cardlint.weights.read import sketch
from cardlint.weights.sketch import Sketch
from tests.kit.repos import write_files

BASE = {"sum": [[1, 1, 0.02]]}
TUNED = {"sum": [[1, 1, 0.02], [1, 2, 0.001]]}
OTHER = {"sum": [[1, 9, 0.02]]}


def model(root: Path, name: str, spec: object, **sizes: int) -> Sketch:
    """A small model's sketch."""
    files = {
        "config.json": {"json": {"model_type": "llama", "hidden_size": sizes.get("hidden", 64)}},
        "model.safetensors": {"weights": spec, **sizes},
    }
    write_files(root / name, files)
    return sketch(LocalFolder(root / name, f"lab/{name}"), name=f"lab/{name}")


@pytest.fixture
def atlas(tmp_path: Path) -> Atlas:
    """With a base, another model of its architecture, and one of another."""
    made = Atlas(tmp_path / "atlas")
    made.add(model(tmp_path, "base", BASE))
    made.add(model(tmp_path, "other", OTHER))
    made.add(model(tmp_path, "wide", BASE, hidden=96))
    return made


def test_the_layout_is_as_published(atlas: Atlas) -> None:
    """`arch/<key>/<org>--<name>@<commit>.safetensors` and an index."""
    files = sorted(p.relative_to(atlas.root).as_posix() for p in atlas.root.rglob("*.safetensors"))
    assert [f.rpartition("/")[2] for f in files] == [
        f"lab--base@{'0' * 40}.safetensors",
        f"lab--other@{'0' * 40}.safetensors",
        f"lab--wide@{'0' * 40}.safetensors",
    ]
    assert len(atlas.keys()) == 2
    assert list(atlas.check()) == []


def test_a_relative_is_found_and_others_are_not(atlas: Atlas, tmp_path: Path) -> None:
    """Most alike first, within the architecture; an unrelated model is no hit."""
    hits = atlas.search(model(tmp_path, "tuned", TUNED))
    assert [h.repo_id for h in hits] == ["lab/base"]
    assert hits[0].cosine > 0.99
    assert np.array_equal(
        atlas.load(hits[0]).blocks["lm_head"].values,
        model(tmp_path, "again", BASE).blocks["lm_head"].values,
    )


def test_another_vocabulary_is_the_same_architecture(atlas: Atlas, tmp_path: Path) -> None:
    """Derived models extend it."""
    hits = atlas.search(model(tmp_path, "extended", TUNED, vocab=300))
    assert [h.repo_id for h in hits] == ["lab/base"]


def test_an_unknown_architecture_has_no_hits(atlas: Atlas, tmp_path: Path) -> None:
    """And is no error."""
    assert atlas.search(model(tmp_path, "deep", BASE, layers=3)) == []


def test_adding_twice_replaces(atlas: Atlas, tmp_path: Path) -> None:
    """One row for one model and commit."""
    atlas.add(model(tmp_path, "base", TUNED))
    assert sorted(row["repo_id"] for _, row in atlas.entries()) == [
        "lab/base",
        "lab/other",
        "lab/wide",
    ]
    assert list(atlas.check()) == []


def test_damage_is_told(atlas: Atlas) -> None:
    """A changed file, a missing one, and one that nobody added."""
    base, other = sorted(p for p in atlas.root.rglob("lab--[bo]*.safetensors"))
    base.write_bytes(base.read_bytes() + b"x")
    other.rename(other.with_name(f"lab--x@{'0' * 40}.safetensors"))
    said = " | ".join(atlas.check())
    assert "lab--base@" in said
    assert "is not the file that was added" in said
    assert "is in the index and not here" in said
    assert "is not in the index" in said


@pytest.mark.parametrize("file", ["../../etc/passwd", "a/b@0.safetensors", "x.txt", ""])
def test_an_index_cannot_lead_out_of_the_atlas(atlas: Atlas, file: str) -> None:
    """A file name that is none of an atlas is refused."""
    index = next(atlas.root.rglob("index.json"))
    index.write_text(json.dumps({"sketches": [{"file": file}]}))
    with pytest.raises(Malformed):
        list(atlas.entries())


def test_a_remote_atlas_is_read_and_not_written(atlas: Atlas, tmp_path: Path) -> None:
    """Through fsspec, only the index of the architecture and what is loaded."""
    pytest.importorskip("fsspec")
    cache = tmp_path / "cache"
    remote = open_atlas(f"file://{atlas.root}", cache)
    tuned = model(tmp_path, "tuned", TUNED)
    hits = remote.search(tuned)
    assert [h.repo_id for h in hits] == ["lab/base"]
    assert remote.load(hits[0]).repo_id == "lab/base"
    assert len(list(cache.rglob("*.safetensors"))) == 1
    with pytest.raises(UsageError):
        remote.add(tuned)


def test_the_scan_is_the_cosine() -> None:
    """Also over elements that one of the two lacks, and in blocks."""
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((50, 40)).astype(np.float32)
    query = rng.standard_normal(40).astype(np.float32)
    rows[3, :10] = np.nan
    query[30:] = np.nan
    expected = []
    for row in rows:
        both = np.isfinite(row) & np.isfinite(query)
        a, b = row[both].astype(float), query[both].astype(float)
        expected.append(a @ b / np.sqrt(a @ a * (b @ b)))
    assert np.allclose(layout.scan(rows, query, block=7), expected, atol=1e-5)
