"""From what is typed to a source: the folder hub, and the order of places."""

from __future__ import annotations

from pathlib import Path

import pytest

from cardlint.errors import NotFound, Offline, Unavailable
from cardlint.source.git import GitCommit, WorkTree
from cardlint.source.interface import is_repo_id
from cardlint.source.local import LocalFolder
from cardlint.source.resolve import Resolver
from tests.kit.repos import write_files, write_git

ROWS = [{"date": "2026-06-13", "message": "m", "files": {"README.md": "x"}}]


@pytest.fixture
def hub(tmp_path: Path) -> Path:
    """A folder hub with each kind of repository."""
    write_files(tmp_path / "org" / "plain", {"README.md": "plain"})
    write_git(tmp_path / "org" / "tree", ROWS)
    write_git(tmp_path / "org" / "bare", ROWS, bare=True)
    write_git(tmp_path / "org" / "dotted.git", ROWS, bare=True)
    write_files(tmp_path, {"README.txt": "no repository", "org/file": "neither"})
    write_files(tmp_path / ".hidden" / "x", {"README.md": "x"})
    return tmp_path


def test_each_kind_of_repository_is_opened(hub: Path) -> None:
    """A folder, a work tree, a bare repository, one that ends in .git."""
    resolver = Resolver(hub=hub, offline=True)
    kinds = {
        "plain": LocalFolder,
        "tree": WorkTree,
        "bare": GitCommit,
        "dotted": GitCommit,
    }
    for name, kind in kinds.items():
        source = resolver.target(f"org/{name}")
        assert type(source) is kind
        assert source.identity.repo_id == f"org/{name}"
        assert resolver.upstream(f"org/{name}") is source  # opened once
    assert resolver.target("hf://org/bare@main").identity.revision == "main"


def test_the_listing_names_every_repository(hub: Path) -> None:
    """In order; without a folder hub there is none."""
    assert Resolver(hub=hub).listing() == ["org/bare", "org/dotted", "org/plain", "org/tree"]
    assert Resolver().listing() == ()


def test_a_path_comes_before_an_id(hub: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``hf://`` says that it is an id."""
    monkeypatch.chdir(hub)
    write_files(hub / "elsewhere" / "org" / "plain", {"README.md": "elsewhere"})
    monkeypatch.chdir(hub / "elsewhere")
    resolver = Resolver(hub=hub, offline=True)
    assert resolver.target("org/plain").read_text("README.md") == "elsewhere"
    assert resolver.target("hf://org/plain").read_text("README.md") == "plain"


@pytest.mark.parametrize("variable", ["HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"])
def test_the_environment_can_forbid_the_network(
    hub: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """As it does for huggingface_hub; the folder hub is named when it was looked in."""
    monkeypatch.setenv(variable, "on")
    monkeypatch.setenv("HF_HUB_CACHE", str(hub / "none"))
    with pytest.raises(Offline, match="not in the folder hub or the cache"):
        Resolver(hub=hub).target("org/none")
    with pytest.raises(Offline, match="which models name org/x as their base"):
        Resolver(hub=hub).children("org/x")


def test_a_refusal_is_remembered(hub: Path) -> None:
    """The same reason, without looking again."""
    resolver = Resolver(hub=hub, offline=True)
    with pytest.raises(Unavailable) as first:
        resolver.upstream("org/none")
    write_files(hub / "org" / "none", {"README.md": "late"})
    with pytest.raises(Unavailable) as second:
        resolver.upstream("org/none")
    assert first.value.message == second.value.message


def test_no_id_leads_out_of_the_folder_hub(hub: Path) -> None:
    """An id is two names, nothing else."""
    write_files(hub.parent / "outside" / "x", {"README.md": "private"})
    resolver = Resolver(hub=hub, offline=True)
    for id_ in ("../outside/x", "org/../../outside/x", "org/..", "./plain", "/etc", "org/plain/"):
        with pytest.raises(Unavailable):
            resolver.upstream(id_)


def test_a_revision_of_a_plain_folder_says_that_there_is_none(hub: Path) -> None:
    """It is not silently ignored."""
    with pytest.raises(Unavailable, match="no revision main: it is not a git repository"):
        Resolver(hub=hub, offline=True).target("org/plain@main")
    with pytest.raises(NotFound, match="no revision v9"):
        Resolver(hub=hub, offline=True).target("org/tree@v9")


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("org/name", True),
        ("Org-1/na.me_2", True),
        ("org/name.git", False),
        ("org/na--me", False),
        ("org/na..me", False),
        ("org/" + "x" * 93, False),
        ("-org/name", False),
        ("org/name-", False),
        ("org", False),
        ("a/b/c", False),
        ("org/naïve", False),
        ("org/name\n", False),
    ],
)
def test_ids_are_written_as_the_hub_accepts_them(text: str, answer: bool) -> None:  # noqa: FBT001  # a table
    """``org/name``, at most 96 characters of the Hub's alphabet."""
    assert is_repo_id(text) is answer
