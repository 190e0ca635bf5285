"""The same history over the Hub's HTTP interface, and what it costs."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from cardlint.errors import Malformed
from cardlint.findings import Finding
from cardlint.history.timeline import Timeline, read
from cardlint.repository import Repository
from cardlint.source.hub.listing import downloads
from cardlint.source.interface import Downloads
from cardlint.source.resolve import Resolver
from cardlint_rules.history.base_added_late import BaseAddedLate
from tests.hub.faults import Fault
from tests.hub.server import HubServer
from tests.kit.repos import write_git

ROWS: dict[int, dict[str, object]] = {
    0: {"README.md": "# M\n", "model.safetensors": {"hex": "00"}},
    1: {"README.md": "---\nbase_model: a/b\n---\n# M\n"},
    3: {"model.safetensors": {"hex": "01"}, "tokenizer.json": "y" * 1_200_000},
    5: {"model.safetensors": None, "new.safetensors": {"hex": "01"}},
    30: {"README.md": "# M\n\nEmpty now.\n", "new.safetensors": None},
}
"""Commit → what it does to card and weights; the others touch another file. The tokenizer is too
large to come with the history."""


def make(hub: Path, length: int) -> int:
    """``org/model`` with so many commits; returns how many touch the card."""
    big = "x" * 1_200_000
    rows = []
    for n in range(length):
        files = {"x.txt": str(n), **({"tokenizer.json": big} if n == 0 else {}), **ROWS.get(n, {})}
        rows.append({"date": f"2026-06-01T{n // 60:02}:{n % 60:02}", "files": files})
    write_git(hub / "org" / "model", rows, bare=True)
    return sum("README.md" in ROWS.get(n, {}) for n in range(length))


def local(hub: Path) -> Timeline:
    """Read without any network."""
    return read(Resolver(hub=hub, offline=True).upstream("org/model"))


def same(remote: Timeline, here: Timeline) -> bool:
    """Change for change."""
    first, second = (
        [(c.kind, c.subject, c.before, c.after, c.commit.id) for c in timeline.changes]
        for timeline in (remote, here)
    )
    sizes = [{p: f.size for p, f in t.states[-1].weights.items()} for t in (remote, here)]
    return first == second and sizes[0] == sizes[1]


@pytest.mark.parametrize("length", [1, 2, 6, 50, 51, 200])
def test_a_remote_history_is_the_local_one_at_a_fixed_price(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, length: int
) -> None:
    """Never more than one call and one small read for each commit that touched the card.

    It is two requests, whatever the length: none to the API, one for git's references, one for all
    commits, trees and small files. The second time it is none.
    """
    touched = make(tmp_path / "hub", length)
    with HubServer(tmp_path / "hub") as server:
        for name, value in server.environment(tmp_path / "home").items():
            monkeypatch.setenv(name, value)
        for price in (2, 0):
            source = Resolver().upstream("org/model")
            server.ledger.clear()
            remote = read(source)
            assert remote.complete
            assert same(remote, local(tmp_path / "hub"))
            assert server.ledger.hub_requests == price <= 1 + touched
            assert not [s.path for s in server.ledger.seen if s.path.startswith("/api/")]
            assert server.ledger.bytes < 200_000  # 2.4 MB of tokenizers stayed where they are
            assert server.ledger.cdn_requests == 0
        assert server.ledger.leaks == []


@pytest.mark.parametrize("length", [6, 60])
def test_where_git_is_not_served_the_newest_commits_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, length: int
) -> None:
    """At one list a commit, at most fifty; what is older is told, and not taken for new."""
    make(tmp_path / "hub", length)
    with HubServer(tmp_path / "hub") as server:
        server.faults.add(Fault("hub", "/info/refs", "status", code=404))
        for name, value in server.environment(tmp_path / "home").items():
            monkeypatch.setenv(name, value)
        remote = read(Resolver().upstream("org/model"))
        # The commit, git, the list of commits, at most a list and a card for each.
        assert server.ledger.hub_requests <= 3 + min(length, 50) + 3
    if length <= 50:
        assert remote.complete
        assert same(remote, local(tmp_path / "hub"))
        return
    assert remote.why_incomplete == (
        "50 of 60 commits were read, because git did not send them all: "
        "the Hub answers 404 for the git history of org/model"
    )
    assert [gap.why for gap in remote.open_ends] == [
        f"the history is not complete: {remote.why_incomplete}"
    ]
    kinds = [(c.kind.value, c.commit.id) for c in remote.changes]
    assert kinds == [
        (kind, remote.states[20].commit.id) for kind in ("base-removed", "weights-removed")
    ]
    assert remote.states[0].after_gap


def test_the_size_of_a_large_weight_file_in_git_itself_is_asked_for_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It does not come with the history: one list for each content that it had."""
    rows = [{"date": f"2026-06-{n + 1:02}", "files": {"n.txt": str(n)}} for n in range(8)]
    rows[2]["files"] = {"tf_model.ckpt": "w" * 1_100_000}
    write_git(tmp_path / "hub" / "org" / "model", rows, bare=True)
    with HubServer(tmp_path / "hub") as server:
        for name, value in server.environment(tmp_path / "home").items():
            monkeypatch.setenv(name, value)
        remote = read(Resolver().upstream("org/model"))
        assert remote.states[-1].weights["tf_model.ckpt"].size == 1_100_000
        assert server.ledger.hub_requests == 3 + 1


