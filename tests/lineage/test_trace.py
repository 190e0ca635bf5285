"""Parents that nobody named, found in a folder hub and in an atlas."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import cardlint
from cardlint.cli import main
from cardlint.lineage.explain import explain
from cardlint.lineage.trace import trace
from cardlint.repository import Options, Repository
from cardlint.source.resolve import Resolver
from cardlint.weights.read import sketch
from tests.kit.repos import write_files

BASE: dict[str, Any] = {"sum": [[1, 1, 0.02]]}
ONE = {"sum": [[1, 1, 0.02], [1, 2, 0.002]]}
TWO = {"sum": [[1, 1, 0.02], [1, 3, 0.002]]}
MERGED = {"mix": [[0.6, ONE], [0.4, BASE]]}
OTHER = {"sum": [[1, 9, 0.02]]}


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A base, two tunes of it, an undeclared merge, and a model of its own."""
    root = tmp_path_factory.mktemp("hub")
    card = "---\nbase_model: lab/base\n---\n"
    for name, spec, text in (
        ("base", BASE, "# M\n"),
        ("one", ONE, card),
        ("two", TWO, card),
        ("merged", MERGED, card),
        ("other", OTHER, "# M\n"),
    ):
        files = {
            "README.md": text,
            "config.json": {"json": {"model_type": "llama", "num_attention_heads": 4}},
            "model.safetensors": {"weights": spec},
        }
        write_files(root / "lab" / name, files)
    write_files(root / "lab" / "wide", {"model.safetensors": {"weights": BASE, "hidden": 96}})
    return root


def repository(hub: Path, name: str) -> Repository:
    """One of the hub's."""
    resolver = Resolver(hub=hub, offline=True)
    return Repository(resolver.upstream(name), resolver, Options(offline=True))


def test_the_undeclared_parent_is_found_with_its_share(hub: Path) -> None:
    """The recipe, its control, and what was left out because it is of another shape."""
    found = trace(repository(hub, "lab/merged"))
    assert found.answer.kind == "merge"
    assert found.answer.parents == ("lab/one", "lab/base")
    assert found.undeclared == ("lab/one",)
    assert found.answer.comparison is not None
    shares = found.answer.comparison.verdict.coefficients
    assert shares["lab/one"].value == pytest.approx(0.6, abs=1e-3)
    assert [c.failed for c in found.answer.comparison.controls] == [True]
    left = {x.id: x.left_out for x in found.looked if x.left_out}
    assert left == {"lab/wide": "another architecture (tensor names and shapes)"}


def test_nothing_is_named_where_the_parents_are_absent(hub: Path) -> None:
    """A sibling is the closest relative, and not a parent; an unrelated model is nothing."""
    with_sibling = explain(
        sketch(repository(hub, "lab/one").source), [sketch(repository(hub, "lab/two").source)]
    )
    assert (with_sibling.kind, with_sibling.named) == ("relative", ())
    alone = explain(
        sketch(repository(hub, "lab/other").source),
        [sketch(repository(hub, n).source) for n in ("lab/base", "lab/one", "lab/two")],
    )
    assert (alone.kind, alone.parents) == ("none", ())
    assert explain(sketch(repository(hub, "lab/one").source), []).kind == "none"


def test_what_was_made_from_the_model_is_no_parent(hub: Path) -> None:
    """A merge with the model lies closer to it than its base does."""
    found = trace(repository(hub, "lab/one"))
    assert "lab/merged" in found.answer.descendants
    assert found.answer.parents == ("lab/base",)


def test_the_command_prints_text_and_json(hub: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The JSON keeps to its schema."""
    common = ["trace", "lab/merged", "--hub", str(hub), "--offline"]
    with pytest.raises(SystemExit, match="0"):
        main(common)
    assert "not declared: lab/one" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="0"):
        main([*common, "--format", "json"])
    document = json.loads(capsys.readouterr().out)
    folder = Path(cardlint.__file__).parent / "schemas"
    jsonschema.validate(document, json.loads((folder / "trace.json").read_text()))
    assert document["answer"]["undeclared"] == ["lab/one"]


def test_a_model_without_weights_is_not_checked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And the exit code says so."""
    (tmp_path / "README.md").write_text("# M\n")
    with pytest.raises(SystemExit, match="3"):
        main(["trace", str(tmp_path), "--offline"])
    assert "not checked:" in capsys.readouterr().err


@pytest.mark.parametrize("form", ["text", "json", "mermaid", "svg"])
def test_the_tree_shows_declared_beside_evidenced(
    hub: Path, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    """In every form: the declared base with its share, and the other parent that nobody named."""
    with pytest.raises(SystemExit, match="0"):
        main(["lineage", "lab/merged", "--hub", str(hub), "--offline", "--format", form])
    out = capsys.readouterr().out
    assert "lab/base" in out
    assert "lab/one" in out
    assert "0.600 of the weights" in out
    if form == "json":
        folder = Path(cardlint.__file__).parent / "schemas"
        jsonschema.validate(json.loads(out), json.loads((folder / "lineage.json").read_text()))


def test_the_rule_and_the_command_give_the_same_answer(hub: Path) -> None:
    """They ask the same search: parents, shares and controls are equal."""
    traced = trace(repository(hub, "lab/merged")).answer.comparison
    weighed = repository(hub, "lab/merged").weights.best
    assert traced is not None
    assert weighed is not None
    assert weighed.json() == traced.json()
