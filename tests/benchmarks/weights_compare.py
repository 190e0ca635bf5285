"""Time and memory of ``cardlint compare``, interpreter and imports included.

    python -m tests.benchmarks.weights_compare [--large]

Prints seconds and peak resident memory of whole processes: a pair of 6 M parameters with and
without a merge, and (``--large``) a pair of 500 M parameters, sampled. The sum of the same files by
numpy, in a process of its own, stands beside.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from multiprocessing import Process
from pathlib import Path

import numpy as np

from tests.kit.weights import bf16_bits, llama_shapes, write_safetensors

SUM = """
import sys, numpy as np
for f in sys.argv[1:]:
    x = np.fromfile(f, np.uint16)
    (x.astype(np.uint32) << 16).view(np.float32).sum()
"""


def family(folder: Path, hidden: int, layers: int, vocab: int) -> None:
    """Base, tuned and their merge at 0.6."""
    rng = np.random.default_rng(0)
    base, tuned, merged = {}, {}, {}
    for name, shape in llama_shapes(hidden=hidden, layers=layers, vocab=vocab).items():
        q = rng.standard_normal(shape, np.float32) * np.float32(0.02)
        q = (bf16_bits(q).astype(np.uint32) << 16).view(np.float32)
        p = q + rng.standard_normal(shape, np.float32) * np.float32(0.001)
        p = (bf16_bits(p).astype(np.uint32) << 16).view(np.float32)
        base[name], tuned[name] = q, p
        merged[name] = np.float32(0.6) * p + np.float32(0.4) * q
    for name, values in (("base", base), ("tuned", tuned), ("merged", merged)):
        write_safetensors(folder / name / "model.safetensors", values)


def run(title: str, command: list[str]) -> float:
    """One process: its seconds and its peak memory."""
    start = time.perf_counter()
    pid = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(pid.pid, 0)
    pid.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - start
    cpu = usage.ru_utime + usage.ru_stime
    print(f"{title:<44} {seconds:6.2f} s {cpu:6.2f} s cpu {usage.ru_maxrss / 1024:6.0f} MiB")
    if pid.returncode:
        raise SystemExit(f"{title}: exit code {pid.returncode}")
    return seconds


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--large", action="store_true", help="also 500 M parameters (3 GB of disk)")
    given = parser.parse_args()
    compare = [sys.executable, "-m", "cardlint", "compare"]
    sizes = [("6 M", 256, 6, 4096), *([("500 M", 2048, 8, 32000)] if given.large else [])]
    for title, hidden, layers, vocab in sizes:
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            # Made by a process of its own: a child's peak memory begins with its parent's.
            maker = Process(target=family, args=(folder, hidden, layers, vocab))
            maker.start()
            maker.join()
            base, tuned, merged = (str(folder / n) for n in ("base", "tuned", "merged"))
            run(f"{title}: compare tuned base", [*compare, tuned, base])
            run(f"{title}: compare merged tuned base", [*compare, merged, tuned, base])
            files = [f"{d}/model.safetensors" for d in (merged, tuned, base)]
            run(f"{title}: numpy sums the three files", [sys.executable, "-c", SUM, *files])
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"cpu in all: {children.ru_utime + children.ru_stime:.1f} s")


if __name__ == "__main__":
    main()
