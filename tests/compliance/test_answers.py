"""What is filled in, where it came from, and what stays open."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cardlint.compliance import answers
from cardlint.compliance.framework import items
from cardlint.compliance.judge import Status, judge
from cardlint.engine import run
from cardlint.repository import Options, Repository
from cardlint.source.resolve import Resolver
from tests.kit.repos import write_files


def repository(root: Path, **files: Any) -> Repository:
    """A repository of a folder hub."""
    names = {"README": "README.md", "config": "config.json"}
    write_files(root / "org/model", {names.get(k, k): v for k, v in files.items()})
    resolver = Resolver(hub=root, offline=True)
    return Repository(resolver.target("org/model"), resolver, Options(offline=True))


def status(repo: Repository, item: str) -> Status:
    """The status of one item with no rule run."""
    return judge(items()[item], repo, run(repo, [], "org/model")).status


@pytest.mark.parametrize(
    ("license_", "part"),
    [
        ("apache-2.0", "no condition that is known speaks against it"),
        ("cc-by-nc-4.0", "limits use to noncommercial"),
        ("llama3.1", "asks users above a size"),
        ("creativeml-openrail-m", "restricts fields of use"),
        ("no-such-license", "undetermined"),
    ],
)
def test_the_open_source_test_names_the_clause(tmp_path: Path, license_: str, part: str) -> None:
    """Or that none is known, or that it cannot be told; a person decides in any case."""
    repo = repository(tmp_path, README=f"---\nlicense: {license_}\n---\n")
    answer = answers.open_source_test(repo)
    assert answer
    assert part in " ".join(answer.values)
    assert status(repo, "open-source-test") in {Status.PERSON, Status.UNDETERMINED}


def test_the_modifier_test_stays_undetermined(tmp_path: Path) -> None:
    """No repository holds both amounts of compute; a merge is named as what it is."""
    repo = repository(
        tmp_path, README="---\nbase_model: [a/b, c/d]\nbase_model_relation: merge\n---\n"
    )
    answer = answers.modifier_test(repo)
    assert answer
    assert "a merge of weights takes next to none" in answer.values[0]
    assert status(repo, "modifier") is Status.UNDETERMINED


def test_every_value_says_where_it_came_from(tmp_path: Path) -> None:
    """Line of the card, file, or file list."""
    repo = repository(
        tmp_path,
        README="---\nlicense: mit\nlanguage: [pt, en]\npipeline_tag: text-generation\n---\n# M\n\n## Intended use\n\nx\n",
        config={"json": {"architectures": ["LlamaForCausalLM"], "max_position_embeddings": 4096}},
    )
    found = {
        name: getattr(answers, name)(repo)
        for name in ("languages", "intended_use", "architecture", "modalities")
    }
    assert found["languages"] == answers.Answer(("pt", "en"), "README.md:3")
    assert found["intended_use"] == answers.Answer(("Intended use",), "README.md:8")
    assert found["architecture"].where == "config.json"
    assert found["modalities"].values == ("text-generation", "context: 4096 tokens")


def test_what_is_not_there_stays_empty(tmp_path: Path) -> None:
    """Nothing is invented."""
    repo = repository(tmp_path, README="# Model\n")
    for name in ("energy", "datasets", "technical_report", "acceptable_use", "license", "recipe"):
        assert getattr(answers, name)(repo) is None


def test_the_class_of_openness_names_what_is_missing(tmp_path: Path) -> None:
    """Class III is not claimed for a bare card."""
    answer = answers.mof_class(repository(tmp_path, README="# Model\n\n## Intended use\n\nx\n"))
    assert answer
    assert "no data card" in answer.values[0]
    assert "no model card" not in answer.values[0]
