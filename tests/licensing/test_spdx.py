"""SPDX 2.3 written and read back; SPDX documents of a repository as declarations."""

from __future__ import annotations

import json
import warnings
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cardlint.compliance.bom import gather
from cardlint.errors import Malformed
from cardlint.findings import NotChecked
from cardlint.licensing.spdx_documents import SpdxDeclaration, read
from cardlint.report.bom.interface import Bom, Link, Model
from cardlint.report.bom.spdx_2_3 import render
from cardlint.repository import Options, Repository
from cardlint.source.resolve import Resolver
from tests.kit.repos import write_files

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def _model(id_: str, declared: str = "NOASSERTION", concluded: str = "NOASSERTION") -> Model:
    return Model(
        id=id_,
        version=None,
        supplier="org",
        location="NOASSERTION",
        declared=declared,
        concluded=concluded,
        concluded_because="its own license",
    )


def _bom(**more: Any) -> Bom:
    values: dict[str, Any] = {
        "model": _model("org/mine", "MIT", "MIT AND LicenseRef-scancode-qwen-2024"),
        "ancestors": (_model("org/base", "OpenMDW-1.0"),),
        "unknown": {"org/away": "it is not in the cache"},
        "links": (
            Link("org/mine", "org/base", "finetune", declared=True),
            Link("org/mine", "org/away", None, declared=False, measured="0.40 ± 0.01"),
        ),
        "licenses": {"LicenseRef-scancode-qwen-2024": "Qwen LICENSE AGREEMENT"},
        "created": NOW,
        "tool": "cardlint-0",
        "not_checked": ("org/away: it is not in the cache",),
    }
    return Bom(**{**values, **more})


def test_written_and_read_back() -> None:
    """spdx-tools reads what was written, and finds it valid."""
    text = render(_bom(texts={"LicenseRef-scancode-qwen-2024": "The words."}))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from spdx_tools.spdx.parser.jsonlikedict.json_like_dict_parser import JsonLikeDictParser
        from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

        reader: Any = JsonLikeDictParser
        document = reader().parse(json.loads(text))
        assert validate_full_spdx_document(document) == []
    related = [(r.relationship_type.name, str(r.comment)) for r in document.relationships]
    assert ("DESCENDANT_OF", "finetune (declared)") in related
    measured = "relation not stated (measured in the weights, not declared); 0.40 ± 0.01"
    assert ("DESCENDANT_OF", measured) in related
    extracted = {x.license_id: x.extracted_text for x in document.extracted_licensing_info}
    assert extracted["LicenseRef-scancode-qwen-2024"] == "The words."
    # license-expression does not know the newest ids of the SPDX list.
    assert extracted["LicenseRef-OpenMDW-1.0"].startswith("The text of the OpenMDW-1.0")
    notes = [a.annotation_comment for a in document.annotations]
    assert notes == ["Not checked: org/away: it is not in the cache"]


def test_the_same_facts_give_the_same_bytes() -> None:
    """Nothing random, no clock but the one in the facts."""
    assert render(_bom()) == render(_bom())


def test_what_is_not_valid_is_not_written() -> None:
    """An address that is none is refused by the validator, and told."""
    broken = _model("org/mine")
    with pytest.raises(Malformed, match="not valid"):
        render(_bom(model=Model(**{**_as_dict(broken), "location": "no address"}), links=()))


def _as_dict(model: Model) -> dict[str, Any]:
    return {name: getattr(model, name) for name in Model.__dataclass_fields__}


def _repo(root: Path, files: dict[str, Any], hub: dict[str, dict[str, Any]]) -> Repository:
    for name, table in {**hub, "org/mine": files}.items():
        write_files(root / name, table)
    resolver = Resolver(hub=root, offline=True)
    return Repository(resolver.target("org/mine"), resolver, Options(offline=True, weights="off"))


def test_from_a_repository(tmp_path: Path) -> None:
    """Files with their hashes, the ancestor, declared and concluded licenses."""
    card = "---\nlicense: mit\nbase_model: org/base\n---\n# Mine\n"
    base = {"README.md": "---\nlicense: apache-2.0\n---\n# Base\n"}
    repo = _repo(
        tmp_path, {"README.md": card, "LICENSE": {"checkout": "LICENSE"}}, {"org/base": base}
    )
    data = json.loads(render(gather(repo)))
    packages = {p["name"]: p for p in data["packages"]}
    assert packages["org/mine"]["licenseDeclared"] == "MIT"
    assert packages["org/mine"]["licenseConcluded"] == "MIT AND Apache-2.0"
    assert packages["org/base"]["licenseDeclared"] == "Apache-2.0"
    assert sorted(f["fileName"] for f in data["files"]) == ["./LICENSE", "./README.md"]
    assert {s["algorithm"] for f in data["files"] for s in f["checksums"]} == {"SHA1", "SHA256"}


def test_its_own_document_is_read_as_a_declaration(tmp_path: Path) -> None:
    """What cardlint writes, cardlint reads, and card and document agree."""
    card = {"README.md": "---\nlicense: apache-2.0\n---\n# Mine\n"}
    text = render(gather(_repo(tmp_path / "a", card, {})))
    repo = _repo(tmp_path / "b", {**card, "model.spdx.json": text}, {})
    (found,) = read(repo)
    assert isinstance(found, SpdxDeclaration)
    assert (found.name, found.expression) == ("org/mine", "Apache-2.0")
    assert [x.id for x in found.licenses if x] == ["apache-2.0"]


@pytest.mark.parametrize(
    "text",
    ["", "[]", "null", "7", '{"@graph": []}', '{"packages": 3}', "{" * 2000, '{"packages": [{}]}'],
)
def test_a_document_that_is_none(tmp_path: Path, text: str) -> None:
    """Whatever stands there, it is told as not checked; nothing is guessed."""
    repo = _repo(tmp_path, {"README.md": "# x\n", "x.spdx.json": text}, {})
    assert all(isinstance(found, NotChecked) for found in read(repo))
    assert list(read(repo))
