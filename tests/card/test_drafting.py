"""`cardlint init` writes what is known, says where from, and leaves the rest to the rules."""

from __future__ import annotations

from pathlib import Path

import pytest

from cardlint.cli import main
from cardlint.drafting import UNKNOWN, draft
from cardlint.engine import run
from cardlint.repository import Options, Repository
from cardlint.rule import registry
from cardlint.source.resolve import Resolver
from tests.kit.repos import write_files

MERGE = """\
models:
  - model: org/one
    parameters: {weight: 0.5}
  - model: org/two
    parameters: {weight: 0.5}
merge_method: linear
"""


def folder(root: Path) -> Path:
    """A merged model without a card, and a folder hub with one of its parents."""
    write_files(
        root / "merged",
        {
            "config.json": {
                "json": {
                    "architectures": ["LlamaForCausalLM"],
                    "model_type": "llama | x\n---",
                    "hidden_size": 64,
                    "max_position_embeddings": 2048,
                    "transformers_version": "5.0",
                }
            },
            "mergekit_config.yml": MERGE,
            "model.safetensors": {"weights": {"sum": [[1, 7, 0.02]]}, "hidden": 64, "layers": 2},
        },
    )
    write_files(root / "hub/org/one", {"README.md": "---\nlicense: llama3.1\n---\n# One\n"})
    return root / "merged"


def drafted(root: Path) -> str:
    """The card that is written for it."""
    resolver = Resolver(hub=root / "hub", offline=True)
    return draft(
        Repository(resolver.target(str(folder(root))), resolver, Options(offline=True))
    ).text


def test_what_is_known_is_written_with_its_source(tmp_path: Path) -> None:
    """Bases, relation, library and task, each with the file that says so; no license is made up."""
    block = drafted(tmp_path).split("---\n")[1]
    assert block == (
        "base_model:  # mergekit_config.yml\n- org/one\n- org/two\n"
        "base_model_relation: merge  # mergekit_config.yml\n"
        "tags:  # mergekit_config.yml\n- merge\n"
        "library_name: transformers  # config.json\n"
        "pipeline_tag: text-generation  # config.json, architectures\n"
        "# org/one: license llama3.1\n# org/two: license not seen\n"
    )


def test_figures_recipe_and_strangers_text(tmp_path: Path) -> None:
    """Figures come from config and headers; a value cannot break out of its cell."""
    text = drafted(tmp_path)
    assert "| Hidden size | 64 |" in text
    assert "| Model type | llama  x--- |" in text
    assert "| Context length (positions) | 2,048 |" in text
    assert MERGE in text
    assert "| Stored as | safetensors, BF16 |" in text


def test_what_is_not_known_is_found(tmp_path: Path) -> None:
    """The draft has no fault of its own, and every gap in it is a finding."""
    root = folder(tmp_path)
    (root / "README.md").write_text(drafted(tmp_path), "utf-8")
    resolver = Resolver(hub=tmp_path / "hub", offline=True)
    repo = Repository(resolver.target(str(root)), resolver, Options(offline=True, weights="off"))
    rules = [rule() for rule in registry().values()]
    found = {f.rule for f in run(repo, rules, "draft").findings}
    assert {"license/missing", "body/placeholder"} <= found
    assert {rule for rule in found if rule.startswith(("metadata/", "provenance/"))} == set()
    assert UNKNOWN in drafted(tmp_path)


def test_a_card_that_is_there_is_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is written over without --force; `-o -` writes to stdout only."""
    root = folder(tmp_path)
    card = root / "README.md"
    card.write_text("mine", "utf-8")
    assert exit_code("init", str(root), "--offline") == 2
    assert card.read_text("utf-8") == "mine"
    capsys.readouterr()
    assert exit_code("init", str(root), "--offline", "-o", "-") == 0
    assert capsys.readouterr().out.startswith("---\nbase_model:")
    assert card.read_text("utf-8") == "mine"
    assert exit_code("init", str(root), "--offline", "--force") == 0
    assert card.read_text("utf-8").startswith("---\nbase_model:")


def test_a_link_is_not_written_through(tmp_path: Path) -> None:
    """Not even with --force: it may lead out of the folder."""
    root = folder(tmp_path)
    outside = tmp_path / "outside.md"
    outside.write_text("mine", "utf-8")
    (root / "README.md").symlink_to(outside)
    assert exit_code("init", str(root), "--offline", "--force") == 2
    assert outside.read_text("utf-8") == "mine"


def test_an_empty_folder_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """There is nothing to say of it."""
    assert exit_code("init", str(tmp_path), "--offline") == 2
    assert "is empty" in capsys.readouterr().err


def exit_code(*arguments: str) -> object:
    """Run the program."""
    with pytest.raises(SystemExit) as stopped:
        main(list(arguments))
    return stopped.value.code
