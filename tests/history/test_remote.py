"""The same history over the Hub's HTTP interface, and what it costs."""

from __future__ import annotations

from pathlib import Path

import pytest

from cardlint.history.timeline import read
from cardlint.source.resolve import Resolver
from tests.hub.server import HubServer
from tests.kit.repos import write_git


@pytest.mark.parametrize("length", [6, 60])
def test_a_remote_history_is_the_local_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, length: int
) -> None:
    """Change for change; a list for each commit and a read for each new card, or one clone."""
    rows = [
        {"date": f"2026-06-01T{n // 60:02}:{n % 60:02}", "files": {"x.txt": str(n)}}
        for n in range(length)
    ]
    rows[0]["files"] = {"README.md": "# M\n", "model.safetensors": {"hex": "00"}}
    rows[3]["files"] = {"README.md": "---\nbase_model: a/b\n---\n# M\n"}
    rows[5]["files"] = {"model.safetensors": None}
    write_git(tmp_path / "hub/org/model", rows, bare=True)
    local = read(Resolver(hub=tmp_path / "hub", offline=True).upstream("org/model"))
    with HubServer(tmp_path / "hub") as server:
        for name, value in server.environment(tmp_path / "home").items():
            monkeypatch.setenv(name, value)
        remote = read(Resolver().upstream("org/model"))
        asked = server.ledger.hub_requests
        assert server.ledger.leaks == []
    assert [(c.kind, c.subject, c.commit.id) for c in remote.changes] == [
        (c.kind, c.subject, c.commit.id) for c in local.changes
    ]
    assert remote.complete
    # the commit, the log, a list for each commit, two hops for each card; or a clone
    assert asked <= (2 + length + 2 * 2 if length <= 50 else 6)
