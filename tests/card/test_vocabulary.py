"""The vendored lists are what they say they are, and near misses find their word."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cardlint.card import refresh, vocabulary


def test_every_list_says_where_it_is_from() -> None:
    """Source, version, date and sha256 of each file."""
    files = {p.stem for p in Path(vocabulary.__file__).parent.glob("*.json")} - {"sources"}
    assert set(vocabulary.sources()) == files
    for said in vocabulary.sources().values():
        assert re.fullmatch(r"[0-9a-f]{64}", said["sha256"])
        assert re.fullmatch(r"\d{4}-\d{2}-\d{2}", said["date"])
        assert said["source"]
        assert said["version"]
    assert vocabulary.date() == min(s["checked"] for s in vocabulary.sources().values())


def test_the_lists_are_whole() -> None:
    """As many as the sources had, and the words that the Hub adds by hand."""
    assert len(vocabulary.licenses()) == 83
    assert len(vocabulary.pipeline_tags()) == 57
    assert len(vocabulary.libraries()) == 257
    assert {"en", "yue", "code", "multilingual", "ber"} <= vocabulary.languages()
    assert "inspect-ai" in vocabulary.eval_frameworks()


@pytest.mark.parametrize(
    ("text", "id_"),
    [
        ("apache2", "apache-2.0"),
        ("Apache License, Version 2.0", "apache-2.0"),
        ("The MIT License", "mit"),
        ("GPL v3", "gpl-3.0"),
        ("llama-3.1", "llama3.1"),
        ("CC BY-NC 4.0", "cc-by-nc-4.0"),
        ("apache", None),
        ("llama", None),
        ("gpl-2.0-or-later", None),
        ("", None),
    ],
)
def test_spellings_of_licenses(text: str, id_: str | None) -> None:
    """Only what can be nothing else is taken for a spelling."""
    assert vocabulary.license_spelled(text) == id_


def test_spdx_and_hub_ids() -> None:
    """What the Hub has a near id for, what it lacks, and what is neither."""
    assert vocabulary.license_of_spdx("GPL-2.0-or-later") == "gpl-2.0"
    assert vocabulary.license_of_spdx("mit-or-later") is None
    assert vocabulary.is_spdx("MIT-0")
    assert vocabulary.is_spdx("agpl-3.0-only")
    assert not vocabulary.is_spdx("my-license")
    assert vocabulary.license_meant("apahce-2.0") == "apache-2.0"
    assert vocabulary.license_meant("apache-1.1") is None


def test_every_license_id_is_its_own_spelling() -> None:
    """No id is taken for another."""
    assert {i: vocabulary.license_spelled(i) for i in vocabulary.licenses()} == {
        i: i for i in vocabulary.licenses()
    }


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("English", "en"),
        ("zh-CN", "zh"),
        ("pt_BR", "pt"),
        ("ger", "de"),
        ("iw", "he"),
        ("EN", "en"),
        ("multi-lingual", "multilingual"),
        ("protein", None),
        ("x-klingon", None),
    ],
)
def test_spellings_of_languages(text: str, code: str | None) -> None:
    """Names, regions and codes that were taken back find their code."""
    assert vocabulary.language_spelled(text) == code


def test_nearest_is_near_and_unambiguous() -> None:
    """At most two letters away, one for short words; swapped neighbors count once."""
    assert vocabulary.nearest("text-genreation", vocabulary.pipeline_tags()) == "text-generation"
    assert vocabulary.nearest("Text_Generation", vocabulary.pipeline_tags()) == "text-generation"
    assert vocabulary.nearest("mti", ["mit"]) == "mit"
    assert vocabulary.nearest("abc", ["abd", "abe"]) is None
    assert vocabulary.nearest("tags", ["license"]) is None


def test_refresh_tells_the_difference() -> None:
    """One line for each word that came or went."""
    old = {"ids": ["a", "b"], "names": {"x": "X"}}
    new = {"ids": ["b", "c"], "names": {"x": "Y"}, "more": []}
    assert refresh.difference(old, new) == [
        "ids: + c",
        "ids: - a",
        "+ more",
        "names: x: X -> Y",
    ]


def test_refresh_reads_the_documentation_and_a_list() -> None:
    """The table between the markers, or one id a line; anything else is refused."""
    table = "|`no`|\n<!-- region licenses -->\nx | y\n|`apache-2.0` | A\n| `mit` | M\n<!-- endregion -->"
    assert refresh.license_ids(table) == {"ids": ["apache-2.0", "mit"]}
    assert refresh.license_ids("mit\napache-2.0\n") == {"ids": ["apache-2.0", "mit"]}
    with pytest.raises(ValueError, match="no license table"):
        refresh.license_ids("<html>not found</html>")
