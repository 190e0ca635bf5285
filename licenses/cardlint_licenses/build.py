"""Builds the generated files: the index, and the shingles of texts that are given to it.

    python -m cardlint_licenses.build                 # the index, from the YAML files
    python -m cardlint_licenses.build --texts DIR     # also shingles, from DIR/NAME.txt

``NAME`` is a name in the ``texts`` list of a license's file, or ``boilerplate`` (standing words
around licenses, such as the Creative Commons preamble). The texts themselves stay where they are.
"""

from __future__ import annotations

import argparse
import json
import sys
from array import array
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from cardlint_licenses.catalog import DATA, normalize
from cardlint_licenses.words import NEGATIONS, SAMPLE, shingles, split

BOILERPLATE = "boilerplate"
SHORT = 700
"""Words up to which the negations of a text are counted: one lost turns a sentence round."""
COUNTS = DATA / "shingles" / "counts.json"
"""Text → number of words, and of negations where it is short."""


def shingle_file(name: str) -> Path:
    """Where the shingles of a text are."""
    return DATA / "shingles" / f"{name}.bin"


def pack(hashes: Iterable[int]) -> bytes:
    """Sorted distinct hashes, little-endian, four bytes each: the order of the text is not kept."""
    values = array("I", sorted(set(hashes)))
    if sys.byteorder == "big":
        values.byteswap()
    return values.tobytes()


def index() -> dict[str, Any]:
    """The index, from the YAML files and the shingle files.

    Raises:
        ValueError: two licenses go by one name.
    """
    names: dict[str, str] = {}
    mentions: dict[str, str] = {}
    texts: dict[str, dict[str, Any]] = {}
    counts = json.loads(COUNTS.read_text("utf-8"))
    for file in sorted((DATA / "licenses").glob("*.yaml")):
        raw = yaml.safe_load(file.read_text("utf-8"))
        id_ = file.stem
        spdx = [] if raw["spdx"] == "NOASSERTION" else [raw["spdx"]]
        for name in (id_, *raw["hub"], *raw.get("aliases", ()), *spdx):
            known = names.setdefault(normalize(name), id_)
            if known != id_:
                raise ValueError(f"{name} is claimed by {known} and {id_}")
        for phrase in (*raw.get("mentions", ()), raw["name"]):
            mentions.setdefault(" ".join(split(phrase).words), id_)
        for text in raw.get("texts", ()):
            size = shingle_file(text["name"]).stat().st_size // 4
            texts[text["name"]] = {
                "license": id_,
                "form": text.get("form", "full"),
                "size": size,
                **({"marker": text["marker"]} if "marker" in text else {}),
                **counts[text["name"]],
            }
    return {"names": names, "mentions": mentions, "texts": texts}


def candidates(names: Iterable[str]) -> bytes:
    """The candidate index: sampled hashes in order, then for each the number of its text."""
    pairs = sorted(
        (value, number)
        for number, name in enumerate(names)
        for value in array("I", shingle_file(name).read_bytes())
        if value % SAMPLE == 0
    )
    values = array("I", (value for value, _ in pairs))
    values.extend(number for _, number in pairs)
    return values.tobytes()


def write(texts: Path | None) -> None:
    """Write the generated files."""
    if texts:
        wanted = {BOILERPLATE} | {
            t["name"]
            for file in (DATA / "licenses").glob("*.yaml")
            for t in yaml.safe_load(file.read_text("utf-8")).get("texts", ())
        }
        counts: dict[str, dict[str, int]] = json.loads(COUNTS.read_text("utf-8"))
        for file in sorted(texts.glob("*.txt")):
            if file.stem in wanted:
                words = split(file.read_text("utf-8")).words
                shingle_file(file.stem).write_bytes(pack(shingles(words)))
                counts[file.stem] = {"words": len(words)}
                if len(words) <= SHORT:
                    counts[file.stem]["negations"] = sum(w in NEGATIONS for w in words)
        written = json.dumps(dict(sorted(counts.items())), indent=1)
        COUNTS.write_text(written + "\n", encoding="utf-8")
    found = index()
    (DATA / "index.json").write_text(
        json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    (DATA / "shingles" / "candidates.idx").write_bytes(candidates(found["texts"]))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=Path, help="folder with NAME.txt files")
    write(parser.parse_args().texts)
