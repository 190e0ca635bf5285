"""HTTP to the Hub: one place for origins, redirects, retries, budgets and counting.

The token goes to the Hub's own origin and nowhere else; redirects are followed by hand for that
reason, and because a signed address is worth keeping.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urljoin, urlsplit

from cardlint.errors import Malformed, Offline, OverBudget, Unavailable, Unreachable
from cardlint.source.hub.patience import Patience
from cardlint.source.hub.refusals import Asked, refusal
from cardlint.source.limits import Limits, Usage

if TYPE_CHECKING:
    from cardlint.source.hub.library import httpx

T = TypeVar("T")

RETRY = frozenset({408, 429, 500, 502, 503, 504})
ATTEMPTS = 5
SOON = 0.1
"""Seconds before the only second try of a Hub that has never answered in this run."""
MAX_HOPS = 4
MAX_JSON = 64 << 20
"""Bytes of one API answer."""
SLOWEST = 16 << 10
"""Bytes a second below which a body is given up: a drip is a hang."""


class TryAgain(Exception):  # noqa: N818  # it asks for something
    """An answer that another try may better."""

    def __init__(self, reason: Unavailable, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(reason.message)
        self.reason = reason
        self.headers = headers or {}


class Client:
    """One run's connection to a Hub.

    Args:
        limits: what it may cost.
        endpoint: the Hub's address; ``None`` for ``HF_ENDPOINT`` or the public one.
    """

    def __init__(self, limits: Limits, endpoint: str | None = None) -> None:
        self.limits = limits
        self.usage = Usage()
        self._spent: dict[str, Usage] = {}
        """Repository → what was spent on it."""
        self.patience = Patience(limits.max_wait, limits.backoff)
        self._endpoint = endpoint
        self._reached = False
        """Whether any answer has come yet."""

    @cached_property
    def site(self) -> str:
        """The Hub's address, without a final slash."""
        if self._endpoint is None:
            from cardlint.source.hub.library import constants

            self._endpoint = os.environ.get("HF_ENDPOINT") or constants.ENDPOINT
        parts = urlsplit(self._endpoint)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise Unreachable(
                f"HF_ENDPOINT is {_bare(self._endpoint)}, which is no web address",
                remedy="Set it to an address such as https://huggingface.co, or unset it.",
            )
        return self._endpoint.rstrip("/")

    @cached_property
    def _headers(self) -> dict[str, str]:
        from importlib.metadata import version

        from cardlint.source.hub.library import build_hf_headers

        headers = build_hf_headers(library_name="cardlint", library_version=version("cardlint"))
        lower = {name.lower(): value for name, value in headers.items()}
        return {**lower, "accept-encoding": "identity"}

    @property
    def token(self) -> str | None:
        """What requests to the Hub carry, if anything; it must go nowhere else."""
        return self._headers.get("authorization", "").removeprefix("Bearer ") or None

    def is_hub(self, url: str) -> bool:
        """Whether an address has the Hub's own origin."""
        return _origin(url) == _origin(self.site)

    def json(self, path: str, asked: Asked) -> tuple[Any, Mapping[str, str]]:
        """Ask the Hub's API.

        Args:
            path: from the root of the Hub, or a whole address on it.
            asked: for messages.

        Returns:
            What the JSON says, and the headers with lower-case names.

        Raises:
            Unavailable: it cannot be had, and why.
        """

        def once() -> tuple[Any, Mapping[str, str]]:
            with self.following(urljoin(self.site + "/", path), {}, asked) as response:
                if not self.is_hub(str(response.url)):
                    raise Malformed(f"the Hub's API led away from {self.site}")
                data = self.body(response, asked, None, MAX_JSON)
                try:
                    return json.loads(data), response.headers
                except (ValueError, RecursionError) as error:
                    reason = Malformed(f"the Hub's answer on {asked.what} is not JSON")
                    raise TryAgain(reason) from error

        return self.trying(asked, once)

    def trying(self, asked: Asked, once: Callable[[], T], attempts: int = ATTEMPTS) -> T:
        """Do something until it works, patience ends, or it cannot work.

        Args:
            asked: for messages.
            once: what to do.
            attempts: how often at most; few where there is another way.

        Raises:
            Unavailable: the last reason.
        """
        from cardlint.source.hub.library import errors, httpx

        for attempt in range(attempts):
            if self.patience.spent:
                raise self.patience.spent
            started = time.monotonic()
            try:
                return once()
            except TryAgain as error:
                reason, headers = error.reason, error.headers
            except errors.OfflineModeIsEnabled:
                raise Offline(
                    f"{asked.repo_id}: the Hub was not asked (HF_HUB_OFFLINE)",
                    remedy="Unset HF_HUB_OFFLINE.",
                ) from None
            except (httpx.HTTPError, httpx.StreamError) as error:  # the words may hold an address
                reason, headers = self._broken(error, asked), {}
                if not self._reached and isinstance(
                    error, httpx.ConnectError | httpx.ConnectTimeout
                ):
                    # Most likely no network: waiting for it would make every local check slow.
                    if attempt:
                        self.patience.spent = reason
                        raise reason from None
                    time.sleep(SOON)
                    continue
            if attempt + 1 < attempts:
                delay = self.patience.delay(attempt, headers)
                self.patience.wait(delay, time.monotonic() - started, reason.message)
                self.usage.add(waited=delay)
        raise reason

    def _broken(self, error: Exception, asked: Asked) -> Unreachable:
        """What a connection that failed means; the error's own words may hold an address."""
        from cardlint.source.hub.library import httpx

        if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
            happened = "no connection"
        elif isinstance(error, httpx.TimeoutException):
            happened = f"no answer within {self.limits.read:g} s"
        else:
            happened = f"the connection broke off ({type(error).__name__})"
        return Unreachable(
            f"{asked.what} of {asked.repo_id} could not be had from {self.site}: {happened}",
            remedy="Check the network and HF_ENDPOINT, or use --offline with --hub.",
        )

    @contextmanager
    def following(
        self, url: str, headers: Mapping[str, str], asked: Asked, *, leave: bool = True
    ) -> Iterator[httpx.Response]:
        """An answer of the Hub, its redirects followed.

        Args:
            url: on the Hub.
            headers: besides the usual ones.
            asked: for messages.
            leave: whether redirects to other origins are followed, or handed out as they are.

        Raises:
            TryAgain: the Hub is in trouble.
            Unavailable: the Hub refuses.
        """
        for _ in range(MAX_HOPS + 1):
            with self.send(url, headers, asked) as response:
                onward = self.onward(response)
                if onward is None or (not leave and not self.is_hub(onward)):
                    self.accept(response, asked)
                    yield response
                    return
            url = onward
        raise Malformed(f"the Hub redirects {asked.what} of {asked.repo_id} in a circle")

    def onward(self, response: httpx.Response) -> str | None:
        """Where a redirect leads; ``None`` for other answers.

        Raises:
            Malformed: to somewhere that is not followed.
        """
        if response.status_code not in {301, 302, 303, 307, 308}:
            return None
        onward = urljoin(str(response.url), response.headers.get("location", ""))
        scheme = urlsplit(onward).scheme
        if scheme != "https" and scheme != urlsplit(self.site).scheme:
            raise Malformed(f"the Hub redirects to a {scheme or 'nameless'} address")
        return onward

    def accept(self, response: httpx.Response, asked: Asked) -> None:
        """Raise what an answer of 400 and more means.

        Raises:
            TryAgain: the Hub is in trouble.
            Unavailable: the Hub refuses.
        """
        if response.status_code < 400:
            return
        length = response.headers.get("content-length", "")
        if length.isdigit() and len(length) < 6:  # then the connection can be used again
            response.read()
        if self.is_hub(str(response.url)):
            reason = refusal(response, asked, site=self.site, token=self.token is not None)
        else:  # what another host refuses says nothing of the repository
            text = f"the content host answers {response.status_code} for {asked.what}"
            reason = Malformed(f"{text} of {asked.repo_id}")
        if response.status_code in RETRY:
            raise TryAgain(reason, response.headers)
        raise reason

    @contextmanager
    def send(
        self, url: str, headers: Mapping[str, str], asked: Asked, content: bytes | None = None
    ) -> Iterator[httpx.Response]:
        """One request, its answer not yet read; the token goes with it to the Hub only.

        Args:
            url: where to.
            headers: besides the usual ones, names in lower case.
            asked: for messages, and whose budget it counts against.
            content: sent with a POST; ``None`` for a GET.

        Raises:
            OverBudget: the budget is spent.
        """
        from cardlint.source.hub.library import get_session, httpx

        if self.patience.spent:  # another reader has come to the end of it
            raise self.patience.spent
        mine = self._spent.setdefault(asked.repo_id, Usage())
        mine.require(self.limits, f"{asked.what} of {asked.repo_id}")
        own = self.is_hub(url)
        sent = {**self._headers, **headers}
        if own:
            self.patience.pace()
        else:
            sent.pop("authorization", None)
        timeout = httpx.Timeout(self.limits.read, connect=self.limits.connect, pool=None)
        for usage in (self.usage, mine):
            usage.add(requests=own, content_requests=not own)
        with get_session().stream(
            "GET" if content is None else "POST",
            url,
            headers=sent,
            content=content,
            timeout=timeout,
            follow_redirects=False,
        ) as response:
            if own:
                self.patience.heed(response.headers)
            yield response

    def body(self, response: httpx.Response, asked: Asked, length: int | None, limit: int) -> bytes:
        """The body, bounded in bytes and in time.

        Args:
            response: not yet read.
            asked: whose budget it counts against.
            length: how many bytes it must have; ``None`` where that is not known.
            limit: bytes at most.

        Raises:
            OverBudget: it has more than ``limit`` bytes.
            TryAgain: it has not ``length`` bytes, is encoded, or drips.
        """
        try:
            data = b"".join(self.parts(response, asked, limit if length is None else length))
        except OverBudget:
            if length is None:
                raise
            raise TryAgain(Malformed(f"more than the {length:,} bytes asked for came")) from None
        if length is not None and len(data) != length:
            raise TryAgain(Malformed(f"{len(data):,} bytes came instead of {length:,}"))
        return data

    def parts(self, response: httpx.Response, asked: Asked, limit: int) -> Iterator[bytes]:
        """The body piece by piece, bounded as in :meth:`body`."""
        if response.headers.get("content-encoding", "identity") != "identity":
            raise TryAgain(Malformed("the answer is compressed, which was not asked for"))
        started = time.monotonic()
        received = 0
        try:
            for part in response.iter_raw():
                received += len(part)
                if received > limit:
                    raise OverBudget(f"an answer of the Hub has more than {limit:,} bytes")
                allowed = 3 * self.limits.read + received / SLOWEST
                if time.monotonic() - started > allowed:
                    raise TryAgain(Unreachable("the answer came too slowly"))
                yield part
        finally:
            for usage in (self.usage, self._spent[asked.repo_id]):
                usage.add(received=received)


def _origin(url: str) -> tuple[str, str, int]:
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0)
    return parts.scheme, (parts.hostname or "").lower(), port


def _bare(url: str) -> str:
    """An address without user, password and query."""
    return url.partition("?")[0].rpartition("@")[2][:200]


__all__ = ["Asked", "Client", "TryAgain"]