def test_a_base_named_late_says_what_the_hub_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Downloads come with the first answer: no request more, and no word on what is not known."""
    rows = [
        {"date": "2026-06-01", "files": {"README.md": "# M\n", "model.safetensors": {"hex": "00"}}},
        {"date": "2026-06-11", "files": {"README.md": "---\nbase_model: a/b\n---\n# M\n"}},
    ]
    write_git(tmp_path / "hub" / "org" / "model", rows, bare=True)

    def found(resolver: Resolver) -> Finding:
        (only,) = BaseAddedLate().check(Repository(resolver.upstream("org/model"), resolver))
        assert isinstance(only, Finding)
        return only

    with HubServer(tmp_path / "hub") as server:
        server.downloads["org/model"] = 1234
        for name, value in server.environment(tmp_path / "home").items():
            monkeypatch.setenv(name, value)
        remote = found(Resolver())
        asked = [s.path for s in server.ledger.seen if s.path.startswith("/api/")]
        assert asked == ["/api/models/org/model"]
    here = found(Resolver(hub=tmp_path / "hub", offline=True))
    today = datetime.now(UTC).date()
    assert remote.message == here.message + (
        f" The repository was downloaded 1,234 times in the 30 days to {today} "
        "(all time: 11,106); the Hub does not say how often in the time between."
    )
    assert remote.evidence == {
        **here.evidence,
        "downloads_30_days": 1234,
        "downloads_all_time": 11106,
        "downloads_until": str(today),
    }
    assert "downloads" not in " ".join(here.evidence)


@pytest.mark.parametrize("month", [None, True, "9", -1, 1.5, 10**30])
def test_a_count_that_is_no_count_is_not_told(month: object) -> None:
    """Only a number that can be one."""
    assert downloads({"downloads": month, "downloadsAllTime": 5}, "") is None
    told = downloads({"downloads": 5, "downloadsAllTime": month}, "Wed, 21 Oct 2015 07:28:00 GMT")
    assert told == Downloads(5, None, date(2015, 10, 21))


def test_a_history_of_which_nothing_could_be_read_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is the reason, not an empty timeline that looks like a quiet past."""
    make(tmp_path / "hub", 6)
    with HubServer(tmp_path / "hub") as server:
        server.faults.add(Fault("hub", "/info/refs", "status", code=404))
        server.faults.add(Fault("hub", "/tree/", "status", code=418))
        for name, value in server.environment(tmp_path / "home").items():
            monkeypatch.setenv(name, value)
        with pytest.raises(Malformed, match="418 for the file list"):
            read(Resolver().upstream("org/model"))
