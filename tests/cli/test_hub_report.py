"""``--report-to-hub``: one discussion or pull request for each repository, and never a second."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hub.server import TOKEN, HubServer
from tests.kit.cli import Ran, child
from tests.kit.repos import write_files, write_git

ID = "org/model"
STALE = "---\nlicense: mit\n---\n# M\n<!-- cardlint: ignore[metadata/yaml-syntax] no need -->\n"
SHAPE = ("--select", "metadata", "--report-to-hub")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder hub with one repository that has something to say about."""
    rows = [{"date": "2026-06-13", "message": "one", "files": {"README.md": "# Model\n"}}]
    write_git(tmp_path / "served" / ID, rows, bare=True)
    return tmp_path / "served"


@pytest.fixture
def hub(folder: Path) -> Iterator[HubServer]:
    """A Hub that lets the token write."""
    with HubServer(folder) as server:
        yield server
        assert server.crashes == []
        assert server.ledger.leaks == []


def _run(hub: HubServer, home: Path, *args: str, token: str | None = TOKEN) -> Ran:
    return child("check", ID, *SHAPE, *args, env=hub.environment(home, token))


def test_one_discussion_is_opened_and_then_edited(
    hub: HubServer, folder: Path, tmp_path: Path
) -> None:
    """Opened once; left alone while nothing changes; edited when something does."""
    first = _run(hub, tmp_path)
    assert f"{ID}: opened: {hub.endpoint}/{ID}/discussions/1" in first.err
    again = _run(hub, tmp_path)
    assert f"{ID}: unchanged" in again.err
    body = _first_comment(hub)
    assert "metadata/front-matter-missing" in body
    assert "no legal opinion" in body
    assert TOKEN not in body + first.err + first.out

    rows = [
        {"date": "2026-06-14", "message": "two", "files": {"README.md": "---\nlicense: mit\n---\n"}}
    ]
    write_git(folder.parent / "next" / ID, rows, bare=True)
    with HubServer(folder.parent / "next") as later:
        later.discussions.of = hub.discussions.of
        mended = _run(later, tmp_path / "later")
    assert f"{ID}: edited" in mended.err
    assert len(hub.discussions.of[ID]) == 1
    assert "front-matter-missing" not in _first_comment(hub)


def _first_comment(hub: HubServer) -> str:
    text: str = hub.discussions.of[ID][0]["events"][0]["data"]["latest"]["raw"]
    return text


def test_nothing_is_opened_where_nothing_is_found(tmp_path: Path) -> None:
    """A clean repository hears nothing of it."""
    write_files(tmp_path / "served" / ID, {"README.md": "---\nlicense: mit\n---\n# Model\n"})
    with HubServer(tmp_path / "served") as hub:
        ran = child(
            "check",
            ID,
            "--select",
            "metadata/front-matter-missing",
            "--report-to-hub",
            env=hub.environment(tmp_path, TOKEN),
        )
        assert f"{ID}: nothing to say" in ran.err
        assert hub.discussions.of.get(ID, []) == []


def test_without_the_option_nothing_is_written(hub: HubServer, tmp_path: Path) -> None:
    """A check alone only reads."""
    child("check", ID, env=hub.environment(tmp_path, TOKEN))
    assert hub.discussions.of == {}
    assert hub.writing.of == {}


def test_without_a_token_it_says_what_to_do(hub: HubServer, tmp_path: Path) -> None:
    """2, and how to get one."""
    ran = _run(hub, tmp_path, token=None)
    assert ran.code == 2
    assert "writing on the Hub needs a token" in ran.err
    assert hub.discussions.of.get(ID, []) == []


def test_only_repositories_on_the_hub_are_told(hub: HubServer, tmp_path: Path) -> None:
    """A folder here has nobody to tell."""
    write_files(tmp_path / "m", {"README.md": "# Model\n"})
    ran = child("check", tmp_path / "m", *SHAPE, env=hub.environment(tmp_path, TOKEN))
    assert ran.code == 2
    assert "is not a repository on the Hub" in ran.err


def test_offline_and_reporting_contradict_each_other(hub: HubServer, tmp_path: Path) -> None:
    """Told before anything is checked twice."""
    ran = _run(hub, tmp_path, "--offline")
    assert ran.code == 2
    assert "--report-to-hub needs the network" in ran.err


def test_safe_fixes_are_proposed_in_one_pull_request(tmp_path: Path) -> None:
    """The commit changes what the fix changes, on the commit that was checked; once."""
    rows = [{"date": "2026-06-13", "message": "one", "files": {"README.md": STALE}}]
    ids = write_git(tmp_path / "served" / ID, rows, bare=True)
    with HubServer(tmp_path / "served") as hub:
        first = _run(hub, tmp_path, "--as-pr")
        assert f"{ID}: opened: {hub.endpoint}/{ID}/discussions/1" in first.err
        proposal = hub.writing.of[ID][0]
        assert proposal.parent == ids[0]
        assert proposal.files["README.md"] == b"---\nlicense: mit\n---\n# M\n\n"
        assert f"{ID}: unchanged" in _run(hub, tmp_path, "--as-pr").err
        assert len(hub.writing.of[ID]) == len(hub.discussions.of[ID]) == 1


def test_as_pr_alone_is_refused(hub: HubServer, tmp_path: Path) -> None:
    """It writes on the Hub, so the option that says so must be there."""
    ran = child("check", ID, "--as-pr", env=hub.environment(tmp_path, TOKEN))
    assert ran.code == 2
    assert "Add --report-to-hub" in ran.err
