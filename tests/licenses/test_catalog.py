"""The catalog: every license can be found, every fact has its source, nothing generated is stale."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import jsonschema
import pytest
import yaml

from cardlint.card import vocabulary
from cardlint_licenses import Kind, Reuse, Topic, catalog, ids, load, resolve
from cardlint_licenses.build import candidates, index

FILES = sorted((catalog.DATA / "licenses").glob("*.yaml"))
SCHEMA = json.loads((catalog.DATA / "license.schema.json").read_text("utf-8"))


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
def test_a_license_follows_the_schema(file: Path) -> None:
    """Each file is what the schema says, and reads into the dataclass."""
    raw = yaml.safe_load(file.read_text("utf-8"))
    as_json = json.loads(json.dumps(raw, default=str))
    jsonschema.Draft202012Validator(SCHEMA).validate(as_json)
    assert catalog.parse(file.stem, file.read_text("utf-8")).id == file.stem


def test_the_schema_is_one() -> None:
    """The schema itself is valid."""
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_every_id_of_the_hub_is_known() -> None:
    """No id that the Hub accepts is missing, and none is made up."""
    known = {hub for id_ in ids() for hub in load(id_).hub}
    assert known == set(vocabulary.licenses())


def test_the_index_is_current() -> None:
    """``python -m cardlint_licenses.build`` would change nothing."""
    written = json.loads((catalog.DATA / "index.json").read_text("utf-8"))
    assert written == json.loads(json.dumps(index()))
    idx = (catalog.DATA / "shingles" / "candidates.idx").read_bytes()
    assert idx == candidates(written["texts"])


def test_every_text_has_its_shingles() -> None:
    """A text that is named has a file, and no file is left over."""
    named = {t.name for t in catalog.texts()} | {"boilerplate"}
    assert named == {f.stem for f in (catalog.DATA / "shingles").glob("*.bin")}


@pytest.mark.parametrize(
    ("name", "id_"),
    [
        ("Apache-2.0", "apache-2.0"),
        ("apache license 2.0", "apache-2.0"),
        ("LicenseRef-scancode-llama-3.1-license-2024", "llama3.1"),
        ("Llama_3.1", "llama3.1"),
        ("DeepSeek License", "deepseek"),
        ("GPL-3.0-only", "gpl-3.0"),
        ("bsl-1.0", "bsl-1.0"),
        ("flux-1-dev-non-commercial-license", "flux-1-dev-non-commercial-license"),
    ],
)
def test_a_license_is_found_by_its_names(name: str, id_: str) -> None:
    """Hub id, SPDX id, ``license_name`` and alias lead to one license, case and spaces apart."""
    found = resolve(name)
    assert found is not None
    assert found.id == id_


def test_a_name_that_is_none_is_not_found() -> None:
    """What is not known is not guessed."""
    assert resolve("my-own-license") is None
    with pytest.raises(KeyError):
        load("my-own-license")


def test_the_business_source_license_is_not_boost() -> None:
    """The Hub's ``bsl-1.0`` is Boost; SPDX calls the other one BUSL-1.1."""
    assert resolve("BUSL-1.1") is None
    assert load("bsl-1.0").kind is Kind.PERMISSIVE


def test_close_versions_ask_for_different_words() -> None:
    """Llama 3.0 has a phrase and a prefix of its own; Llama 2 has neither."""

    def words(id_: str, topic: Topic) -> list[str | None]:
        return [c.text for c in load(id_).on(topic, Reuse.FINETUNE)]

    assert words("llama3", Topic.PHRASE) == ["Built with Meta Llama 3"]
    assert words("llama3.1", Topic.PHRASE) == ["Built with Llama"]
    assert words("llama3", Topic.NAME_PREFIX) == ["Llama 3"]
    assert words("llama3.1", Topic.NAME_PREFIX) == ["Llama"]
    assert words("llama2", Topic.PHRASE) == words("llama2", Topic.NAME_PREFIX) == []


@pytest.mark.parametrize("id_", ids())
def test_facts_are_dated_and_short(id_: str) -> None:
    """Each fact has a date; required words are sentences, never the text of a license."""
    license_ = load(id_)
    assert license_.verified >= date(2026, 11, 1)
    assert license_.confidence in {"read", "second-hand"}
    assert all(len(c.text or "") <= 300 for c in license_.conditions)
    assert all(c.effect is not None for c in license_.on(Topic.OUTPUT_TERMS))


def test_compatible_licenses_exist() -> None:
    """What a license names as compatible is in the catalog."""
    assert {c for id_ in ids() for c in load(id_).compatible} <= set(ids())


def test_osadl_cells_name_licenses_of_the_catalog() -> None:
    """The cells taken from OSADL are in Hub ids, and their file names source and license."""
    cells = catalog.osadl_exceptions()
    named = {x for said in cells.values() for inbound in said.values() for x in inbound}
    assert {*cells, *named} <= set(ids())
    head = (catalog.DATA / "osadl-exceptions.yaml").read_text("utf-8").splitlines()[:9]
    assert "CC-BY-4.0" in " ".join(head)
