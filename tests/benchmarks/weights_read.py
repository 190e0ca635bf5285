"""How fast weights are read, and in how much memory: ``python -m tests.benchmarks.weights_read``.

Targets (issue 4): a pair of 6 M parameters ≤ 1.0 s and ≤ 120 MB; a pair of 500 M parameters, sampled,
≤ 3 s and ≤ 150 MB; a full scan of three bf16 models in at least half the speed of summing the same
files with numpy, in ≤ 400 MB. Every line is measured in a process of its own; files are in the page
cache for all of them.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

SMALL = {"hidden": 256, "layers": 6, "vocab": 2560}
LARGE = {"hidden": 2048, "layers": 9, "vocab": 32_000}
CODE = {
    "compare": """
from cardlint.weights.read import sketch
from cardlint.weights.compare import compare
said = compare(sketch(LocalFolder(a)), [sketch(LocalFolder(b))])
print(said.verdict.kind, file=sys.stderr)
""",
    "read": """
from cardlint.weights.read import sketch
from cardlint.weights.align import align
found = align(sketch(LocalFolder(a)), [sketch(LocalFolder(b))])
""",
    "scan": """
from cardlint.weights.full import scan
found = scan(LocalFolder(a), [LocalFolder(b), LocalFolder(c)])
assert found.elements[0] == found.elements[1]
""",
    "replay": """
from cardlint.weights.full import scan
found = scan(LocalFolder(a), [LocalFolder(b), LocalFolder(c)], recipe=[0.4, 0.6])
assert found.elements[0] == found.elements[1]
""",
    "sum": """
import numpy as np
total = 0.0
for folder in (a, b, c):
    with (folder / "model.safetensors").open("rb") as file:
        while (bits := np.fromfile(file, "<u2", 1 << 20)).size:
            wide = bits.astype(np.uint32)
            wide <<= np.uint32(16)
            total += float(wide.view(np.float32).sum())
""",
}
FRAME = """
import resource, sys, time
from pathlib import Path
start = time.perf_counter()
def cpu():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
from cardlint.source.local import LocalFolder
a, b, c = map(Path, sys.argv[1:4])
{code}
print(time.perf_counter() - start, cpu(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def make(folder: Path, seed: int, sizes: dict[str, int]) -> int:
    """Write a bf16 model of random bits, fast; returns its parameters."""
    from tests.kit.weights import llama_shapes

    folder.mkdir(parents=True)
    shapes = llama_shapes(heads=sizes["hidden"] // 64, kv_heads=4, **sizes)
    header, at = {}, 0
    for name, shape in shapes.items():
        end = at + 2 * int(np.prod(shape))
        header[name] = {"dtype": "BF16", "shape": list(shape), "data_offsets": [at, end]}
        at = end
    text = json.dumps(header).encode()
    rng = np.random.default_rng(seed)
    with (folder / "model.safetensors").open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        left = at // 2
        while left:
            n = min(left, 1 << 22)
            # Sign and mantissa at random, exponents of numbers around 0.02.
            bits = rng.integers(0, 1 << 16, n, np.uint16)
            file.write(((bits & 0x80FF) | 0x3C00).astype("<u2").tobytes())
            left -= n
    config = {"model_type": "llama", "num_attention_heads": sizes["hidden"] // 64}
    (folder / "config.json").write_text(json.dumps(config))
    return at // 2


def measure(what: str, folders: list[Path]) -> tuple[float, float, float, float]:
    """Seconds of the work, of the whole process, of processors; MB at most; the best of three."""
    best = (float("inf"), float("inf"), 0.0, 0.0)
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1"}
    for _ in range(3):
        start = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-c", FRAME.format(code=CODE[what]), *map(str, folders)],
            capture_output=True,
            text=True,
            check=True,
            env=environment,
        )
        wall = time.perf_counter() - start
        seconds, cpu, memory = map(float, done.stdout.split())
        best = min(best, (seconds, wall, cpu, memory))
    return best


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small-only", action="store_true", help="leave out the 3 GB of files")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as root:
        for label, sizes in (("small", SMALL), ("large", LARGE)):
            if label == "large" and options.small_only:
                break
            folders = [Path(root, label, n) for n in "abc"]
            count = max(make(f, i, sizes) for i, f in enumerate(folders))
            print(f"{label}: {count / 1e6:.2f} M parameters a model, bf16")
            rows = ["read", "compare", *(["sum", "scan", "replay"] if label == "large" else [])]
            figures = {}
            for what in rows:
                seconds, wall, cpu, memory = figures[what] = measure(what, folders)
                print(
                    f"  {what:8} {seconds:7.2f} s   process {wall:6.2f} s   processors {cpu:5.2f} s"
                    f"   {memory:5.0f} MB"
                )
            for what, said in (("scan", "full scan"), ("replay", "with a recipe replayed")):
                if what in figures:
                    ratio = figures["sum"][0] / figures[what][0]
                    work = figures["sum"][2] / figures[what][2]
                    print(
                        f"  {said}: {ratio:.2f} of the speed of numpy's sum (target ≥ 0.50), by "
                        f"processor time {work:.2f}; load average now {os.getloadavg()[0]:.1f}"
                    )


if __name__ == "__main__":
    main()
