"""The Hugging Face cache: what it knows is used, what it does not know is never guessed."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from cardlint.errors import NotFound, Offline
from cardlint.source.cache import HubCache
from cardlint.source.interface import Entry
from cardlint.source.resolve import Resolver

COMMIT = "0123456789abcdef0123456789abcdef01234567"
OTHER = "89abcdef0123456789abcdef0123456789abcdef"
CARD_ID = "d7edf6bd2a681fb0175f7735299831ee1b22b812"
SHA = "5" * 64


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A cache as huggingface_hub lays it out: a card and weights of one commit."""
    repo = tmp_path / "hub" / "models--org--name"
    for sub in ("refs", "blobs", f"snapshots/{COMMIT}/sub", f".no_exist/{COMMIT}", "trees"):
        (repo / sub).mkdir(parents=True)
    (repo / "refs" / "main").write_text(COMMIT)
    (repo / "blobs" / CARD_ID).write_text("# Card\n")
    (repo / "blobs" / SHA).write_bytes(b"weights")
    snapshot = repo / "snapshots" / COMMIT
    (snapshot / "README.md").symlink_to(f"../../blobs/{CARD_ID}")
    (snapshot / "sub" / "m.safetensors").symlink_to(f"../../../blobs/{SHA}")
    (repo / ".no_exist" / COMMIT / "adapter_config.json").write_text("")
    return tmp_path / "hub"


def tree(folder: Path) -> None:
    """Add the whole file list, as huggingface_hub ≥ 2 keeps it."""
    files = {
        "README.md": {"size": 7, "blob_id": CARD_ID},
        "LICENSE": {"size": 5, "blob_id": "a" * 40},
        "sub/m.safetensors": {"size": 7, "blob_id": "b" * 40, "lfs_sha256": SHA, "lfs_size": 7},
    }
    path = folder / "models--org--name" / "trees" / f"{COMMIT}.json"
    path.write_text(json.dumps({"format_version": 1, "files": files}))


def offline(folder: Path, revision: str = "") -> Resolver:
    """A resolver that may only look here."""
    del revision
    return Resolver(offline=True, cache=HubCache(folder))


def test_a_partial_snapshot_is_never_taken_for_the_repository(folder: Path) -> None:
    """What was downloaded is read; whether more files exist is not known, and that is said."""
    source = offline(folder).target("org/name")
    assert source.identity.commit == COMMIT
    assert source.read_text("README.md") == "# Card\n"
    assert source.read_bytes("sub/m.safetensors") == b"weights"
    with pytest.raises(Offline, match="not the list of all") as error:
        source.entries()
    assert error.value.remedy == "Run without --offline, or download it with `hf download` first."
    with pytest.raises(Offline, match="whether org/name has LICENSE"):
        source.read_text("LICENSE")
    with pytest.raises(NotFound):
        source.read_text("adapter_config.json")  # the Hub once said that it is not there


def test_with_the_tree_the_list_is_whole(folder: Path) -> None:
    """Each file, and whether it was downloaded."""
    tree(folder)
    source = offline(folder).target("org/name@main")
    assert {p: e.present for p, e in source.entries().items()} == {
        "LICENSE": False,
        "README.md": True,
        "sub/m.safetensors": True,
    }
    with pytest.raises(Offline, match="LICENSE is not in the Hugging Face cache"):
        source.read_text("LICENSE")
    with pytest.raises(NotFound):
        source.read_text("NOTICE")


@pytest.mark.parametrize("revision", ["main", COMMIT, COMMIT[:7]])
def test_revisions_that_the_cache_knows(folder: Path, revision: str) -> None:
    """A branch as it was, a commit, a short commit."""
    source = offline(folder).target(f"org/name@{revision}")
    assert (source.identity.commit, source.identity.revision) == (COMMIT, revision)


