"""Detection: what is there, how much of it, what else; and what is withheld."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cardlint_licenses import build, catalog, fingerprints, spdx_texts
from cardlint_licenses.detect import detect
from cardlint_licenses.results import Form
from cardlint_licenses.words import MAX_WORDS, shingles, split

APACHE = (Path(__file__).parents[2] / "LICENSE").read_text("utf-8")
MIT = """MIT License

Copyright (c) 2025 Base Org

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.
"""


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _wrapped(text: str) -> str:
    return "\n\n".join(textwrap.fill(p, 57) for p in text.split("\n\n"))


def _marked(text: str) -> str:
    return "# License\n\n" + re.sub(r"^(?=\S)", "> ", text, flags=re.MULTILINE)


LAYOUTS: dict[str, Callable[[str], str]] = {
    "verbatim": str,
    "one line": _one_line,
    "57 columns": _wrapped,
    "markdown": _marked,
    "windows": lambda t: t.replace("\n", "\r\n"),
    "upper case": str.upper,
    "another holder": lambda t: t.replace("2025 Base Org", "1999-2026 Ana Souza and others"),
    "a card above it": lambda t: f"Model card of X.\nWeights by the lab.\nThanks to all.\n\n{t}",
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(("text", "id_"), [(APACHE, "apache-2.0"), (MIT, "mit")])
def test_layout_does_not_count(text: str, id_: str, layout: str) -> None:
    """The same words are the same license, however they are laid out."""
    found = detect(LAYOUTS[layout](text))
    assert [(m.license, m.form, m.whole) for m in found.matches] == [(id_, Form.FULL, True)]
    assert found.added == ()


def test_altered_mit_is_not_mit() -> None:
    """Three words changed inside the text are shown, and the text is not whole."""
    text = MIT.replace(
        "without restriction, including", "for non-commercial purposes only, including"
    )
    found = detect(text)
    assert [m.license for m in found.matches] == ["mit"]
    assert not found.matches[0].whole
    assert [p.text for p in found.matches[0].altered] == ["for non-commercial purposes only"]
    start = found.matches[0].altered[0].start
    assert text[start:].startswith("for non-commercial")


def test_altered_on_one_line() -> None:
    """That the text stands on the line of its copyright statement hides nothing."""
    text = MIT.replace(
        "without restriction, including", "for non-commercial purposes only, including"
    )
    assert not detect(_one_line(text)).matches[0].whole


def test_a_lost_negation_is_seen() -> None:
    """A short license without one of its negations says the reverse."""
    found = detect(MIT.replace("IN NO EVENT SHALL", "IN ANY EVENT SHALL"))
    assert not any(m.whole for m in found.matches)


@pytest.mark.parametrize("text", [APACHE, MIT])
def test_a_clause_below_the_text(text: str) -> None:
    """The license is there in full, and the clause beside it is shown from its beginning."""
    clause = "You may not use the weights for commercial purposes without prior consent."
    found = detect(f"{text}\n\n{clause}\n")
    assert [m.whole for m in found.matches] == [True]
    assert [p.text for p in found.added] == [clause.rstrip(".")]


def test_a_restriction_in_a_copyright_line() -> None:
    """A holder's name changes nothing; a use in its place does."""
    found = detect(MIT.replace("Base Org", "Base Org, non-commercial use only"))
    assert found.added or found.matches[0].altered


def test_a_header_is_no_text() -> None:
    """Apache's notice for source files says which license, and is not the license."""
    start = APACHE.index("Licensed under the Apache License")
    found = detect("Copyright 2026 Org\n\n" + APACHE[start:])
    assert [(m.license, m.form) for m in found.matches] == [("apache-2.0", Form.HEADER)]
    assert found.ids() == ()


def test_a_mention_is_no_text() -> None:
    """Prose that names licenses holds none."""
    found = detect("Released under the MIT License; parts under the Apache License, Version 2.0.")
    assert [(m.license, m.form) for m in found.matches] == [
        ("mit", Form.MENTION),
        ("apache-2.0", Form.MENTION),
    ]


def test_a_part_is_called_a_part() -> None:
    """The first 60 % of a text are not the text."""
    found = detect(APACHE[: int(len(APACHE) * 0.6)])
    assert [(m.license, m.form) for m in found.matches] == [("apache-2.0", Form.PARTIAL)]
    assert 0.5 < found.matches[0].coverage < 0.8


def test_a_part_of_mit_is_withheld() -> None:
    """What may be the beginning of two licenses is named as neither."""
    found = detect(MIT[: int(len(MIT) * 0.5)])
    assert found.ids() == ()
    assert found.withheld


