"""Sketches of whatever the user names: a model, a sketch file, an atlas."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from cardlint.lineage.atlas.store import Atlas, Hit
from cardlint.weights.read import sketch
from cardlint.weights.sketch import Sketch
from cardlint.weights.sketch_file import is_sketch, load

if TYPE_CHECKING:
    from cardlint.source.resolve import Resolver


def sketches(text: str, resolver: Resolver, budget: int) -> Iterator[Sketch]:
    """The sketch of a model or file; all sketches of another atlas.

    Args:
        text: a folder, a Hub id, a sketch file or an atlas folder.
        resolver: opens models.
        budget: bytes of weights read of one model at most.

    Raises:
        Unavailable: it cannot be read.
    """
    path = Path(text)
    if path.is_file() and is_sketch(path):
        yield load(path)
    elif (path / "arch").is_dir():
        atlas = Atlas(path)
        for key, row in atlas.entries():
            hit = Hit(row["name"], row["repo_id"], row["commit"], 1.0, key, row["file"])
            yield atlas.load(hit)
    else:
        source = resolver.target(text)
        yield sketch(source, budget=budget, name=source.identity.repo_id or text)
