"""Parents and their parents, as far as they can be opened; and who else may be one."""

from __future__ import annotations

from pathlib import Path

from cardlint.errors import Unavailable
from cardlint.lineage.candidates import candidates
from cardlint.lineage.upstream import MAX_DEPTH, MAX_REPOSITORIES
from cardlint.repository import Options, Repository
from cardlint.source.resolve import Resolver
from tests.kit.repos import write_files


def hub(root: Path, bases: dict[str, list[str]]) -> Repository:
    """A folder hub of cards with these bases; the first is the one that is asked about."""
    for id_, parents in bases.items():
        listed = "".join(f"- {p}\n" for p in parents)
        card = f"---\nbase_model:\n{listed}---\n" if parents else "# M\n"
        write_files(root / id_, {"README.md": card})
    resolver = Resolver(hub=root, offline=True)
    return Repository(resolver.upstream(next(iter(bases))), resolver, Options(offline=True))


def test_parents_are_followed_to_any_depth(tmp_path: Path) -> None:
    """Each edge has its depth, and each parent's own facts can be asked for."""
    up = hub(tmp_path, {"o/a": ["o/b"], "o/b": ["o/c"], "o/c": []}).upstream
    assert [(e.child, e.parent, e.depth) for e in up.edges] == [
        ("o/a", "o/b", 1),
        ("o/b", "o/c", 2),
    ]
    assert up.ancestors == ("o/b", "o/c")
    grandparent = up.repositories["o/c"]
    assert isinstance(grandparent, Repository)
    assert grandparent.card.text == "# M\n"


def test_a_parent_that_is_not_there_is_told(tmp_path: Path) -> None:
    """Why it cannot be had stands in its place."""
    up = hub(tmp_path, {"o/a": ["o/gone"]}).upstream
    reason = up.repositories["o/gone"]
    assert isinstance(reason, Unavailable)
    assert "o/gone" in reason.message


def test_cycles_are_caught_and_told_once(tmp_path: Path) -> None:
    """A model may name itself, or come round through others."""
    up = hub(tmp_path, {"o/a": ["o/b", "o/a"], "o/b": ["o/c"], "o/c": ["o/b", "o/a"]}).upstream
    assert sorted(up.cycles) == [
        ("o/a", "o/a"),
        ("o/a", "o/b", "o/c", "o/a"),
        ("o/b", "o/c", "o/b"),
    ]


def test_a_long_chain_is_bounded_and_said(tmp_path: Path) -> None:
    """Beyond the bound a generation is not checked."""
    chain = {f"o/m{n}": [f"o/m{n + 1}"] for n in range(MAX_DEPTH + 3)}
    up = hub(tmp_path, chain).upstream
    assert max(e.depth for e in up.edges) == MAX_DEPTH
    assert [g.what for g in up.gaps] == ["upstream"]


def test_many_parents_are_bounded_and_said(tmp_path: Path) -> None:
    """Not more repositories are opened than the bound."""
    many = [f"o/p{n}" for n in range(MAX_REPOSITORIES + 5)]
    up = hub(tmp_path, {"o/a": many}).upstream
    assert len(up.repositories) == MAX_REPOSITORIES
    assert len(up.gaps) == 5


def test_siblings_and_what_is_named_are_candidates(tmp_path: Path) -> None:
    """In order of promise, each once; never the declared base, the model or what was made of it."""
    repo = hub(
        tmp_path,
        {
            "o/model": ["o/base"],
            "o/base": ["o/grand"],
            "o/sibling": ["o/base"],
            "o/child": ["o/model"],
            "o/grandchild": ["o/child"],
            "o/grand": [],
            "z/else": [],
        },
    )
    write_files(tmp_path / "o/model", {"config.json": {"json": {"_name_or_path": "o/named"}}})
    repo = Repository(
        repo.resolver.upstream("o/model"), repo.resolver, Options(candidates=("o/asked",))
    )
    assert [(c.id, c.why) for c in candidates(repo)] == [
        ("o/asked", "asked for"),
        ("o/named", "named in config.json line 2"),
        ("o/grand", "a parent of o/base"),
        ("o/sibling", "also made from o/base"),
        ("z/else", "in the folder hub"),
    ]
