"""What one search of a large atlas costs: ``python -m tests.benchmarks.atlas [NUMBER]``.

Generates the index of NUMBER (10,000 unless said) sketches of one architecture, as `cardlint atlas
add` writes it, and looks one model up in it: seconds with a cold page cache as far as the system
lets it be cold, and again; and whether the model that it was made from comes first.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from cardlint.lineage.atlas import layout
from cardlint.lineage.atlas.store import Atlas
from cardlint.source.local import LocalFolder
from cardlint.weights.read import sketch
from tests.kit.repos import write_files


def main(number: int) -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for name, spec in {
            "base": {"sum": [[1, 1, 0.02]]},
            "tuned": {"sum": [[1, 1, 0.02], [1, 2, 0.002]]},
        }.items():
            write_files(root / name, {"model.safetensors": {"weights": spec, "hidden": 256}})
        tuned = sketch(LocalFolder(root / "tuned", "lab/tuned"))
        atlas = Atlas(root / "atlas")
        atlas.add(sketch(LocalFolder(root / "base", "lab/base")))
        home = atlas.folder(layout.key(tuned))
        row = atlas.index(layout.key(tuned))[0]
        rows = np.load(home / "fingerprints.npy")
        noise = np.random.default_rng(0).standard_normal((number, rows.shape[1]), np.float32) * 0.02
        noise[number // 2] = rows[0]
        np.save(home / "fingerprints.npy", noise.astype(np.float32))
        index = [{**row, "repo_id": f"lab/m{n}", "name": f"lab/m{n}"} for n in range(number)]
        index[number // 2] = row
        (home / "index.json").write_text(json.dumps({"sketches": index}))
        with (home / "fingerprints.npy").open("rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        for temperature in ("cold", "warm"):
            start = time.perf_counter()
            hits = atlas.search(tuned)
            seconds = time.perf_counter() - start
            print(f"{number:,} sketches, {temperature}: {seconds:.2f} s; first: {hits[0].repo_id}")
        assert [h.repo_id for h in hits] == ["lab/base"]


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
