"""Bills of materials of the Rio example, held against the standards' own schemas and a checker."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cardlint.compliance.bom import gather
from cardlint.errors import UsageError
from cardlint.report.bom.interface import FORMATS, Bom, Model, format_of
from cardlint.report.bom.spdx_3_0_1 import gaps
from cardlint.repository import Options, Repository
from cardlint.source.resolve import Resolver

ROOT = Path(__file__).parents[3]
HUB = ROOT / "examples/rio/hub"
SPDX = ROOT.parent / "shared/facts/spdx-3.0.1"
NEX, QWEN, RIO = "nex-agi/Nex-N2-Pro", "Qwen/Qwen3.5-397B-A17B", "prefeitura-rio/Rio-3.5-Open-397B"

needs_spdx = pytest.mark.skipif(
    not SPDX.is_dir(),
    reason="the official SPDX 3.0.1 schema is not beside the checkout (../shared)",
)


@pytest.fixture(scope="module")
def bom() -> Bom:
    """The facts of the example at the launch commit, at a fixed time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOURCE_DATE_EPOCH", "1781400000")
        resolver = Resolver(hub=HUB, offline=True)
        repo = Repository(resolver.target(f"{RIO}@launch"), resolver, Options(offline=True))
        return gather(repo)


@pytest.fixture(scope="module")
def spdx3(bom: Bom) -> dict[str, Any]:
    """The SPDX 3.0.1 document."""
    data: dict[str, Any] = json.loads(format_of("spdx-3.0.1").render(bom))
    return data


