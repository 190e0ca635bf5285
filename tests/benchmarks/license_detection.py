"""How licenses are recognized in changed texts, beside other detectors, in one run.

``python -m tests.benchmarks.license_detection WHEEL…`` takes license texts from packages that carry
them (``scancode_toolkit_mini-*.whl``, ``licensedcode_data-*.whl``: files ``licenses/*.LICENSE``), makes
eight variants of each, and prints for cardlint, licenseclassifier alone and every peer that is
installed (``pyaskalono``, ``infer-license``): right, wrong, withheld. The fingerprints of the SPDX
licenses were built from another copy (the npm package ``spdx-license-list``), those of the model
licenses from the same one; the table keeps them apart. Then it runs over all other texts of the
wheel, none of which is in the catalog, and prints what they were taken for; and the time of the
first file, the median and the memory, each in a fresh process. Exit code 1 for a wrong
identification by cardlint.

What is right: the license, whole, for a text whose words were kept; for an appended clause the license
with the clause shown; for altered words anything but the plain license; for a text cut off anything
but the whole license or another one.
"""

from __future__ import annotations

import json
import re
import statistics
import subprocess
import sys
import tempfile
import textwrap
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from cardlint_licenses import catalog, ids, load
from cardlint_licenses.detect import detect

CLAUSE = "\n\nYou may not use the model or its outputs for any commercial purpose.\n"
SLIPPED = " for non-commercial research purposes only, "
CARD = "Model card of Sample 7B.\nWeights and tokenizer by the lab.\nThanks to everybody.\n\n"
HOLDER = re.compile(r"^(\s*copyright\b.*)$", re.IGNORECASE | re.MULTILINE)
KEPT = ("verbatim", "other holder", "57 columns", "one line", "card above")
CHANGED = ("clause below", "words altered", "cut at 60 %")


