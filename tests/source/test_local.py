"""A plain folder: what is read, what is left out, and what is said about it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from cardlint.errors import AccessDenied, Malformed, NotFound, OverBudget, UsageError
from cardlint.source import local
from cardlint.source.interface import Entry, Range
from cardlint.source.lfs import POINTER_MAX, parse_pointer
from cardlint.source.local import LocalCard, LocalFolder
from cardlint.source.resolve import Resolver
from tests.kit.repos import write_files

POINTER = (
    b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"a" * 64 + b"\nsize 123456789\n"
)


def test_files_are_listed_in_order_of_path(tmp_path: Path) -> None:
    """Every regular file with its size; what git and huggingface_hub keep there is no part of it."""
    write_files(tmp_path, {"b.txt": "bb", "a/c.txt": "c", ".git/x": "", ".cache/y": "", ".x": ""})
    entries = LocalFolder(tmp_path).entries()
    assert list(entries.values()) == [Entry(".x", 0), Entry("a/c.txt", 1), Entry("b.txt", 2)]


def test_ranges_come_in_the_order_asked_for(tmp_path: Path) -> None:
    """Each of exactly its length, also an empty one and one that ends with the file."""
    write_files(tmp_path, {"a": "0123456789", "b": "xyz"})
    wanted = [Range("b", 1, 2), Range("a", 0, 3), Range("b", 0, 0), Range("a", 7, 3)]
    assert LocalFolder(tmp_path).read_ranges(wanted) == [b"yz", b"012", b"", b"789"]


@pytest.mark.parametrize(("offset", "length"), [(0, 11), (11, 0), (-1, 2), (5, -1), (1 << 62, 1)])
def test_a_range_out_of_the_file_is_refused(tmp_path: Path, offset: int, length: int) -> None:
    """Before anything is read or any memory is taken."""
    write_files(tmp_path, {"a": "0123456789"})
    with pytest.raises(Malformed, match="has 10 bytes"):
        LocalFolder(tmp_path).read_ranges([Range("a", offset, length)])


def test_links_out_of_the_folder_are_not_followed(tmp_path: Path) -> None:
    """A file or folder elsewhere is told as skipped, and cannot be read by name either."""
    write_files(tmp_path / "secret", {"key": "private"})
    root = tmp_path / "model"
    write_files(root, {"README.md": "# x", "real": "r"})
    (root / "out").symlink_to(tmp_path / "secret" / "key")
    (root / "folder").symlink_to(tmp_path / "secret")
    (root / "gone").symlink_to(tmp_path / "nothing")
    (root / "circle").symlink_to(root / "circle")
    (root / "in").symlink_to(root / "real")
    source = LocalFolder(root)
    assert list(source.entries()) == ["README.md", "in", "real"]
    assert source.read_text("in") == "r"
    assert dict(source.skipped) == {
        "out": "a symbolic link out of the folder",
        "folder": "a symbolic link out of the folder",
        "gone": "a symbolic link out of the folder",
        "circle": source.skipped["circle"],
    }
    assert "link" in source.skipped["circle"]
    for path in ("out", "folder/key", "../secret/key", str(tmp_path / "secret" / "key")):
        with pytest.raises(NotFound):
            source.read_bytes(path)


def test_a_file_swapped_for_a_link_after_listing_is_not_followed(tmp_path: Path) -> None:
    """What is opened is looked at again."""
    write_files(tmp_path / "secret", {"key": "private"})
    root = tmp_path / "model"
    write_files(root, {"a": "1234567"})
    source = LocalFolder(root)
    source.entries()
    (root / "a").unlink()
    (root / "a").symlink_to(tmp_path / "secret" / "key")
    with pytest.raises(AccessDenied, match="leads out of the folder"):
        source.read_bytes("a")


def test_pipes_and_devices_are_left_out_and_told(tmp_path: Path) -> None:
    """A named pipe would block for ever."""
    os.mkfifo(tmp_path / "README.md")
    write_files(tmp_path, {"a": "x"})
    source = LocalFolder(tmp_path)
    assert list(source.entries()) == ["a"]
    assert dict(source.skipped) == {"README.md": "neither a file nor a folder"}


def test_a_file_swapped_for_a_pipe_does_not_block(tmp_path: Path) -> None:
    """Between listing and reading."""
    write_files(tmp_path, {"a": "x"})
    source = LocalFolder(tmp_path)
    source.entries()
    (tmp_path / "a").unlink()
    os.mkfifo(tmp_path / "a")
    with pytest.raises(AccessDenied, match="no regular file"):
        source.read_bytes("a")


def test_a_name_that_is_not_utf8_is_told_in_printable_form(tmp_path: Path) -> None:
    """It can be neither printed nor uploaded."""
    (Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.bin"))).write_bytes(b"x")
    write_files(tmp_path, {"a": "x"})
    source = LocalFolder(tmp_path)
    assert list(source.entries()) == ["a"]
    assert dict(source.skipped) == {"\\udcff.bin": "its name is not UTF-8"}


def test_missing_and_empty_folders_say_so(tmp_path: Path) -> None:
    """Each with one thing to do."""
    with pytest.raises(NotFound, match="does not exist") as missing:
        LocalFolder(tmp_path / "none").entries()
    with pytest.raises(NotFound, match="is empty") as empty:
        LocalFolder(tmp_path).entries()
    assert missing.value.remedy
    assert empty.value.remedy


def test_too_many_files_are_no_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The walk ends at the bound."""
    monkeypatch.setattr(local, "MAX_FILES", 10)
    write_files(tmp_path, {f"d/{i}": "" for i in range(12)})
    with pytest.raises(Malformed, match="more than 10 files"):
        LocalFolder(tmp_path).entries()


