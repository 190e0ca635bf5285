"""What a repository's own files say about its parents."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import pytest

from cardlint.lineage.declared import Lineage, Origin
from cardlint.repository import Repository
from cardlint.source.resolve import Resolver
from tests.kit.repos import write_files


def lineage(tmp_path: Path, files: dict[str, Any], id_: str = "org/model") -> Lineage:
    """Of a repository with these files in a folder hub."""
    write_files(tmp_path / id_, files)
    resolver = Resolver(hub=tmp_path, offline=True)
    return Repository(resolver.upstream(id_), resolver).lineage


def said(found: Lineage) -> list[tuple[str, str, int, int]]:
    """Origin, parent, line and column of each declaration."""
    return [
        (d.origin.value, d.parent, d.location.line, d.location.column) for d in found.declarations
    ]


def test_a_base_may_be_a_string_or_a_list(tmp_path: Path) -> None:
    """Each id stands at its own place, and the relation is read."""
    card = "---\nbase_model:\n- a/b\n- c/d\nbase_model_relation: merge\n---\n"
    found = lineage(tmp_path, {"README.md": card})
    assert said(found) == [("front-matter", "a/b", 3, 3), ("front-matter", "c/d", 4, 3)]
    assert found.parents == ("a/b", "c/d")
    assert {d.relation for d in found.declarations} == {"merge"}


@pytest.mark.parametrize("base", ["./out", "/home/me/model", "gpt2", "a/b/c", "[]", "12", "null"])
def test_what_is_no_id_is_no_parent(tmp_path: Path, base: str) -> None:
    """A path, a bare name, an empty list or a number is never a Hub id."""
    assert lineage(tmp_path, {"README.md": f"---\nbase_model: {base}\n---\n"}).parents == ()


def test_configs_name_parents_where_they_stand(tmp_path: Path) -> None:
    """Adapter, config and quantizer files are read, with line, column, relation and revision."""
    found = lineage(
        tmp_path,
        {
            "config.json": {"json": {"_name_or_path": "a/config"}},
            "adapter_config.json": {
                "json": {"base_model_name_or_path": "a/adapter", "revision": "v1"}
            },
            "quantize_config.json": {"json": {"model_name_or_path": "a/quantized"}},
        },
    )
    assert said(found) == [
        ("adapter-config", "a/adapter", 2, 30),
        ("quantization-config", "a/quantized", 2, 25),
        ("config", "a/config", 2, 20),
    ]
    adapter, quantized, config = found.declarations
    assert (adapter.relation, adapter.revision) == ("adapter", "v1")
    assert (quantized.relation, config.relation) == ("quantized", None)


@pytest.mark.parametrize(
    "path", ["outputs/run1", "/root/m", "org/checkpoint-500", "org/model", "../up/model", ""]
)
def test_a_path_in_a_config_is_no_parent(tmp_path: Path, path: str) -> None:
    """Training writes where it loaded from: a folder, or the model's own id."""
    assert lineage(tmp_path, {"config.json": {"json": {"_name_or_path": path}}}).named == ()


RECIPE = """merge_method: ties
models:
- model: a/one@rev1
  parameters:
    weight: 0.4
- model:
    model: {path: a/two}
  parameters:
    weight: [0, 1]
- model: ./local
- model: a/three+a/lora
base_model: a/base
"""


def test_a_recipe_names_its_models(tmp_path: Path) -> None:
    """Strings, maps, revisions, adapters and weights of a mergekit recipe; local paths are none."""
    found = lineage(tmp_path, {"mergekit_config.yml": RECIPE})
    assert [(d.parent, d.revision, d.weight) for d in found.declarations] == [
        ("a/base", None, None),
        ("a/one", "rev1", 0.4),
        ("a/two", None, None),
        ("a/three", None, None),
        ("a/lora", None, None),
    ]
    assert found.declarations[1].location.line == 3


def test_slices_and_experts_name_a_model_once_for_each_slice(tmp_path: Path) -> None:
    """Ten entries may be six models: `named` holds each once."""
    slices = "slices:\n" + "- sources:\n  - model: a/b\n    layer_range: [0, 4]\n" * 3
    moe = "base_model: c/d\nexperts:\n- source_model: e/f\n"
    files = {"mergekit_config.yml": slices, "mergekit_moe_config.yml": moe}
    found = lineage(tmp_path, files)
    assert len(found.declarations) == 5
    assert found.named == ("a/b", "c/d", "e/f")


@pytest.mark.parametrize(
    "text",
    ["[" * 5000, "a: &a [x]\n" + "b: [*a, *a]\n" * 30_000, "models: [", "- " * 9000, "a: !!bad x"],
)
def test_a_hostile_recipe_is_told_and_costs_little(tmp_path: Path, text: str) -> None:
    """Deep, huge or broken YAML is a gap, never a crash; harmless oddities are none."""
    found = lineage(tmp_path, {"mergekit_config.yml": text})
    assert found.named == ()
    assert len(found.gaps) <= 1
    if "!!bad" not in text:
        assert found.gaps[0].what == "lineage (mergekit-config)"


def gguf(pairs: dict[str, str]) -> bytes:
    """A GGUF header with string values, after an array that must be stepped over."""

    def text(value: str) -> bytes:
        return struct.pack("<Q", len(value.encode())) + value.encode()

    body = text("general.tags") + struct.pack("<IIQ", 9, 8, 2) + text("x") + text("y")
    body += text("general.alignment") + struct.pack("<II", 4, 32)
    for key, value in pairs.items():
        body += text(key) + struct.pack("<I", 8) + text(value)
    return b"GGUF" + struct.pack("<IQQ", 3, 0, len(pairs) + 2) + body


def test_gguf_metadata_name_parents(tmp_path: Path) -> None:
    """Addresses of the Hub in `general.base_model.N.repo_url` are ids."""
    data = gguf({"general.base_model.0.repo_url": "https://huggingface.co/a/b"})
    found = lineage(tmp_path, {"m.gguf": {"hex": data.hex()}})
    assert [(d.origin, d.parent) for d in found.declarations] == [(Origin.GGUF, "a/b")]


@pytest.mark.parametrize(
    "data",
    [b"GGUF" + struct.pack("<IQQ", 3, 0, 1 << 60) + struct.pack("<Q", 1 << 62), b"GGUF", b"no"],
)
def test_a_hostile_gguf_file_is_harmless(tmp_path: Path, data: bytes) -> None:
    """Lengths of 2⁶² end the reading; what is no GGUF file is a gap."""
    found = lineage(tmp_path, {"m.gguf": {"hex": data.hex()}})
    assert found.named == ()
    assert bool(found.gaps) == (len(data) < 24)


def test_a_broken_config_is_a_gap(tmp_path: Path) -> None:
    """What may name a parent and cannot be read is said."""
    found = lineage(tmp_path, {"config.json": "{"})
    assert [g.what for g in found.gaps] == ["lineage (config)"]