def _altered(text: str) -> str:
    """The words are slipped in at the end of a sentence near the middle of the text."""
    middle = text.find(". ", len(text) // 2)
    middle = middle if middle >= 0 else len(text) // 2
    return text[:middle] + SLIPPED + text[middle:]


VARIANTS: Mapping[str, Callable[[str], str]] = {
    "verbatim": str,
    "other holder": lambda t: HOLDER.sub("Copyright (c) 2026 Ana Souza and others", t, count=1),
    "57 columns": lambda t: "\n\n".join(textwrap.fill(p, 57) for p in t.split("\n\n")),
    "one line": lambda t: " ".join(t.split()),
    "card above": lambda t: CARD + t,
    "clause below": lambda t: t + CLAUSE,
    "words altered": _altered,
    "cut at 60 %": lambda t: t[: int(len(t) * 0.6)],
}
Answer = tuple[str | None, bool]
"""The license that a tool names (an id of the catalog, or the tool's own), and whether it says that
something is not as it should be."""


def cardlint(text: str) -> Answer:
    """This program."""
    found = detect(text)
    matches = [m for m in found.matches if m.form.value in {"full", "partial"}]
    if len(matches) != 1:
        return None, bool(found.withheld or matches)
    match = matches[0]
    flagged = bool(found.added or match.altered or match.form.value == "partial")
    return match.license or match.spdx, flagged


def licenseclassifier(text: str) -> Answer:
    """The library alone, with its own threshold."""
    from licenseclassifier import identify_license

    named = {r.id for r in identify_license(text)}
    return (_ours(named.pop()) if len(named) == 1 else None), False


def askalono(text: str) -> Answer:
    """Dice score of at least 0.8, its own command's threshold."""
    import askalono as peer  # type: ignore[import-not-found, import-untyped, unused-ignore]  # a peer

    found = peer.identify(text)
    return (_ours(found.name) if found and found.score >= 0.8 else None), False


def infer_license(text: str) -> Answer:
    """Its first guess."""
    import infer_license as peer  # type: ignore[import-not-found, import-untyped, unused-ignore]  # a peer

    found = peer.guess_text(text)  # type: ignore[attr-defined, unused-ignore]  # not in its __all__
    return (_ours(found.shortname) if found else None), False


TOOLS: Mapping[str, Callable[[str], Answer]] = {
    "cardlint": cardlint,
    "licenseclassifier": licenseclassifier,
    "askalono": askalono,
    "infer-license": infer_license,
}


def _ours(name: str) -> str:
    plain = re.sub(r"-(?:only|or-later)$", "", name)
    return catalog.find(name) or catalog.find(plain) or name


def outcome(variant: str, expected: str, answer: Answer) -> str:
    """``right``, ``wrong`` or ``withheld``, as the head of this file says."""
    named, flagged = answer
    if named is None:
        return "right" if variant == "words altered" else "withheld"
    if named != expected:
        return "wrong"
    if variant in KEPT:
        return "withheld" if flagged else "right"
    return "right" if flagged else "wrong"


def texts(wheels: list[Path]) -> tuple[dict[str, str], dict[str, str]]:
    """Texts of licenses of the catalog by id, and all others by file name."""
    known: dict[str, str] = {}
    others: dict[str, str] = {}
    by_spdx = {load(i).spdx: i for i in ids() if load(i).texts}
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            for name in archive.namelist():
                if not name.endswith(".LICENSE") or "/licenses/" not in name:
                    continue
                head, _, body = archive.read(name).decode("utf-8").partition("\n---\n")
                found = re.search(r"^spdx_license_key: (.+)$", head, re.MULTILINE)
                id_ = by_spdx.get(found[1].strip()) if found else None
                if id_ and body.strip():
                    known.setdefault(id_, body)
                elif body.strip():
                    others.setdefault(Path(name).stem, body)
    return known, others


def table(known: dict[str, str]) -> int:
    """Print the outcomes; return how often cardlint was wrong."""
    wrong = 0
    for title, model in (("SPDX licenses, another copy", False), ("model licenses", True)):
        some = {k: t for k, t in known.items() if load(k).spdx.startswith("LicenseRef") is model}
        print(f"\n{title}: {len(some)} licenses\n{'':20}" + "".join(f"{v:>16}" for v in VARIANTS))
        for tool, ask in TOOLS.items():
            counts = {v: Counter[str]() for v in VARIANTS}
            try:
                for id_, text in some.items():
                    for variant, change in VARIANTS.items():
                        said = outcome(variant, id_, ask(change(text)))
                        counts[variant][said] += 1
                        if tool == "cardlint" and said == "wrong":
                            wrong += 1
                            print(f"  wrong: {id_}, {variant}: {ask(change(text))}")
            except ImportError:
                print(f"{tool:20}not installed")
                continue
            row = "".join(
                f"{c['right']:>8}/{c['wrong']}/{c['withheld']}".rjust(16) for c in counts.values()
            )
            print(f"{tool:20}{row}")
    print("\nright/wrong/withheld")
    return wrong


def strangers(others: dict[str, str]) -> None:
    """What texts that are not in the catalog are taken for."""
    taken: dict[str, str] = {}
    for name, text in others.items():
        named, flagged = cardlint(text)
        if named in ids() and not flagged:
            taken[name] = str(named)
    print(f"\n{len(others)} texts outside the catalog: {len(taken)} are taken for one of it")
    for name, id_ in sorted(taken.items()):
        print(f"  {name} → {id_}")


MEASURE = """
import json, sys, time
texts = json.load(open(sys.argv[1], encoding="utf-8"))
def peak():  # ru_maxrss would count the process that started this one
    with open("/proc/self/status", encoding="utf-8") as status:
        return next(int(x.split()[1]) for x in status if x.startswith("VmHWM"))
base = peak()
begin = time.process_time()
from cardlint_licenses.detect import detect
detect(texts[0])
first = time.process_time() - begin
one = peak()
each = []
for text in texts:
    begin = time.process_time()
    detect(text)
    each.append(time.process_time() - begin)
print(json.dumps({"first": first, "each": each, "base": base, "one": one, "peak": peak()}))
"""


def cost(known: dict[str, str]) -> None:
    """Print time and memory, in a fresh process, with the classifier needed for the first file."""
    everything = [known["mit"].replace("Software", "Works"), *known.values()]
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder, "texts.json")
        scratch.write_text(json.dumps(everything), "utf-8")
        command = [sys.executable, "-c", MEASURE, str(scratch)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    said: dict[str, Any] = json.loads(done.stdout)
    each = sorted(x * 1000 for x in said["each"])
    print(
        f"\nCPU time: first file {said['first']:.3f} s; median {statistics.median(each):.1f} ms, "
        f"p95 {each[int(len(each) * 0.95)]:.1f} ms, largest {each[-1]:.1f} ms; "
        f"memory {said['base'] / 1024:.0f} MiB before, {said['one'] / 1024:.0f} MiB after the first "
        f"file, {said['peak'] / 1024:.0f} MiB after all {len(each)}"
    )


def main() -> int:
    """Print everything."""
    wheels = [Path(a) for a in sys.argv[1:]]
    if not wheels:
        print(__doc__)
        return 2
    begin = time.perf_counter()
    known, others = texts(wheels)
    wrong = table(known)
    strangers(others)
    cost(known)
    print(f"{time.perf_counter() - begin:.0f} s in all; wrong identifications by cardlint: {wrong}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
