"""How long cardlint takes to start, beside reading a card with huggingface_hub.

``python tests/benchmarks/startup.py`` prints, for each command, the best of several cold runs (wall
and processor seconds), the peak memory (MB), and the ratio of processor time to
``huggingface_hub.ModelCard.load`` in a cold process of the same Python. Wall time is only worth
something on an idle machine.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RUNS = 7
CARD = "---\nlicense: mit\nbase_model: org/base\nlanguage: en\n---\n# Model\n\nA model.\n"
LOAD = "import sys; from huggingface_hub import ModelCard; ModelCard.load(sys.argv[1])"


def cold(command: list[str]) -> tuple[float, float, float]:
    """Processor and wall seconds and peak resident megabytes of the best of several runs."""
    best = (float("inf"), float("inf"), float("inf"))
    for _ in range(RUNS):
        with Path(os.devnull).open("w") as nowhere:
            start = time.perf_counter()
            child = subprocess.Popen(command, stdout=nowhere, stderr=nowhere)
            _, _, usage = os.wait4(child.pid, 0)
            child.returncode = 0  # it has been waited for
            spent = usage.ru_utime + usage.ru_stime
            best = min(best, (spent, time.perf_counter() - start, usage.ru_maxrss / 1024))
    return best


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch, "model")
        folder.mkdir()
        (folder / "README.md").write_text(CARD, encoding="utf-8")
        python, program = sys.executable, [sys.executable, "-m", "cardlint"]
        rows = {
            "ModelCard.load(README.md)": [python, "-c", LOAD, str(folder / "README.md")],
            "import cardlint": [python, "-c", "import cardlint"],
            "cardlint --help": [*program, "--help"],
            "cardlint check README.md": [*program, "check", str(folder / "README.md")],
            "cardlint check FOLDER": [*program, "check", str(folder)],
            "cardlint check FOLDER --weights off": [
                *(*program, "check", str(folder), "--offline", "--weights", "off")
            ],
        }
        base = 0.0
        print(f"{'cold process':38} {'wall s':>8} {'cpu s':>8} {'MB':>6} {'of load':>8}")
        for name, command in rows.items():
            spent, wall, memory = cold(command)
            base = base or spent
            print(f"{name:38} {wall:8.3f} {spent:8.3f} {memory:6.0f} {spent / base:7.2f}×")


if __name__ == "__main__":
    main()
