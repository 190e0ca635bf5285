"""How often ``compare`` is right.

    python -m tests.accuracy --lab ../shared/lab
    python -m tests.accuracy                        # a family drawn from seeds
    … --mergekit PYTHON    merges of all 20 methods, made by that interpreter's mergekit 0.1.5
    … --trained DIR        models really trained, made by the same interpreter where they are not
    … --modeldna PYTHON    modelDNA 0.1.0 on the same files, beside
    … --list               every case that is not right

It prints what is not reached as it prints what is. Exit code 1: a false accusation.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from tests.accuracy import family, measure  # after the number of threads is set


def main() -> int:
    """Run what was asked for and print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--lab", type=Path)
    parser.add_argument("--merges", type=Path, help="where the merges are, or are to be made")
    parser.add_argument("--mergekit", type=Path, help="a Python that has mergekit 0.1.5")
    parser.add_argument("--trained", type=Path, help="where real trainings are, or are to be made")
    parser.add_argument("--modeldna", type=Path, help="a Python that has modeldna 0.1.0")
    parser.add_argument("--seed", type=int, default=0, help="of a drawn family")
    parser.add_argument("--pairs", type=int, default=0, help="at most so many ordered pairs")
    parser.add_argument("--list", action="store_true", help="name every case that is not right")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        lab = given.lab
        if lab is None:
            lab = Path(scratch, "family")
            family.make(lab, given.seed)
        models = family.load(lab)
        merges = given.merges or Path(scratch, "merges")
        if given.mergekit:
            script = Path(__file__).with_name("make_merges.py")
            env = {**os.environ, "HF_HUB_OFFLINE": "1"}
            subprocess.run([given.mergekit, script, lab, merges], check=False, env=env)
        if merges.is_dir():
            models |= {f"merge:{k}": v for k, v in family.load(merges).items()}
        trained = given.trained or Path(scratch, "trained")
        if given.mergekit:
            script = Path(__file__).with_name("make_trained.py")
            subprocess.run([given.mergekit, script, lab, trained], check=False, env=env)
        if trained.is_dir():
            models |= {f"trained:{k}": v for k, v in family.load(trained).items()}
        questions: list[Callable[[], measure.Table]] = [
            lambda: measure.merges(models),
            lambda: measure.missing(models),
            lambda: measure.trainings(models),
            lambda: measure.trained(models),
            measure.distances,
            measure.training_after,
            lambda: measure.pairs(models, given.pairs),
            lambda: measure.no_merges(models),
        ]
        if given.modeldna:
            questions.append(lambda: measure.modeldna(models, given.modeldna))
        tables = []
        for question in questions:
            tables.append(question())
            print(tables[-1].text(every=given.list), flush=True)
        accusations = sum(t.accusations for t in tables)
        print(f"false accusations in all: {accusations}")
    return 1 if accusations else 0


if __name__ == "__main__":
    sys.exit(main())
