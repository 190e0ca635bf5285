"""Fixtures of the Hub's tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hub.kit import make_repository
from tests.hub.server import HubServer


@pytest.fixture(autouse=True)
def _only_this_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    """No token, proxy or address of the machine that runs the tests."""
    for name in ("HF_TOKEN", "HF_ENDPOINT", "HF_HUB_OFFLINE", "HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_TOKEN_PATH", "/nonexistent")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder hub with ``org/tuned``."""
    root = tmp_path_factory.mktemp("folder")
    make_repository(root)
    return root


@pytest.fixture
def server(folder: Path) -> Iterator[HubServer]:
    """A test Hub over it; afterwards, nothing leaked and nothing crashed."""
    with HubServer(folder) as hub:
        yield hub
        assert hub.ledger.leaks == []
        assert hub.crashes == []