def elements(document: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    """The elements of one type."""
    return [e for e in document["@graph"] if e["type"] == kind]


def test_facts_name_declared_and_measured_parents(bom: Bom) -> None:
    """The declared base, and the one that the weights name, with their shares."""
    links = {x.parent: x for x in bom.links if x.child == RIO}
    assert links[QWEN].declared
    assert not links[NEX].declared
    assert [round(x, 4) for x in links[NEX].share or ()] == [0.565] * 3
    assert (bom.model.declared, bom.model.version) == (
        "MIT",
        "2b55fe36000535a8c1fde5eee9cf339c219dad49",
    )


def test_weight_files_have_the_hashes_of_git_lfs(bom: Bom) -> None:
    """Without reading them."""
    weights = [f for f in bom.model.files if f.path.endswith(".safetensors")]
    assert len(weights) == 2
    assert all(f.sha256 and len(f.sha256) == 64 for f in weights)


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_the_same_facts_give_the_same_bytes(bom: Bom, name: str) -> None:
    """In every format."""
    assert format_of(name).render(bom) == format_of(name).render(bom)


def test_an_unknown_format_is_told() -> None:
    """With those that there are."""
    with pytest.raises(UsageError, match="no bill of materials is called spdx-9"):
        format_of("spdx-9")


@needs_spdx
def test_spdx3_keeps_the_official_schema(spdx3: dict[str, Any]) -> None:
    """No error of the JSON schema."""
    jsonschema_rs = pytest.importorskip("jsonschema_rs")
    schema = json.loads((SPDX / "schema.json").read_text("utf-8"))
    errors = jsonschema_rs.validator_for(schema).iter_errors(spdx3)
    assert [e.message for e in errors] == []


@pytest.mark.slow
@needs_spdx
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # inside rdflib and pyshacl
def test_spdx3_keeps_the_official_shapes(spdx3: dict[str, Any]) -> None:
    """SHACL: conforms; with an unknown relationship it does not."""
    rdflib = pytest.importorskip("rdflib")
    pyshacl = pytest.importorskip("pyshacl")
    context = json.loads((SPDX / "spdx-context.jsonld").read_text("utf-8"))["@context"]
    shapes = rdflib.Graph().parse(SPDX / "spdx-model.ttl")

    def conforms(document: dict[str, Any]) -> bool:
        data = json.dumps({**document, "@context": context})
        graph = rdflib.Graph().parse(data=data, format="json-ld")
        result: bool = pyshacl.validate(graph, shacl_graph=shapes, ont_graph=shapes)[0]
        return result

    assert conforms(spdx3)
    broken = json.loads(json.dumps(spdx3))
    elements(broken, "Relationship")[0]["relationshipType"] = "madeUp"
    assert not conforms(broken)


def test_spdx3_says_who_descends_from_whom_twice(spdx3: dict[str, Any]) -> None:
    """``descendantOf`` for what it is, ``dependsOn`` in the scope ``build`` for tools."""
    names = {e["spdxId"]: e["name"] for e in elements(spdx3, "ai_AIPackage")}
    kinds = {"Relationship": "descendantOf", "LifecycleScopedRelationship": "dependsOn"}
    for kind, relation in kinds.items():
        pairs = {
            (names[r["from"]], names[r["to"][0]])
            for r in elements(spdx3, kind)
            if r["relationshipType"] == relation
        }
        assert {(RIO, QWEN), (RIO, NEX)} <= pairs


def test_spdx3_carries_the_shares_as_build_parameters(spdx3: dict[str, Any]) -> None:
    """There is no field for them elsewhere."""
    (build,) = elements(spdx3, "build_Build")
    values = {p["key"]: p["value"] for p in build["build_parameter"]}
    assert values[f"weight:{NEX}"].startswith("0.565")
    assert values["method"] == "linear"


def test_spdx3_claims_the_ai_profile_only_when_nothing_is_missing(bom: Bom) -> None:
    """The official schema would not notice; our own check does."""
    whole = json.loads(format_of("spdx-3.0.1").render(bom))
    assert "ai" in elements(whole, "SpdxDocument")[0]["profileConformance"]
    for hole in (
        {"released": None},
        {"supplier": None},
        {"version": None},
        {"location": "NOASSERTION"},
    ):
        model = replace(bom.model, **hole)
        holed = json.loads(format_of("spdx-3.0.1").render(replace(bom, model=model)))
        assert len(gaps(model)) == 1
        assert "ai" not in elements(holed, "SpdxDocument")[0]["profileConformance"]


@pytest.mark.slow
def test_spdx3_satisfies_an_independent_checker(bom: Bom, tmp_path: Path) -> None:
    """ntia-conformance-checker finds the minimum elements."""
    pytest.importorskip("ntia_conformance_checker")
    file = tmp_path / "bom.json"
    file.write_text(format_of("spdx-3.0.1").render(bom), encoding="utf-8")
    checker = Path(sys.executable).parent / "ntia-checker"
    done = subprocess.run(
        [checker, "-c", "ntia", "-s", "spdx3", file], capture_output=True, text=True, check=False
    )
    assert "Conformant: True" in done.stdout, done.stdout + done.stderr


def test_cyclonedx_declares_with_counter_evidence(bom: Bom) -> None:
    """The implied claim that the bases are all of them meets what the weights say."""
    data = json.loads(format_of("cyclonedx-1.7").render(bom))
    claims = {c["predicate"]: c for c in data["declarations"]["claims"]}
    assert claims[f"descends from {QWEN}"]["evidence"]
    against = claims["the declared base models are all of them"]["counterEvidence"]
    evidence = {e["bom-ref"]: e["description"] for e in data["declarations"]["evidence"]}
    assert evidence[against[0]].startswith(NEX)
    (workflow,) = data["formulation"][0]["workflows"]
    properties = {p["name"]: p["value"] for p in workflow["properties"]}
    assert properties[f"cardlint:merge:alpha:{NEX}"].startswith("0.565")
    ancestors = data["metadata"]["component"]["pedigree"]["ancestors"]
    assert {a["name"] for a in ancestors} == {"Nex-N2-Pro", "Qwen3.5-397B-A17B"}


def test_a_folder_without_anything_has_one_too() -> None:
    """Nothing is invented: no supplier, no version, no license."""
    model = Model("folder", None, None, "NOASSERTION", "NOASSERTION", "NOASSERTION", "no license")
    bare = Bom(
        model,
        (),
        {"a/b": "the network was not asked"},
        (),
        {},
        datetime(2026, 1, 1, tzinfo=UTC),
        "cardlint-0",
    )
    for name in ("spdx-3.0.1", "cyclonedx-1.7"):
        assert "the network was not asked" in format_of(name).render(bare)
