"""Cards checked in one call, beside reading them with huggingface_hub in the same run.

``python tests/benchmarks/throughput.py [FOLDER]`` takes up to 1,000 ``*.md`` files of FOLDER (by
default ``../shared/cards`` beside the checkout, else cards made up here), and prints cards a second
of CPU time on one core for ``huggingface_hub.ModelCard.load`` and for ``cardlint check`` of all in one call.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
MADE_UP = "---\nlicense: mit\nlanguage: en\nbase_model: org/base-{0}\n---\n# Model {0}\n\n" + (
    "A model that was fine-tuned from [org/base-{0}](https://huggingface.co/org/base-{0}).\n\n"
    "| benchmark | score |\n|---|---|\n| MMLU | 7{0}.1 |\n\n## Intended use\n\nResearch.\n\n" * 3
)


def cards(folder: Path, scratch: Path) -> list[Path]:
    """The files to read."""
    found = sorted(folder.glob("*.md"))[:1000]
    if not found:
        for number in range(1000):
            file = scratch / f"{number}.md"
            file.write_text(MADE_UP.format(number), encoding="utf-8")
            found.append(file)
    return found


def loaded(files: list[Path]) -> float:
    """CPU seconds to load every card that huggingface_hub can load."""
    from huggingface_hub import ModelCard

    start = time.process_time()
    for file in files:
        with contextlib.suppress(Exception):  # it refuses some: that is its business here
            ModelCard.load(file, ignore_metadata_errors=True)
    return time.process_time() - start


def checked(files: list[Path], scratch: Path) -> float:
    """CPU seconds to check all of them in one call, start included."""
    from cardlint.cli import main

    listed = scratch / "list"
    listed.write_text("\n".join(map(str, files)), encoding="utf-8")
    start = time.process_time()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
        main(["check", "--files-from", str(listed), "--offline", "--format", "json"])
    return time.process_time() - start


def run(folder: Path) -> None:
    """Print both, and the ratio."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    with tempfile.TemporaryDirectory() as scratch:
        files = cards(folder, Path(scratch))
        size = sum(f.stat().st_size for f in files) / 1e6
        reading = loaded(files)
        checking = checked(files, Path(scratch))
    print(f"{len(files):,} cards, {size:.1f} MB, one core")
    print(f"{'ModelCard.load':24} {reading:7.2f} s {len(files) / reading:8.0f} cards/s")
    print(f"{'cardlint check':24} {checking:7.2f} s {len(files) / checking:8.0f} cards/s")
    print(f"{'ratio':24} {checking / reading:7.2f}×")


if __name__ == "__main__":
    run(Path(sys.argv[1]) if sys.argv[1:] else ROOT.parent / "shared" / "cards")
