"""Whether a trace finds the true parents: ``python -m tests.benchmarks.trace [NAME…]``.

Takes the lab beside the checkout (``../shared/lab``: models really trained and really merged, with
a truth table). For every merge and fine-tune, all other lab models are candidates: parents, siblings,
descendants, copies in disguise and unrelated models; no declarations and no dates are used. Then the
same with all ancestors and their copies taken out: nothing may be named with high confidence.
"""

from __future__ import annotations

import csv
import os
import sys
import time
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from cardlint.lineage.explain import explain
from cardlint.source.local import LocalFolder
from cardlint.weights.read import sketch

LAB = Path(__file__).parents[3] / "shared" / "lab"
TRACED = {"merge", "finetune", "finetune-of-merge"}


def truth() -> dict[str, tuple[str, tuple[str, ...]]]:
    """Name → kind and parents."""
    with (LAB / "lab.tsv").open(newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    return {r["name"]: (r["kind"], tuple(filter(None, r["parents"].split(",")))) for r in rows}


def ancestors(name: str, table: dict[str, tuple[str, tuple[str, ...]]]) -> set[str]:
    """Parents, their parents, and copies of them."""
    found: set[str] = set()
    pending = list(table[name][1])
    while pending:
        parent = pending.pop()
        if parent not in found:
            found.add(parent)
            pending += table[parent][1]
    copies = {n for n, (kind, of) in table.items() if kind == "disguise" and found & set(of)}
    return found | copies


def main(names: list[str]) -> None:
    """Print both tables and their sums."""
    table = truth()
    sketches = {n: sketch(LocalFolder(LAB / n), name=n) for n in table}
    traced = [n for n, (kind, _) in table.items() if kind in TRACED and (not names or n in names)]
    first = 0
    for name in traced:
        start = time.process_time()
        said = explain(sketches[name], [s for n, s in sketches.items() if n != name])
        parents = table[name][1]
        right = set(said.parents[: len(parents)]) == set(parents)
        first += right
        print(
            f"{'yes' if right else 'NO '}  {name:26} {said.kind:8} {said.confidence:8} "
            f"{', '.join(said.parents):34} {time.process_time() - start:5.1f} s",
            flush=True,
        )
    print(f"true parents first: {first} of {len(traced)}")
    wrong = 0
    absent = [n for n in table if n in traced or (table[n][0] == "base" and not names)]
    for name in absent:
        gone = ancestors(name, table) | {name}
        said = explain(sketches[name], [s for n, s in sketches.items() if n not in gone])
        if said.named:
            wrong += 1
            print(f"NAMED  {name}: {', '.join(said.named)}: {said.statement}", flush=True)
    print(f"named although every parent is absent: {wrong} of {len(absent)}")


if __name__ == "__main__":
    main(sys.argv[1:])