@pytest.mark.parametrize("target", ["org/name@v2", f"org/name@{OTHER}", "org/none", "org/name@.."])
def test_what_is_not_in_the_cache_offline_says_so(folder: Path, target: str) -> None:
    """And names both ways out."""
    with pytest.raises(Offline, match=r"is not in the cache, and the Hub was not asked") as error:
        offline(folder).target(target)
    assert "--offline" in (error.value.remedy or "")


def test_links_out_of_the_cache_are_not_followed(folder: Path, tmp_path: Path) -> None:
    """Though a cache is all links."""
    (tmp_path / "secret").write_text("private")
    (folder / "models--org--name" / "snapshots" / COMMIT / "x").symlink_to(tmp_path / "secret")
    with pytest.raises(Offline):
        offline(folder).target("org/name").read_text("x")


def test_a_file_is_taken_only_under_the_name_of_its_content(folder: Path) -> None:
    """For a Hub repository: same commit, same hash, same size, or it is fetched."""
    cache = HubCache(folder)
    card = Entry("README.md", 7, CARD_ID)
    weights = Entry("sub/m.safetensors", 7, "b" * 40, SHA)
    assert cache.file("org/name", COMMIT, card) is not None
    assert cache.file("org/name", COMMIT, weights) is not None
    for wrong in (
        Entry("README.md", 8, CARD_ID),
        Entry("README.md", 7, "c" * 40),
        Entry("README.md", 7),
        Entry("none", 7, CARD_ID),
        Entry("../../refs/main", 40, CARD_ID),
    ):
        assert cache.file("org/name", COMMIT, wrong) is None
    assert cache.file("org/name", OTHER, card) is None
    assert cache.file("../name", COMMIT, card) is None


def test_a_snapshot_folder_can_be_pointed_at(folder: Path) -> None:
    """Its links are followed into the cache, and it knows who it is."""
    path = folder / "models--org--name" / "snapshots" / COMMIT
    source = Resolver(offline=True).target(str(path))
    assert (source.identity.repo_id, source.identity.commit) == ("org/name", COMMIT)
    assert list(source.entries()) == ["README.md", "sub/m.safetensors"]
    assert source.read_bytes("sub/m.safetensors") == b"weights"


@pytest.mark.parametrize(
    "text", ["", "[]", '{"format_version": 2, "files": {}}', "[" * 100000, "{"]
)
def test_a_damaged_tree_is_as_good_as_none(folder: Path, text: str) -> None:
    """Then the list is not known."""
    (folder / "models--org--name" / "trees" / f"{COMMIT}.json").write_text(text)
    with pytest.raises(Offline):
        offline(folder).target("org/name").entries()


@pytest.mark.parametrize(
    ("env", "wanted"),
    [
        ({"HF_HUB_CACHE": "/a"}, "/a"),
        ({"HF_HOME": "/b"}, "/b/hub"),
        ({"HF_HOME": "/b", "HUGGINGFACE_HUB_CACHE": "/c"}, "/c"),
        ({"XDG_CACHE_HOME": "/d"}, "/d/huggingface/hub"),
        ({}, "/home/x/.cache/huggingface/hub"),
        ({"HF_HOME": "$XDG_CACHE_HOME/e", "XDG_CACHE_HOME": "/d"}, "/d/e/hub"),
    ],
)
def test_the_cache_is_where_huggingface_hub_has_it(
    monkeypatch: pytest.MonkeyPatch, env: dict[str, str], wanted: str
) -> None:
    """By the same environment variables."""
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", "/home/x")
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    assert str(HubCache().folder) == wanted


def test_reading_the_cache_needs_no_huggingface_hub(folder: Path) -> None:
    """Local checks never import it."""
    import subprocess

    code = (
        "import sys; from pathlib import Path; from cardlint.source.resolve import Resolver;"
        "from cardlint.source.cache import HubCache;"
        f"s = Resolver(offline=True, cache=HubCache(Path({str(folder)!r}))).target('org/name');"
        "s.read_text('README.md'); assert 'huggingface_hub' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