def test_folders_too_deep_are_left_out_and_told(tmp_path: Path) -> None:
    """2,000 folders in each other neither exhaust the stack nor stop the rest."""
    write_files(tmp_path, {"README.md": "x"})
    here = os.open(tmp_path, os.O_RDONLY)
    for _ in range(2000):
        os.mkdir("d", dir_fd=here)
        below = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
    source = LocalFolder(tmp_path)
    try:
        assert list(source.entries()) == ["README.md"]
        assert list(source.skipped.values()) == [f"more than {local.MAX_DEPTH} folders deep"]
    finally:  # pytest's own way of clearing up does exhaust the stack
        subprocess.run(["rm", "-rf", str(tmp_path / "d")], check=True)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_said_not_lost(tmp_path: Path) -> None:
    """A file without permission is in the list, and reading it says why it cannot be read."""
    write_files(tmp_path, {"a": "x", "d/b": "x"})
    (tmp_path / "a").chmod(0)
    (tmp_path / "d").chmod(0)
    try:
        source = LocalFolder(tmp_path)
        assert list(source.entries()) == ["a"]
        assert list(source.skipped) == ["d/"]
        with pytest.raises(AccessDenied, match="Permission denied"):
            source.read_bytes("a")
    finally:
        (tmp_path / "d").chmod(0o700)


def test_what_may_not_be_read_is_said_also_to_root(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same, with the refusal forced where the tests run as root."""
    write_files(tmp_path, {"a": "x", "d/b": "x"})
    real_open, real_scan = os.open, os.scandir

    def refuse_open(path: str | Path, flags: int) -> int:
        if Path(path).name == "a":
            raise PermissionError(13, "Permission denied", str(path))
        return real_open(path, flags)

    def refuse_scan(path: str | Path) -> object:
        if Path(path).name == "d":
            raise PermissionError(13, "Permission denied", str(path))
        return real_scan(path)

    monkeypatch.setattr(os, "open", refuse_open)
    monkeypatch.setattr(os, "scandir", refuse_scan)
    source = LocalFolder(tmp_path)
    assert list(source.entries()) == ["a"]
    assert dict(source.skipped) == {"d/": "Permission denied"}
    with pytest.raises(AccessDenied, match="a cannot be read: Permission denied"):
        source.read_bytes("a")


def test_a_pointer_stands_for_its_content(tmp_path: Path) -> None:
    """Size and hash are the content's; reading it says how to get it."""
    (tmp_path / "model.safetensors").write_bytes(POINTER)
    source = LocalFolder(tmp_path)
    entry = source.entry("model.safetensors")
    assert entry == Entry("model.safetensors", 123456789, sha256="a" * 64, present=False)
    with pytest.raises(NotFound, match="git-LFS pointer") as error:
        source.read_ranges([Range("model.safetensors", 0, 8)])
    assert error.value.remedy == "Run `git lfs pull`, or check the model by its Hub id."


@pytest.mark.parametrize(
    "data",
    [
        b"",
        POINTER[:-1],
        POINTER.replace(b"sha256", b"md5"),
        POINTER.replace(b"a" * 64, b"A" * 64),
        POINTER.replace(b"123456789", b"9" * 40),
        b"x" + POINTER,
        POINTER + b"x" * POINTER_MAX,
    ],
)
def test_what_is_no_pointer_is_a_file(data: bytes) -> None:
    """Near misses are content like any other."""
    assert parse_pointer(data) is None


def test_extension_lines_are_allowed_in_a_pointer() -> None:
    """As the specification has them, between version and oid."""
    data = POINTER.replace(b"oid ", b"ext-0-foo sha256:" + b"b" * 64 + b"\noid ")
    pointer = parse_pointer(data)
    assert pointer is not None
    assert (pointer.sha256, pointer.size) == ("a" * 64, 123456789)


def test_text_must_be_utf8_and_not_too_long(tmp_path: Path) -> None:
    """The first wrong byte is named; a long file is refused, not cut."""
    (tmp_path / "README.md").write_bytes(b"caf\xe9")
    (tmp_path / "long").write_bytes(b"x" * 101)
    source = LocalFolder(tmp_path)
    with pytest.raises(Malformed, match="byte 3 is 0xe9"):
        source.read_text("README.md")
    with pytest.raises(OverBudget, match="101 bytes; at most 100"):
        source.read_text("long", 100)


def test_a_single_card_is_a_repository_of_one_file(tmp_path: Path) -> None:
    """Whatever its name, it is README.md; all else is not here, and that is said."""
    write_files(tmp_path, {"card.md": "# x", "config.json": "{}"})
    source = Resolver().target(str(tmp_path / "card.md"))
    assert isinstance(source, LocalCard)
    assert (list(source.entries()), source.read_text("README.md")) == (["README.md"], "# x")
    with pytest.raises(NotFound, match="only the card was given"):
        source.read_text("config.json")


def test_a_card_behind_a_link_is_read(tmp_path: Path) -> None:
    """The user named the link."""
    write_files(tmp_path, {"real/x.md": "# x"})
    (tmp_path / "README.md").symlink_to(tmp_path / "real" / "x.md")
    assert Resolver().target(str(tmp_path / "README.md")).read_text("README.md") == "# x"


@pytest.mark.parametrize("text", ["no/such/path", "a\0b", "x" * 5000, "", "org/name@", "@main"])
def test_what_is_neither_path_nor_id_is_a_usage_error(text: str) -> None:
    """With the forms that there are."""
    with pytest.raises(UsageError, match="neither a path that exists nor a Hub id"):
        Resolver(offline=True).target(text)


def test_a_pipe_as_target_is_refused(tmp_path: Path) -> None:
    """Before it is opened."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(Malformed, match="neither a file nor a folder"):
        Resolver().target(str(tmp_path / "pipe"))
