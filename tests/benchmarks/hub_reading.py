"""What samples of a large file on the Hub cost: ``python -m tests.benchmarks.hub_reading``.

64 blocks of 16 KiB from a file of 210 MB, over a link that answers 50 ms late: the Hub source of
this project beside what huggingface_hub offers (its file system, and the download of the whole
file). Then a whole ``cardlint check`` of a single-file repository. Requests and bytes are counted by
the servers; every reader runs in a process of its own, the servers in this one.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.hub.server import HubServer
from tests.kit.repos import write_files

BLOCKS, BLOCK, SIZE = 64, 16384, 209_846_008
FRAME = """
import time
places = [n * {step} for n in range({blocks})]
start = time.perf_counter()
{code}
assert all(len(p) == {block} for p in parts)
print(time.perf_counter() - start)
"""
READERS = {
    "cardlint": """
from cardlint.source.interface import Range
from cardlint.source.resolve import Resolver
source = Resolver().target("org/large")
parts = source.read_ranges([Range("model.safetensors", at, {block}) for at in places])
""",
    "HfFileSystem": """
from huggingface_hub import HfFileSystem
with HfFileSystem().open("org/large/model.safetensors") as file:
    parts = [file.seek(at) is None or file.read({block}) for at in places]
""",
    "HfFileSystem, no readahead": """
from huggingface_hub import HfFileSystem
with HfFileSystem().open("org/large/model.safetensors", cache_type="none") as file:
    parts = [file.seek(at) is None or file.read({block}) for at in places]
""",
    "hf_hub_download": """
from huggingface_hub import hf_hub_download
with open(hf_hub_download("org/large", "model.safetensors"), "rb") as file:
    parts = [file.seek(at) is None or file.read({block}) for at in places]
""",
}
CARD = "---\nlicense: mit\n---\n# A model\n"


def make_hub(root: Path) -> None:
    """``org/large`` and ``org/single``."""
    write_files(root / "org" / "large", {"README.md": CARD})
    with (root / "org" / "large" / "model.safetensors").open("wb") as file:
        file.truncate(SIZE)
    weights = {"weights": {"sum": [[1, 7, 0.02]]}}
    files = {"README.md": CARD, "LICENSE": "MIT License\n", "config.json": {"json": {}}}
    write_files(root / "org" / "single", {**files, "model.safetensors": weights})


def row(hub: HubServer, name: str, seconds: float) -> None:
    """Print what it cost."""
    requests, ranges, mb = hub.ledger.hub_requests, hub.ledger.cdn_requests, hub.ledger.bytes / 1e6
    print(f"{name:28} {requests:5} {ranges:7} {mb:9.2f} {seconds:7.2f}")
    hub.ledger.clear()


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--latency", type=float, default=0.05, help="seconds before each answer")
    latency = parser.parse_args().latency
    with tempfile.TemporaryDirectory() as scratch:
        make_hub(Path(scratch, "hub"))
        with HubServer(Path(scratch, "hub"), latency=latency) as hub:
            print(f"{BLOCKS} blocks of {BLOCK} bytes from {SIZE:,}, {latency * 1e3:.0f} ms late")
            print(f"{'':28} {'Hub':>5} {'ranges':>7} {'MB':>9} {'s':>7}")
            for name, code in READERS.items():
                env = {**os.environ, **hub.environment(Path(scratch, name))}
                step = SIZE // BLOCKS
                body = code.format(block=BLOCK)
                frame = FRAME.format(code=body, blocks=BLOCKS, block=BLOCK, step=step)
                done = subprocess.run(
                    [sys.executable, "-c", frame],
                    env=env,
                    capture_output=True,
                    text=True,
                    check=True,
                )
                row(hub, name, float(done.stdout))
            env = {**os.environ, **hub.environment(Path(scratch, "check"))}
            check = [sys.executable, "-c", "from cardlint.cli import main; main()", "check"]
            for name in ("cardlint check", "the same again"):
                started = time.perf_counter()
                subprocess.run([*check, "org/single"], env=env, capture_output=True, check=False)
                row(hub, name, time.perf_counter() - started)


if __name__ == "__main__":
    main()
