"""Whether a web address answers: one HEAD request, to public addresses only.

A card may name any address. Names are resolved first, every address that a name stands for must be
public (no loopback, private, link-local or reserved range), and the connection is made to the very
address that was looked at, so that a name cannot point elsewhere a moment later.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
from urllib.parse import urljoin, urlsplit

from cardlint.errors import Unavailable, Unreachable

TIMEOUT = 5.0
MAX_HOPS = 4
PORTS = {"http": 80, "https": 443}


class Refused(Unavailable):
    """The address is not one that is asked."""


def public(address: str) -> bool:
    """Whether an IP address is on the public Internet."""
    return ipaddress.ip_address(address).is_global


def status(url: str) -> int:
    """The status that ``url`` answers a HEAD request with, redirects followed.

    Args:
        url: http or https.

    Raises:
        Refused: it is no web address, or not a public one.
        Unreachable: nothing answers.
    """
    for _ in range(MAX_HOPS):
        answer, onward = _head(url)
        if onward is None:
            return answer
        url = urljoin(url, onward)
    raise Unreachable(f"{_shown(url)} redirects more than {MAX_HOPS} times")


def _head(url: str) -> tuple[int, str | None]:
    try:
        parts = urlsplit(url)
        port = parts.port or PORTS.get(parts.scheme, 0)
    except ValueError as error:
        raise Refused(f"{_shown(url)} is no web address") from error
    if parts.scheme not in PORTS or not parts.hostname or parts.username or parts.password:
        raise Refused(f"{_shown(url)} is no plain web address")
    address = _resolve(parts.hostname, port)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection = http.client.HTTPConnection(parts.hostname, port, timeout=TIMEOUT)
        connection.sock = socket.create_connection((address, port), timeout=TIMEOUT)
        if parts.scheme == "https":
            context = ssl.create_default_context()
            connection.sock = context.wrap_socket(connection.sock, server_hostname=parts.hostname)
        try:
            connection.request("HEAD", path, headers={"User-Agent": "cardlint"})
            response = connection.getresponse()
            onward = (
                response.headers.get("location") if response.status in range(301, 309) else None
            )
            return response.status, onward
        finally:
            connection.close()
    except (OSError, http.client.HTTPException, UnicodeError) as error:
        raise Unreachable(f"{_shown(url)} does not answer: {type(error).__name__}") from error


def _resolve(host: str, port: int) -> str:
    try:
        found = {str(row[4][0]) for row in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    except (OSError, UnicodeError) as error:
        raise Unreachable(f"{host} has no address") from error
    if not all(public(address) for address in found):
        raise Refused(f"{host} is not a public address")
    return min(found)


def _shown(url: str) -> str:
    """The address for a message: without credentials, and bounded."""
    scheme, _, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"[:200]
