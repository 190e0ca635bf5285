"""What a run may cost at the Hub, and what it has cost."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from cardlint.errors import OverBudget


@dataclass(frozen=True, slots=True)
class Limits:
    """What the network may cost."""

    requests: int = 400
    """Requests to the Hub's own origin about one repository. Its signed content hosts do not count:
    the Hub's rate limits do not count them either (hub-docs, "Rate limits")."""
    bytes: int = 1 << 30
    """Bytes received about one repository. Sampled weights have their own, smaller budget; who
    reads weights in full must raise this one."""
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
    """What a run, or one repository in it, has spent; safe with several threads."""

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

    @property
    def asked(self) -> bool:
        """Whether the Hub, or what it had sent before, was asked for anything."""
        return bool(self.requests or self.content_requests or self.cached_bytes)

    def json(self) -> dict[str, int | float]:
        """As in the published schemas."""
        return {
            "requests": self.requests,
            "content_requests": self.content_requests,
            "bytes": self.bytes,
            "cached_bytes": self.cached_bytes,
            "retries": self.retries,
            "waited_seconds": round(self.waited, 1),
        }

    def text(self) -> str:
        """One sentence."""
        if not self.asked:
            return "the Hub was not asked"
        elsewhere = f"{self.content_requests:,} to its content hosts"
        parts = [
            f"{_times(self.requests, 'request')} to the Hub, {elsewhere}",
            f"{self.bytes:,} bytes received, {self.cached_bytes:,} from the cache",
        ]
        if self.retries:
            parts.append(f"{_times(self.retries, 'retry')} after {self.waited:.1f} s of waiting")
        return "; ".join(parts)

    def require(self, limits: Limits, what: str) -> None:
        """Refuse the next request when the budget is spent.

        Args:
            limits: the budget.
            what: what the request would be for, for the message.

        Raises:
            OverBudget: it is.
        """
        with self._lock:
            if self.requests >= limits.requests:
                spent = f"{limits.requests:,} requests"
            elif self.bytes >= limits.bytes:
                spent = f"{limits.bytes:,} bytes"
            else:
                return
        raise OverBudget(
            f"{what} was not asked for: {spent} are spent on this repository, and no more are allowed",
            remedy="Download the repository with `hf download`, and check the folder.",
        )


def _times(count: int, what: str) -> str:
    plural = what.removesuffix("y") + "ies" if what.endswith("y") else f"{what}s"
    return f"{count:,} {what if count == 1 else plural}"
