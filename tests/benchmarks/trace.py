"""Whether a trace finds the true parents: ``python -m tests.benchmarks.trace [FOLDER…] [--only NAME…]``.

Takes families whose tree is known: the lab beside the checkout (``../shared/lab``: models really
trained and really merged) unless other folders are named, such as one that
``tests.accuracy.family.make`` drew or one that ``tests/accuracy/make_merges.py`` merged. The first
folder holds the candidates: for every merge and fine-tune of the last folder all models of the first
are tried, parents, siblings, descendants, copies in disguise and unrelated models; no declarations
and no dates are used. Then the same with all ancestors and their copies taken out: nothing may be
named with high confidence.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from cardlint.lineage.answer import Answer
from cardlint.lineage.explain import explain
from cardlint.source.local import LocalFolder
from cardlint.weights.read import sketch
from cardlint.weights.sketch import Sketch
from tests.accuracy.family import Model, load

LAB = Path(__file__).parents[3] / "shared" / "lab"
TRACED = {"merge", "finetune", "finetune-of-merge"}


@dataclass(frozen=True, slots=True)
class Case:
    """One trace and the truth."""

    model: Model
    answer: Answer
    said: tuple[str, ...]
    """The parents of the answer; a copy in disguise goes by the name of what it is a copy of."""
    seconds: float
    """Of processor time."""

    @property
    def right(self) -> bool:
        """Whether the true parents come first; the base of a recipe may stand among them."""
        wanted = self.model.parents
        first = [p for p in self.said if p not in set(self.model.given) - set(wanted)]
        return set(first[: len(wanted)]) == set(wanted)

    @property
    def falsely_named(self) -> bool:
        """Whether a model is named with high confidence that is no parent."""
        return bool(self.answer.named) and not set(self.said) <= set(self.model.given)


@dataclass(frozen=True)
class Family:
    """Models that are traced, and the candidates."""

    models: Mapping[str, Model]
    sketches: Mapping[str, Sketch]
    candidates: frozenset[str]

    def traced(self, only: Sequence[str] = ()) -> list[str]:
        """Names of merges and fine-tunes."""
        mine = (
            self.models
            if set(self.models) == self.candidates
            else self.models.keys() - self.candidates
        )
        return [
            n for n in sorted(mine) if self.models[n].kind in TRACED and (not only or n in only)
        ]

    def present(self, only: Sequence[str] = ()) -> Iterator[Case]:
        """Every model with all candidates."""
        for name in self.traced(only):
            yield self._trace(name, self.candidates - {name})

    def absent(self, only: Sequence[str] = ()) -> Iterator[Case]:
        """Every model, the bases too, without its ancestors and their copies."""
        bases = [n for n in sorted(self.candidates) if self.models[n].kind == "base"]
        for name in [*self.traced(only), *([] if only else bases)]:
            yield self._trace(name, self.candidates - {name} - self.ancestors(name))

    def _trace(self, name: str, candidates: frozenset[str]) -> Case:
        start = time.process_time()
        said = explain(self.sketches[name], [self.sketches[n] for n in sorted(candidates)])
        seconds = time.process_time() - start
        return Case(self.models[name], said, tuple(map(self._undisguised, said.parents)), seconds)

    def _undisguised(self, name: str) -> str:
        model = self.models[name]
        return model.parents[0] if model.kind == "disguise" else name

    def ancestors(self, name: str) -> set[str]:
        """Parents, bases of recipes, their parents, and copies of them."""
        found: set[str] = set()
        pending = list(self.models[name].given)
        while pending:
            parent = pending.pop()
            if parent not in found:
                found.add(parent)
                pending += self.models[parent].given
        copies = {
            n for n, m in self.models.items() if m.kind == "disguise" and found & set(m.parents)
        }
        return found | copies


def family(folders: Sequence[Path]) -> Family:
    """Read families; the first folder holds the candidates, the last what is traced."""
    by_folder = [load(folder) for folder in folders]
    models = {n: m for found in by_folder for n, m in found.items()}
    sketches = {n: sketch(LocalFolder(m.path), name=n) for n, m in models.items()}
    return Family(models, sketches, frozenset(by_folder[0]))


def main() -> None:
    """Print both tables and their sums."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="*", type=Path, default=[LAB])
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME")
    given = parser.parse_args()
    models = family(given.folders)
    cases, slowest = [], 0.0
    for case in models.present(given.only):
        cases.append(case)
        slowest = max(slowest, case.seconds)
        said = case.answer
        print(
            f"{'yes' if case.right else 'NO '}  {'NAMED ' if case.falsely_named else ''}{case.model.name:26} {said.kind:8} "
            f"{said.confidence:8} {', '.join(said.parents):34} {case.seconds:5.1f} s",
            flush=True,
        )
    print(f"true parents first: {sum(c.right for c in cases)} of {len(cases)}")
    print(f"another model named with high confidence: {sum(c.falsely_named for c in cases)}")
    number = wrong = 0
    for case in models.absent(given.only):
        number += 1
        slowest = max(slowest, case.seconds)
        if case.answer.named:
            wrong += 1
            named = ", ".join(case.answer.named)
            print(f"NAMED  {case.model.name}: {named}: {case.answer.statement}", flush=True)
    print(f"named although every parent is absent: {wrong} of {number}")
    print(f"slowest: {slowest:.1f} s of processor time; all: {time.process_time():.0f} s")


if __name__ == "__main__":
    main()
