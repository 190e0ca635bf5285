"""How often the prose of real cards is read rightly: precision and recall on labels made by hand.

Run ``python -m tests.corpus.prose_bases ../shared/cards``. The labels are in ``prose_bases.tsv``: the
SHA-256 of a card, a line, an id on that line and one of

=========== =====================================================================================
``base``    the sentence says that this model, or the model that the card documents, was made from
            this one by merging, fine-tuning, distilling, quantizing, converting or training on
``found``   the same, on a card outside the sample: every statement that the program reported there
            was read and labelled, so these count for precision and not for recall
``no``      it says something else: a comparison, a data set, a child, a grandparent, a tokenizer, the
            model itself, a path, two words with a slash
``unclear`` a reader cannot tell; counted for neither
``none``    line 0: a card of the sample without any candidate
=========== =====================================================================================

The sample was drawn at random: cards with at most 14 lines that hold ``owner/name`` or an address on
the Hub near one of about 60 word stems (chosen before the phrases were written), and cards without.
Whatever the program reports on a labelled card and the labels do not have counts as wrong.

The phrases were mended after the labels had been read, so the figure is not one of unseen cards. On
the 250 cards outside the sample, read after the first version of the phrases, 348 of 359 statements
were right (0.969).
"""

from __future__ import annotations

import csv
import hashlib
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cardlint.card.card import Card
from cardlint.lineage import prose

LABELS = Path(__file__).with_suffix(".tsv")

Key = tuple[str, int, str]


@dataclass(frozen=True, slots=True)
class Score:
    """Counts over the labelled cards that were there."""

    cards: int
    right: int
    wrong: tuple[str, ...]
    unclear: int
    found: int
    """Labelled ``base`` and reported."""
    stated: int
    """Labelled ``base``."""

    @property
    def precision(self) -> float:
        """Right statements of all that were reported and are not unclear."""
        return self.right / max(self.right + len(self.wrong), 1)

    @property
    def recall(self) -> float:
        """Reported of all labelled ``base`` in the sample."""
        return self.found / max(self.stated, 1)


def labels() -> dict[Key, str]:
    """The labels, by card, line and id in lower case."""
    with LABELS.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    return {(r["sha256"], int(r["line"]), r["name"].casefold()): r["label"] for r in rows}


def cards(folder: Path) -> Iterator[tuple[str, str]]:
    """SHA-256 and text of every card of the folder."""
    for path in sorted(folder.glob("*.md")):
        data = path.read_bytes()
        yield hashlib.sha256(data).hexdigest(), data.decode("utf-8")


def score(folder: Path) -> Score:
    """Read every labelled card of ``folder`` and compare."""
    known = labels()
    labelled = {key[0] for key in known}
    present: set[str] = set()
    tally: Counter[str] = Counter()
    wrong: list[str] = []
    hit: set[Key] = set()
    for digest, text in cards(folder):
        if digest not in labelled:
            continue
        present.add(digest)
        for said in prose.statements(Card(text)):
            key = (digest, said.location.line, said.parent.casefold())
            label = known.get(key, "not labelled")
            if label in {"base", "found"}:
                tally["right"] += 1
                hit.add(key)
            elif label == "unclear":
                tally["unclear"] += 1
            else:
                wrong.append(f"{digest[:12]}:{said.location.line} {said.parent} ({label})")
    stated = {k for k, v in known.items() if v == "base" and k[0] in present}
    return Score(
        cards=len(present),
        right=tally["right"],
        wrong=tuple(wrong),
        unclear=tally["unclear"],
        found=len(hit & stated),
        stated=len(stated),
    )


def main() -> None:
    """Print the figures, and each statement that is wrong."""
    result = score(Path(sys.argv[1] if len(sys.argv) > 1 else "../shared/cards"))
    print(f"labelled cards read   {result.cards}")
    print(
        f"precision             {result.precision:.4f}  ({result.right} of {result.right + len(result.wrong)} statements; {result.unclear} unclear left out)"
    )
    print(
        f"recall                {result.recall:.4f}  ({result.found} of {result.stated} labelled by reading whole cards)"
    )
    for line in result.wrong:
        print("wrong:", line)


if __name__ == "__main__":
    main()
