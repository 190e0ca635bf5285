"""How long a run waits for the Hub, all in all, and how it keeps clear of the rate limit."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from cardlint.errors import Unreachable

# draft-ietf-httpapi-ratelimit-headers, as the Hub writes it: `"api";r=12;t=55`, `…;q=500;w=300`.
_STATE = re.compile(
    r'"(?P<bucket>\w+)"\s*;\s*r\s*=\s*(?P<left>\d{1,9})\s*;\s*t\s*=\s*(?P<wait>\d{1,9})'
)
_POLICY = re.compile(r'"(?P<bucket>\w+)"\s*;\s*q\s*=\s*(?P<quota>\d{1,9})')
SLOW_BELOW = 0.1
"""Share of the quota under which requests are spread over the rest of the window."""
MAX_PAUSE = 2.0
"""Seconds of one such pause at most."""


class Patience:
    """Counts the seconds that a run lost to failed tries and to waiting, threads side by side once.

    Args:
        limit: seconds that may be lost.
        backoff: seconds before the second try; twice as many before each further one.
    """

    def __init__(self, limit: float, backoff: float) -> None:
        self.limit = limit
        self._backoff = backoff
        self._lock = threading.Lock()
        self._lost = 0.0
        self._losing = 0
        self._since = 0.0
        self._pause: dict[str, tuple[float, float]] = {}
        """Bucket of the rate limit → seconds between requests, until when."""
        self.spent: Unreachable | None = None
        """Set when patience is at its end: nothing more is asked."""

    def delay(self, attempt: int, headers: Mapping[str, str]) -> float:
        """Seconds to wait after a failed try.

        Args:
            attempt: 0 for the first.
            headers: of the answer; empty when there was none.
        """
        state = _STATE.search(headers.get("ratelimit", ""))
        if state and int(state["left"]) == 0:
            return float(state["wait"]) + 1
        asked = _retry_after(headers.get("retry-after", ""))
        return asked if asked is not None else self._backoff * 2.0**attempt

    def wait(self, seconds: float, lost: float, why: str) -> None:
        """Wait before the next try.

        Args:
            seconds: how long.
            lost: seconds that the failed try has taken.
            why: what failed, for the message.

        Raises:
            Unreachable: it would exceed the limit; then nothing is asked any more in this run.
        """
        with self._lock:
            now = time.monotonic()
            if not self._losing:
                self._since = now - lost
            over = self._lost + now - self._since
            left = self.limit - over
            if seconds > left:
                self._lost += 0 if self._losing else lost
                far = (
                    f"{why}; the next try would have to wait {seconds:,.0f} s, "
                    f"and at most {self.limit:,.0f} s are waited in a run"
                    + (f", of which {over:,.0f} are over" if over >= 1 else "")
                )
                remedy = "Try again later, or raise --max-wait."
                self.spent = Unreachable(
                    f"the Hub is not asked any more in this run: {far}", remedy=remedy
                )
                raise Unreachable(far, remedy=remedy)
            self._losing += 1
        try:
            time.sleep(seconds)
        finally:
            with self._lock:
                self._losing -= 1
                if not self._losing:
                    self._lost += time.monotonic() - self._since

    def heed(self, headers: Mapping[str, str]) -> None:
        """Take note of what an answer says of the rate limit."""
        state = _STATE.search(headers.get("ratelimit", ""))
        policy = _POLICY.search(headers.get("ratelimit-policy", ""))
        if not (state and policy and int(policy["quota"])):
            return
        left, wait = int(state["left"]), float(state["wait"])
        if left < SLOW_BELOW * int(policy["quota"]):
            until = time.monotonic() + wait
            self._pause[state["bucket"]] = (min(wait / (left + 1), MAX_PAUSE), until)
        else:
            self._pause.pop(state["bucket"], None)

    def pace(self) -> None:
        """Wait a little before a request when the limit is near."""
        now = time.monotonic()
        pauses = [pause for pause, until in self._pause.copy().values() if until > now]
        if pauses and self._lost < self.limit:
            time.sleep(max(pauses))
            with self._lock:
                self._lost += max(pauses)


def _retry_after(text: str) -> float | None:
    """Seconds or a date (RFC 9110, section 10.2.3)."""
    text = text.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        when = parsedate_to_datetime(text)
    except ValueError:
        return None
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    return max(0.0, (when - datetime.now(UTC)).total_seconds())
