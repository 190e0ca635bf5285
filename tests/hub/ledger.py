"""What the two origins were asked, and what it cost: asserted as budgets."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field


@dataclass(slots=True)
class Seen:
    """One request, as a server saw it; noted before its answer goes out."""

    origin: str
    """``hub`` or ``cdn``."""
    method: str
    path: str
    """Without the query."""
    query: str
    range: str | None
    authorization: str | None
    accept_encoding: str | None
    status: int
    token_at_large: bool
    """Whether the token was anywhere in it but in its own header."""
    sent: int = 0
    """Bytes of body handed to the network so far."""


@dataclass
class Ledger:
    """All requests, in order."""

    seen: list[Seen] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def add(self, seen: Seen) -> None:
        """Note one request."""
        with self._lock:
            self.seen.append(seen)

    def clear(self) -> None:
        """Begin a new count."""
        with self._lock:
            self.seen.clear()

    def of(self, origin: str) -> list[Seen]:
        """The requests that one origin saw."""
        return [s for s in self.seen if s.origin == origin]

    @property
    def hub_requests(self) -> int:
        """Requests that count against the Hub's rate limits."""
        return len(self.of("hub"))

    @property
    def cdn_requests(self) -> int:
        """Requests to signed addresses."""
        return len(self.of("cdn"))

    @property
    def bytes(self) -> int:
        """Bytes of body that both origins sent."""
        return sum(s.sent for s in self.seen)

    @property
    def leaks(self) -> list[Seen]:
        """Requests that took the token where it must not go: [] in every test."""
        return [s for s in self.seen if (s.origin == "cdn" and s.authorization) or s.token_at_large]
