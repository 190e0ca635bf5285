"""The Rio case at full size: three models of 397 billion parameters, compared on a laptop.

Starts a Hub on this machine whose three repositories (about 800 GB each) are computed on demand,
answers every request 50 ms late, and runs ``cardlint compare`` on them as a user would::

    python examples/rio-full-size/run.py [--latency 0.05] [--budget 64MiB]
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

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

from generator import ALPHA, FullSize  # noqa: E402  # it lies beside this file

from tests.hub.server import HubServer  # noqa: E402  # the test Hub of this project

BASE, NEX, RIO = "example/base-397b", "example/nex-like-397b", "example/rio-like-397b"
NOTE = "\nGenerated for an example of cardlint. This is not a real model.\n"
CARDS = {
    BASE: f"---\nlicense: apache-2.0\n---\n# Base{NOTE}",
    NEX: f"---\nlicense: apache-2.0\nbase_model: {BASE}\n---\n# Nex-like{NOTE}",
    RIO: f"---\nlicense: mit\nbase_model: {BASE}\n---\n# Rio-like{NOTE}",
}
MIB = 1 << 20


def main() -> int:
    """Serve, compare, and print what it cost."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--latency", type=float, default=0.05, help="seconds before each answer")
    parser.add_argument("--budget", default="64MiB", help="bytes of weights read from one model")
    chosen = parser.parse_args()
    repositories = {
        id_: FullSize(id_, model, CARDS[id_])
        for id_, model in {BASE: "base", NEX: "nex", RIO: "rio"}.items()
    }
    with (
        tempfile.TemporaryDirectory() as home,
        HubServer(repositories=repositories, latency=chosen.latency) as hub,
    ):
        command = [sys.executable, "-c", "from cardlint.cli import main; main()", "compare"]
        command += [RIO, NEX, BASE, "--format", "json", "--budget", chosen.budget]
        started = time.monotonic()
        done = subprocess.run(  # noqa: S603  # this very program
            command,
            env={**os.environ, **hub.environment(Path(home))},
            capture_output=True,
            text=True,
            check=False,
        )
        seconds = time.monotonic() - started
        print(f"cardlint compare {RIO} {NEX} {BASE}: exit {done.returncode}, {seconds:.1f} s")
        print(done.stderr, end="", file=sys.stderr)
        if not done.stdout:
            return 2
        found = json.loads(done.stdout)
        print(found["verdict"]["statement"])
        for parent, c in found["verdict"]["coefficients"].items():
            print(f"  {parent:24} {c['value']:.5f}  [{c['low']:.5f}, {c['high']:.5f}]")
        fine = _costs(hub, repositories)
        alpha = found["verdict"]["coefficients"].get(NEX, {}).get("value", float("nan"))
        fine &= abs(alpha - ALPHA) <= 0.001
        print("within the limits" if fine else "NOT within the limits")
        return 0 if fine else 1


def _costs(hub: HubServer, repositories: dict[str, FullSize]) -> bool:
    """Print what each model cost; whether it is at most 64 MiB and 400 requests."""
    fine = True
    for id_, repo in repositories.items():
        seen = [s for s in hub.ledger.seen if id_ in s.path]
        requests = sum(s.origin == "hub" for s in seen)
        sent = sum(s.sent for s in seen)
        print(
            f"  {id_:24} {repo.size / 1e9:,.0f} GB: {requests} Hub requests, "
            f"{len(seen) - requests:,} ranges, {sent / MIB:.1f} MiB"
        )
        fine &= requests <= 400 and sent <= 64 * MIB
    print(f"  requests that took a token to the content host: {len(hub.ledger.leaks)}")
    return fine and not hub.ledger.leaks and not hub.crashes


if __name__ == "__main__":
    sys.exit(main())
