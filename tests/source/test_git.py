"""Git repositories: history, revisions, LFS, and strangers who mean harm."""

from __future__ import annotations

import contextlib
import hashlib
import struct
import subprocess
import time
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cardlint.errors import Malformed, NotFound, OverBudget, Unavailable
from cardlint.source.git import GitCommit, LinkedWorkTree, WorkTree
from cardlint.source.interface import Entry, Range, Source
from cardlint.source.local import LocalFolder
from cardlint.source.resolve import Resolver
from tests.kit.repos import write_files, write_git

ROWS: list[dict[str, Any]] = [
    {
        "date": f"2026-06-{13 + i}T10:00:00",
        "message": f"title {i}\n\nwhy {i}\n",
        "author": "Ana <ana@example.org>",
        "files": {"README.md": f"card {i}\n", "sub/b.txt": "b", "w.bin": "w" * (1000 + i)},
    }
    for i in range(4)
]


def git(folder: Path, *args: str) -> str:
    """Run git where a test needs a repository that only git itself makes."""
    identity = ["-c", "user.name=T", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    done = subprocess.run(
        ["git", "-C", str(folder), *identity, *args], check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def opened(folder: Path) -> Source:
    """As the command line opens it."""
    return Resolver(offline=True).target(str(folder))


@pytest.fixture(params=["loose", "packed"])
def bare(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, list[str]]:
    """A bare repository with four commits, and their ids, oldest first."""
    folder = tmp_path / "repo.git"
    ids = write_git(folder, ROWS, bare=True)
    if request.param == "packed":
        git(folder, "gc", "-q", "--aggressive")
        assert list(folder.glob("objects/pack/*.pack"))
    return folder, ids


def test_history_is_newest_first_with_parents(bare: tuple[Path, list[str]]) -> None:
    """Ids, dates in UTC, titles, messages, authors by name, parents."""
    folder, ids = bare
    history = opened(folder).history()
    assert history.complete
    assert [c.id for c in history.commits] == ids[::-1]
    assert [c.parents for c in history.commits] == [(ids[2],), (ids[1],), (ids[0],), ()]
    newest = history.commits[0]
    assert newest.date.isoformat() == "2026-06-16T10:00:00+00:00"
    assert (newest.title, newest.message, newest.authors) == ("title 3", "why 3", ("Ana",))


def test_a_limit_on_history_is_told(bare: tuple[Path, list[str]]) -> None:
    """What was left out is never silently missing."""
    history = opened(bare[0]).history(2)
    assert (len(history.commits), history.complete) == (2, False)
    assert history.why_incomplete == "only the newest 2 commits were read"


def test_every_commit_has_its_own_files(bare: tuple[Path, list[str]]) -> None:
    """Sizes, git ids and content as they were then; a commit is opened by its id."""
    folder, ids = bare
    source = opened(folder)
    for number, id_ in enumerate(ids):
        then = source.at(id_)
        text = f"card {number}\n".encode()
        blob = hashlib.sha1(b"blob %d\0" % len(text) + text, usedforsecurity=False).hexdigest()
        assert then.entry("README.md") == Entry("README.md", len(text), blob)
        assert list(then.entries()) == ["README.md", "sub/b.txt", "w.bin"]
        assert then.read_text("README.md") == f"card {number}\n"
        assert then.entry("w.bin").size == 1000 + number
        assert then.read_ranges([Range("w.bin", 990, 10), Range("README.md", 5, 1)]) == [
            b"w" * 10,
            str(number).encode(),
        ]
        assert then.identity.commit == id_


def test_revisions_are_found_as_git_finds_them(bare: tuple[Path, list[str]]) -> None:
    """Branch, tag, annotated tag, full name, full and short commit id."""
    folder, ids = bare
    git(folder, "tag", "light", ids[1])
    git(folder, "tag", "-a", "-m", "a tag", "heavy", ids[2])
    git(folder, "branch", "feature/x", ids[0])
    git(folder, "update-ref", "refs/pr/1", ids[1])
    source = opened(folder)
    wanted = {
        "main": ids[3],
        "light": ids[1],
        "heavy": ids[2],
        "feature/x": ids[0],
        "refs/heads/main": ids[3],
        "refs/pr/1": ids[1],
        "HEAD": ids[3],
        ids[2]: ids[2],
        ids[2][:7]: ids[2],
        ids[2][:9].upper(): ids[2],
    }
    assert {name: source.at(name).identity.commit for name in wanted} == wanted
    git(folder, "pack-refs", "--all")
    assert {name: source.at(name).identity.commit for name in wanted} == wanted


@pytest.mark.parametrize(
    "name",
    ["none", "../../etc/passwd", "HEAD~1", "main^{tree}", "abc", "0" * 40, "/etc", "a..b", ""],
)
def test_an_unknown_revision_says_so(bare: tuple[Path, list[str]], name: str) -> None:
    """With one thing to do; an expression is no revision."""
    with pytest.raises(Unavailable) as error:
        opened(bare[0]).at(name).entries()
    assert isinstance(error.value, NotFound)
    assert error.value.remedy


def test_a_short_id_of_two_commits_is_refused(tmp_path: Path) -> None:
    """Both are named."""
    rows = [{**ROWS[0], "message": f"m{i}"} for i in range(700)]
    ids = write_git(tmp_path / "r.git", rows, bare=True)
    prefixes: dict[str, list[str]] = {}
    for id_ in ids:
        prefixes.setdefault(id_[:4], []).append(id_)
    short, both = next((p, found) for p, found in prefixes.items() if len(found) > 1)
    with pytest.raises(NotFound, match=f"{short} begins 2 commits") as error:
        opened(tmp_path / "r.git").at(short)
    assert all(id_ in error.value.message for id_ in both)


def test_a_tree_id_is_no_revision(bare: tuple[Path, list[str]]) -> None:
    """A full id of something else is told apart from a missing one."""
    tree = git(bare[0], "rev-parse", "main^{tree}")
    with pytest.raises(Malformed, match="is no commit"):
        opened(bare[0]).at(tree)


def test_a_merge_comes_before_both_its_parents(tmp_path: Path) -> None:
    """Also where clocks were wrong."""
    root = tmp_path / "r"
    write_git(root, ROWS[:1])
    git(root, "checkout", "-q", "-b", "side")
    env_dates = ["--date=2030-01-01T00:00:00"]
    git(root, "commit", "-q", "--allow-empty", "-m", "side", *env_dates)
    git(root, "checkout", "-q", "main")
    git(root, "commit", "-q", "--allow-empty", "-m", "own")
    git(root, "merge", "-q", "--no-ff", "-m", "merge", "side")
    commits = opened(root).history().commits
    place = {c.id: n for n, c in enumerate(commits)}
    assert commits[0].title == "merge"
    assert len(commits[0].parents or ()) == 2
    assert all(place[p] > place[c.id] for c in commits for p in c.parents or ())


def test_a_work_tree_is_its_files_and_the_history_of_head(tmp_path: Path) -> None:
    """Without a revision the disk is read, and no commit is claimed for it."""
    ids = write_git(tmp_path / "r", ROWS)
    (tmp_path / "r" / "README.md").write_text("not committed\n")
    source = opened(tmp_path / "r")
    assert isinstance(source, WorkTree)
    assert source.identity.commit is None
    assert source.read_text("README.md") == "not committed\n"
    assert [c.id for c in source.history().commits] == ids[::-1]
    then = source.at("main")
    assert isinstance(then, GitCommit)
    assert then.read_text("README.md") == "card 3\n"


def test_lfs_content_beside_the_repository_is_used(tmp_path: Path) -> None:
    """A pointer's entry tells the content; it is present exactly when the LFS store has it whole."""
    content = b"weights" * 100
    oid = hashlib.sha256(content).hexdigest()
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {len(content)}\n"
    rows = [{**ROWS[0], "files": {"m.safetensors": pointer, "README.md": "x"}}]
    for bare_ in (True, False):
        folder = tmp_path / str(bare_)
        write_git(folder, rows, bare=bare_)
        source = opened(folder)
        entry = source.entry("m.safetensors")
        assert (entry.size, entry.sha256, entry.present) == (len(content), oid, False)
        with pytest.raises(NotFound, match="LFS"):
            source.read_ranges([Range("m.safetensors", 0, 7)])
        stored = (folder if bare_ else folder / ".git") / "lfs" / "objects" / oid[:2] / oid[2:4]
        stored.mkdir(parents=True)
        (stored / oid).write_bytes(content[:-1])
        assert not opened(folder).entry("m.safetensors").present  # cut short
        (stored / oid).write_bytes(content)
        source = opened(folder)
        assert source.entries()["m.safetensors"].present
        assert source.read_ranges([Range("m.safetensors", 7, 7)]) == [b"weights"]
        at = source.at("main")
        assert at.entries()["m.safetensors"].present
        assert at.read_bytes("m.safetensors") == content
        (stored / oid).unlink()
        (tmp_path / "elsewhere").write_bytes(content)
        (stored / oid).symlink_to(tmp_path / "elsewhere")
        assert not opened(folder).entry("m.safetensors").present  # a link is not followed
        (stored / oid).unlink()


def test_links_and_submodules_are_no_files(tmp_path: Path) -> None:
    """They are told as skipped, with the reason."""
    root = tmp_path / "r"
    write_git(root, ROWS[:1])
    (root / "link").symlink_to("/etc/passwd")
    git(root, "add", "link")
    git(root, "update-index", "--add", "--cacheinfo", "160000", "1" * 40, "module")
    git(root, "commit", "-q", "-m", "links")
    source = opened(root).at("main")
    assert list(source.entries()) == ["README.md", "sub/b.txt", "w.bin"]
    assert dict(source.skipped) == {"link": "a symbolic link", "module": "a git submodule"}


def test_a_repository_without_commits_says_so(tmp_path: Path) -> None:
    """Bare, there is nothing; as a work tree, the files are still there."""
    git(tmp_path, "init", "-q", "--bare", "b.git")
    with pytest.raises(NotFound, match="no commit yet"):
        opened(tmp_path / "b.git")
    git(tmp_path, "init", "-q", "w")
    write_files(tmp_path / "w", {"README.md": "x"})
    source = opened(tmp_path / "w")
    assert source.read_text("README.md") == "x"
    with pytest.raises(NotFound, match="no commit yet"):
        source.history()


def test_a_shallow_clone_says_that_its_history_is_cut(tmp_path: Path) -> None:
    """What is there is told; that more is missing is told too."""
    write_git(tmp_path / "r", ROWS)
    git(tmp_path, "clone", "-q", "--depth", "2", f"file://{tmp_path / 'r'}", "shallow")
    history = opened(tmp_path / "shallow").history()
    assert ([c.title for c in history.commits], history.complete) == (["title 3", "title 2"], False)
    assert "shallow" in (history.why_incomplete or "")


def test_a_partial_clone_lists_what_it_does_not_have(tmp_path: Path) -> None:
    """A blob that was not fetched is listed as not present, and cannot be read."""
    write_git(tmp_path / "r", ROWS)
    git(tmp_path / "r", "config", "uploadpack.allowFilter", "true")
    url = f"file://{tmp_path / 'r'}"
    git(tmp_path, "clone", "-q", "--bare", "--filter=blob:none", url, "partial.git")
    source = opened(tmp_path / "partial.git")
    assert {e.present for e in source.entries().values()} == {False}
    with pytest.raises(NotFound):
        source.read_text("README.md")


def test_a_linked_work_tree_is_not_followed_out(tmp_path: Path) -> None:
    """Its files are read; its history lies outside of the folder."""
    write_git(tmp_path / "r", ROWS)
    git(tmp_path / "r", "worktree", "add", "-q", str(tmp_path / "linked"), "-b", "x")
    source = opened(tmp_path / "linked")
    assert isinstance(source, LinkedWorkTree)
    assert source.read_text("README.md") == "card 3\n"
    with pytest.raises(Malformed, match="kept outside of it"):
        source.history()


def test_a_folder_that_only_looks_like_git_is_a_folder(tmp_path: Path) -> None:
    """``objects`` may be a folder of a model."""
    write_files(tmp_path, {"objects/cube.txt": "x", "README.md": "y"})
    source = opened(tmp_path)
    assert type(source) is LocalFolder
    with pytest.raises(Malformed, match="no history"):
        source.history()


# Strangers.


def test_alternates_are_not_followed(tmp_path: Path) -> None:
    """Objects of another repository on this disk stay unread."""
    ids = write_git(tmp_path / "private", ROWS)
    write_git(tmp_path / "evil", [{**ROWS[0], "message": "other"}])
    objects = tmp_path / "evil" / ".git" / "objects"
    (objects / "info").mkdir(exist_ok=True)
    (objects / "info" / "alternates").write_text(str(tmp_path / "private/.git/objects") + "\n")
    assert git(tmp_path / "evil", "cat-file", "-t", ids[3]) == "commit"  # git would
    with pytest.raises(NotFound):
        opened(tmp_path / "evil").at(ids[3]).entries()


@pytest.mark.parametrize("place", ["objects", "objects/pack", "objects/aa"])
def test_objects_behind_a_link_are_refused(tmp_path: Path, place: str) -> None:
    """With the reason; the files on disk are another matter."""
    write_git(tmp_path / "private", ROWS)
    write_git(tmp_path / "evil", ROWS[:1])
    inner = tmp_path / "evil" / ".git"
    (inner / place).rename(tmp_path / "aside") if (inner / place).exists() else None
    (inner / place).symlink_to(tmp_path / "private" / ".git" / "objects")
    with pytest.raises(Malformed, match="outside of it"):
        opened(tmp_path / "evil").history()


def test_a_reference_behind_a_link_is_not_read(tmp_path: Path) -> None:
    """Nor does any of its text come into a message."""
    write_git(tmp_path / "evil", ROWS[:1])
    (tmp_path / "key").write_text("private key")
    (tmp_path / "evil" / ".git" / "refs" / "heads" / "x").symlink_to(tmp_path / "key")
    with pytest.raises(NotFound) as error:
        opened(tmp_path / "evil").at("x")
    assert "private" not in error.value.message


def test_nothing_of_the_repository_is_run(tmp_path: Path) -> None:
    """Hooks, fsmonitor, filters, ssh commands and pagers stay text."""
    root = tmp_path / "evil"
    write_git(root, ROWS)
    trap = f"touch {tmp_path / 'ran'}"
    settings = f"""
[core]
    fsmonitor = {trap}
    sshCommand = {trap}
    pager = {trap}
    hooksPath = .git/traps
    worktree = /
[filter "x"]
    smudge = {trap}
    clean = {trap}
[include]
    path = {tmp_path / "more"}
"""
    (root / ".git" / "config").write_text(settings)
    write_files(root, {".gitattributes": "* filter=x\n"})
    for hook in ("post-checkout", "reference-transaction", "pre-commit"):
        for folder in ("hooks", "traps"):
            write_files(root / ".git", {f"{folder}/{hook}": f"#!/bin/sh\n{trap}\n"})
            (root / ".git" / folder / hook).chmod(0o755)
    source = opened(root)
    assert source.at("main").read_text("README.md") == "card 3\n"
    assert len(source.history().commits) == 4
    assert "README.md" in source.entries()
    assert not (tmp_path / "ran").exists()


def loose(folder: Path, kind: bytes, data: bytes, size: int | None = None) -> str:
    """Write a loose object; its header may lie."""
    raw = b"%s %d\0" % (kind, len(data) if size is None else size) + data
    id_ = hashlib.sha1(raw, usedforsecurity=False).hexdigest()
    path = folder / "objects" / id_[:2] / id_[2:]
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(zlib.compress(raw, 9))
    return id_


def commit_of(folder: Path, tree: str) -> str:
    """Write a commit of a tree and make it ``main``."""
    who = b"T <t@example.org> 1780000000 +0000"
    text = b"tree %s\nauthor %s\ncommitter %s\n\nx\n" % (tree.encode(), who, who)
    id_ = loose(folder, b"commit", text)
    (folder / "refs" / "heads" / "main").write_text(id_ + "\n")
    return id_


@pytest.fixture
def evil(tmp_path: Path) -> Path:
    """An empty bare repository to put things into."""
    git(tmp_path, "init", "-q", "--bare", "-b", "main", "evil.git")
    return tmp_path / "evil.git"


def test_a_loose_object_that_inflates_without_end_is_bounded(evil: Path) -> None:
    """200 MB behind a header that says 10 bytes: no more than that is unpacked."""
    blob = loose(evil, b"blob", b"\0" * (200 << 20), size=10)
    tree = loose(evil, b"tree", b"100644 README.md\0" + bytes.fromhex(blob))
    commit_of(evil, tree)
    source = opened(evil)
    tracemalloc.start()
    try:
        assert source.entry("README.md").size == 10
        with pytest.raises(Malformed, match="does not hold what its id says"):
            source.read_text("README.md")
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()


def test_an_honest_giant_is_over_budget(evil: Path) -> None:
    """Its size is known from its header; it is not unpacked."""
    blob = loose(evil, b"blob", b"\0" * 1000, size=1 << 40)
    tree = loose(evil, b"tree", b"100644 README.md\0" + bytes.fromhex(blob))
    commit_of(evil, tree)
    source = opened(evil)
    assert source.entry("README.md").size == 1 << 40
    with pytest.raises(OverBudget):
        source.read_text("README.md")
    with pytest.raises(OverBudget, match="in git"):
        source.read_ranges([Range("README.md", 0, 10)])


def varint(value: int) -> bytes:
    """Git's little-endian base 128."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def pack_entry(kind: int, size: int, extra: bytes, data: bytes) -> bytes:
    """One entry of a pack."""
    first, rest = size & 15 | kind << 4, size >> 4
    head = bytes([first | 0x80]) + varint(rest) if rest else bytes([first])
    return head + extra + zlib.compress(data)


def write_pack(folder: Path, entries: list[tuple[str, bytes]]) -> None:
    """Write a pack and its index (version 2) by hand, so that both may lie."""
    body, offsets = bytearray(b"PACK" + struct.pack(">LL", 2, len(entries))), {}
    for id_, raw in entries:
        offsets[id_] = len(body)
        body += raw
    seal = hashlib.sha1(body, usedforsecurity=False).digest()
    ids = sorted(offsets)
    fan = [sum(int(i[:2], 16) <= n for i in ids) for n in range(256)]
    index = b"\xfftOc" + struct.pack(">L", 2) + struct.pack(">256L", *fan)
    index += b"".join(bytes.fromhex(i) for i in ids) + b"\0\0\0\0" * len(ids)
    index += b"".join(struct.pack(">L", offsets[i]) for i in ids) + seal
    index += hashlib.sha1(index, usedforsecurity=False).digest()
    name = folder / "objects" / "pack" / f"pack-{seal.hex()}"
    name.with_suffix(".pack").write_bytes(bytes(body) + seal)
    name.with_suffix(".idx").write_bytes(index)


def test_a_delta_that_unfolds_without_end_is_over_budget(evil: Path) -> None:
    """A few bytes that stand for a terabyte are seen from their header."""
    base, bomb = "11" * 20, "22" * 20
    delta = varint(4) + varint(1 << 40) + b"\x90\x04" * 10
    write_pack(
        evil,
        [
            (base, pack_entry(3, 4, b"", b"base")),
            (bomb, pack_entry(7, len(delta), bytes.fromhex(base), delta)),
        ],
    )
    tree = loose(evil, b"tree", b"100644 README.md\0" + bytes.fromhex(bomb))
    commit_of(evil, tree)
    source = opened(evil)
    assert source.entry("README.md").size == 1 << 40
    with pytest.raises(OverBudget):
        source.read_ranges([Range("README.md", 0, 10)])


def test_a_packed_object_that_inflates_without_end_is_bounded(evil: Path) -> None:
    """200 MB behind a header that says 10 bytes, in a pack."""
    blob = "11" * 20
    write_pack(evil, [(blob, pack_entry(3, 10, b"", b"\0" * (200 << 20)))])
    tree = loose(evil, b"tree", b"100644 README.md\0" + bytes.fromhex(blob))
    commit_of(evil, tree)
    source = opened(evil)
    tracemalloc.start()
    try:
        with pytest.raises(Malformed):
            source.read_text("README.md")
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()


def test_deltas_in_a_circle_end(evil: Path) -> None:
    """A is a change of B, which is a change of A."""
    one, two = "11" * 20, "22" * 20
    delta = varint(4) + varint(4) + b"\x90\x04"
    write_pack(
        evil,
        [
            (one, pack_entry(7, len(delta), bytes.fromhex(two), delta)),
            (two, pack_entry(7, len(delta), bytes.fromhex(one), delta)),
        ],
    )
    tree = loose(evil, b"tree", b"100644 README.md\0" + bytes.fromhex(one))
    commit_of(evil, tree)
    with pytest.raises(Malformed, match="does not end"):
        opened(evil).entries()


def test_trees_within_trees_without_end_are_bounded(evil: Path) -> None:
    """Ten entries on each of ten levels are ten billion files: the walk ends at the bound."""
    blob = loose(evil, b"blob", b"x")
    kind, id_ = b"100644", blob
    for _ in range(10):
        rows = [b"%s f%d\0" % (kind, n) + bytes.fromhex(id_) for n in range(10)]
        kind, id_ = b"40000", loose(evil, b"tree", b"".join(rows))
    commit_of(evil, id_)
    started = time.monotonic()
    with pytest.raises(Malformed, match="more than 100,000 entries"):
        opened(evil).entries()
    assert time.monotonic() - started < 10


@pytest.mark.parametrize("name", [b"..", b".", b".git", b"a/b", b"../../etc", b"\xff"])
def test_a_name_that_no_file_can_have_is_left_out(evil: Path, name: bytes) -> None:
    """And told."""
    blob = loose(evil, b"blob", b"x")
    rows = [b"100644 ok\0" + bytes.fromhex(blob), b"100644 %s\0" % name + bytes.fromhex(blob)]
    commit_of(evil, loose(evil, b"tree", b"".join(rows)))
    source = opened(evil)
    assert list(source.entries()) == ["ok"]
    assert list(source.skipped.values()) == ["a name that no file can have here"]


DAMAGE: dict[str, Callable[[Path], object]] = {
    "objects emptied": lambda f: [p.write_bytes(b"") for p in f.glob("objects/??/*")],
    "objects garbled": lambda f: [
        p.write_bytes(b"\x78\x9cgarbage") for p in f.glob("objects/??/*")
    ],
    "objects cut": lambda f: [p.write_bytes(p.read_bytes()[:20]) for p in f.glob("objects/??/*")],
    "objects gone": lambda f: [p.rename(f / p.name) for p in f.glob("objects/??/*")],
    "head garbled": lambda f: (f / "HEAD").write_text("nonsense"),
    "head in a circle": lambda f: (
        (f / "HEAD").write_text("ref: refs/heads/main\n")
        and (f / "refs/heads/main").write_text("ref: refs/heads/main\n")
    ),
    "reference out": lambda f: (f / "HEAD").write_text("ref: refs/../../../etc/passwd\n"),
    "branch garbled": lambda f: (f / "refs/heads/main").write_text("z" * 40),
    "sha-256": lambda f: (f / "refs/heads/main").write_text("a" * 64),
    "packed refs binary": lambda f: (
        (f / "refs/heads/main").rename(f / "packed-refs").write_bytes(b"\xff\xfe" * 100)
    ),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_repository_is_a_reason_not_a_crash(tmp_path: Path, damage: str) -> None:
    """Whatever is broken, the answer is that it cannot be read, and why."""
    folder = tmp_path / "r.git"
    write_git(folder, ROWS, bare=True)
    DAMAGE[damage](folder)
    with pytest.raises(Unavailable) as error:
        opened(folder).entries()
    assert error.value.message


@pytest.mark.parametrize("part", ["pack", "idx"])
def test_a_damaged_pack_is_a_reason_not_a_crash(tmp_path: Path, part: str) -> None:
    """At whatever byte: what is read is right, or it is refused."""
    folder = tmp_path / "r.git"
    write_git(folder, ROWS, bare=True)
    git(folder, "gc", "-q")
    file = next(folder.glob(f"objects/pack/*.{part}"))
    whole = file.read_bytes()
    right = {"README.md": "card 3\n", "sub/b.txt": "b", "w.bin": "w" * 1003}
    file.chmod(0o600)
    for at in range(0, len(whole), max(1, len(whole) // 150)):
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :])
        with contextlib.suppress(Unavailable):
            source = opened(folder)
            read = {path: source.read_text(path) for path in source.entries()}
            assert read == right, at
        file.write_bytes(whole[:at])
        with contextlib.suppress(Unavailable):  # what was cut off need not matter here
            assert len(opened(folder).history().commits) == 4, at


def test_a_long_history_is_read_at_a_fair_speed(tmp_path: Path) -> None:
    """2,500 commits with a card each: what did not change is not read again."""
    files = {f"d/{n}.txt": str(n) for n in range(50)}
    folder = tmp_path / "r.git"
    write_git(folder, [{**ROWS[0], "files": {**files, "README.md": "0"}}], bare=True)
    first = f"from {git(folder, 'rev-parse', 'main')}\n"
    stream = [
        f"commit refs/heads/main\ncommitter T <t@e.org> {1780000000 + n} +0000\n"
        f"data 1\nx\n{first if n == 1 else ''}M 100644 inline README.md\n"
        f"data {len(str(n))}\n{n}\n"
        for n in range(1, 2500)
    ]
    subprocess.run(
        ["git", "-C", str(folder), "fast-import", "--quiet"],
        input="".join(stream).encode(),
        check=True,
    )
    started = time.monotonic()
    source = opened(folder)
    history = source.history()
    assert len(history.commits) == 2500
    texts = [source.at(c.id).read_text("README.md") for c in history.commits]
    assert texts == [str(n) for n in reversed(range(2500))]
    assert time.monotonic() - started < 10


def test_a_title_without_end_is_cut(tmp_path: Path) -> None:
    """Nobody reads a megabyte of it, and every commit is kept in memory."""
    message = "T" * 100_000 + "\n\n" + "B" * 100_000
    write_git(tmp_path / "r", [{**ROWS[0], "message": message}])
    (commit,) = opened(tmp_path / "r").history().commits
    assert (commit.title, len(commit.message)) == ("T" * 199 + "…", 4000)
