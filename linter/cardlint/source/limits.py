"""What a run may cost at the Hub, and what it has cost."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from cardlint.errors import OverBudget


@dataclass(frozen=True, slots=True)
class Limits:
    """What the network may cost."""

    requests: int = 400
    """Requests to the Hub's own origin in one run. Its signed content hosts do not count:
    the Hub's rate limits do not count them either (hub-docs, "Rate limits")."""
    bytes: int = 1 << 30
    """Bytes received from anywhere in one run. Weights have their own, smaller budget."""
    max_wait: float = 60.0
    """Seconds that a run may lose to failed tries and to waiting for the next ones."""
    backoff: float = 1.0
    """Seconds before the second try where the Hub names none; doubled before each further one."""
    readers: int = 16
    """Requests under way at once."""
    connect: float = 5.0
    """Seconds for a connection."""
    read: float = 10.0
    """Seconds without a byte."""


@dataclass(slots=True)
class Usage:
    """What a run has spent; safe with several threads."""

    requests: int = 0
    """Sent to the Hub's own origin."""
    content_requests: int = 0
    """Sent to the hosts that its signed URLs name."""
    bytes: int = 0
    """Received in bodies."""
    retries: int = 0
    waited: float = 0.0
    """Seconds spent waiting before another try."""
    cached_bytes: int = 0
    """Bytes that the content cache had."""
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    def add(
        self,
        *,
        requests: int = 0,
        content_requests: int = 0,
        received: int = 0,
        waited: float = 0.0,
        cached: int = 0,
    ) -> None:
        """Count; ``waited`` seconds count as one retry."""
        with self._lock:
            self.requests += requests
            self.content_requests += content_requests
            self.bytes += received
            self.retries += waited > 0
            self.waited += waited
            self.cached_bytes += cached

    def require(self, limits: Limits, what: str) -> None:
        """Refuse the next request when the budget is spent.

        Raises:
            OverBudget: it is.
        """
        with self._lock:
            if self.requests >= limits.requests:
                raise OverBudget(
                    f"{what}: the budget of {limits.requests:,} Hub requests is spent",
                    remedy="Raise --max-requests, or check fewer things at once.",
                )
            if self.bytes >= limits.bytes:
                raise OverBudget(
                    f"{what}: the budget of {limits.bytes:,} bytes is spent",
                    remedy="Raise --max-bytes, or check fewer things at once.",
                )
