"""What the tests of the Hub source share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cardlint.source.cache import HubCache
from cardlint.source.hub import Hub
from cardlint.source.interface import Range, Source
from cardlint.source.limits import Limits
from cardlint.source.store import RunStore, Store
from tests.hub.server import HubServer
from tests.kit.repos import write_git

QUICK = Limits(max_wait=0.6, backoff=0.01, connect=0.3, read=0.2, readers=4)
"""So that what hangs is given up in the time of a test."""
CARD = "---\nlicense: mit\nbase_model: org/base\n---\n# Card {}\n"
WEIGHTS = {"weights": {"sum": [[1, 7, 0.02]]}}
RANGES = [Range("model.safetensors", n * 30000, 700) for n in range(6)]


class Forgetful(RunStore):
    """Keeps nothing, so that each read goes to the Hub."""

    def put(self, key: str, content: bytes) -> None:
        """Forget it."""


def make_repository(hub: Path) -> list[str]:
    """``org/tuned`` in a folder hub: three commits, a card, a file with a space, weights."""
    rows = [
        {
            "date": f"2026-06-{13 + i}T10:00:00",
            "message": f"commit {i}\n\nwhy {i}",
            "files": {
                "README.md": CARD.format(i),
                "model.safetensors": WEIGHTS,
                "a/b c.txt": "y",
            },
        }
        for i in range(3)
    ]
    return write_git(hub / "org" / "tuned", rows, bare=True)


@contextmanager
def door(
    server: HubServer, home: Path, limits: Limits = QUICK, *, keep: bool = True
) -> Iterator[Hub]:
    """A run's door to the test Hub, with caches of its own below ``home``."""
    store = Store(home / "cardlint") if keep else Forgetful()
    hub = Hub(limits, store, HubCache(home / "hf"), server.endpoint)
    try:
        yield hub
    finally:
        hub.close()


def everything(source: Source) -> dict[str, object]:
    """All that a source can tell of ``org/tuned``."""
    return {
        "commit": source.identity.commit,
        "entries": {p: (e.size, e.sha256, e.blob_id) for p, e in source.entries().items()},
        "card": source.read_text("README.md"),
        "spaced": source.read_text("a/b c.txt"),
        "ranges": source.read_ranges(RANGES),
        "history": [(c.id, c.date, c.title) for c in source.history().commits],
    }