def test_several_licenses_in_one_file() -> None:
    """Third-party files hold many texts; each is found in its place."""
    found = detect(f"One\n\n{MIT}\n\nTwo\n\n{APACHE}\n\nThree\n\n{MIT.replace('Base', 'Other')}")
    assert [m.license for m in found.matches] == ["mit", "apache-2.0", "mit"]
    assert all(m.whole for m in found.matches)


def test_an_spdx_text_outside_the_catalog() -> None:
    """MIT without its notice clause is another license of SPDX's list, not MIT."""
    zero = MIT.replace("MIT License\n", "").replace(
        ", subject to the following conditions:\n\nThe above copyright notice and this permission "
        "notice shall be included in all\ncopies or substantial portions of the Software.",
        ".",
    )
    found = detect(zero)
    assert "mit" not in [m.license for m in found.matches if m.whole]


@pytest.mark.parametrize(
    "text",
    ["", " \n", "license", "\x00" * 100, "许可证 " * 50, "a b c " * 2000, "shall not " * 5000],
)
def test_no_license_is_found_in_other_text(text: str) -> None:
    """Empty, binary, foreign and repeated text holds no license."""
    assert [m for m in detect(text).matches if m.form is not Form.MENTION] == []


def test_a_huge_file_is_bounded() -> None:
    """Words beyond the bound are not looked at."""
    words = split("word " * (MAX_WORDS + 10))
    assert len(words) == MAX_WORDS


def test_states_of_the_other_detector_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """However few of its states are kept, it finds the same; and the installed release has them."""
    texts = [f"{APACHE}\n\n{MIT}", MIT.replace("Software", "Works"), APACHE[:3000]]
    before = [spdx_texts.identify(text) for text in texts]
    monkeypatch.setattr(spdx_texts, "STATES", 50)
    spdx_texts.matcher()._info.clear()  # what bounds is what is tested
    assert [spdx_texts.identify(text) for text in texts] == before
    assert [span.spdx for span in before[0]] == ["Apache-2.0", "MIT"]
    assert 0 < len(spdx_texts.matcher()._info) <= 50


@pytest.fixture
def two_versions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """A catalog of two made-up agreements that differ in a number, a date and a clause."""
    body = " ".join(f"term{n} binds party{n % 7} under rule{n % 11}." for n in range(160))
    texts = {
        "acme-1.0": f"ACME AGREEMENT 1.0 dated May 2, 2025. {body} Built with Acme one applies.",
        "acme-1.1": f"ACME AGREEMENT 1.1 dated June 3, 2026. {body} Built with Acme applies. "
        "Outputs may train other models when the name begins with Acme.",
    }
    data = tmp_path / "data"
    (data / "licenses").mkdir(parents=True)
    (data / "shingles").mkdir()
    (data / "shingles" / "counts.json").write_text("{}", "utf-8")
    source = tmp_path / "texts"
    source.mkdir()
    for name, text in texts.items():
        (source / f"{name}.txt").write_text(text, "utf-8")
        (data / "licenses" / f"{name}.yaml").write_text(
            f"name: Acme {name}\nhub: []\nspdx: LicenseRef-{name}\nkind: vendor\n"
            f"verified: 2026-11-22\nconfidence: read\nsource: made for a test\n"
            f"texts: [{{name: {name}}}]\nconditions: []\n",
            "utf-8",
        )
    (source / "boilerplate.txt").write_text("standing words around licenses of all kinds", "utf-8")
    caches = [
        catalog.index,
        catalog.load,
        catalog.texts,
        fingerprints.hashes,
        fingerprints.index,
        fingerprints.sampled,
    ]
    for module in (catalog, build):
        monkeypatch.setattr(module, "DATA", data)
    monkeypatch.setattr(build, "COUNTS", data / "shingles" / "counts.json")
    for cached in caches:
        cached.cache_clear()
    build.write(source)
    yield texts
    for cached in caches:
        cached.cache_clear()


def test_close_versions_are_told_apart(two_versions: dict[str, str]) -> None:
    """Each version is itself; a common part alone is withheld."""
    for name, text in two_versions.items():
        assert [(m.license, m.text) for m in detect(text).matches] == [(name, name)]
    common = two_versions["acme-1.0"].partition(". ")[2].partition(" Built")[0]
    found = detect(common)
    assert found.matches == ()
    assert found.withheld


def test_shingles_do_not_keep_the_text(two_versions: dict[str, str]) -> None:
    """A fingerprint is a sorted set of hashes: the order of the words is gone."""
    hashes = fingerprints.hashes("acme-1.0")
    assert hashes == frozenset(shingles(split(two_versions["acme-1.0"]).words))
    raw = build.shingle_file("acme-1.0").read_bytes()
    values = [int.from_bytes(raw[i : i + 4], "little") for i in range(0, len(raw), 4)]
    assert values == sorted(set(values))
