"""Web addresses of a card are asked only where they are public, and only a little."""

from __future__ import annotations

import pytest

from cardlint.errors import Unreachable
from cardlint.source.links import Refused, public, status


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "192.168.0.1",
        "172.16.0.1",
        "169.254.169.254",
        "::1",
        "fd00::1",
        "fe80::1",
        "0.0.0.0",  # noqa: S104  # refused
        "100.64.0.1",
    ],
)
def test_private_addresses_are_none(address: str) -> None:
    """Loopback, private, link-local, shared, unspecified."""
    assert not public(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1::1"])
def test_public_addresses_are(address: str) -> None:
    """Both families."""
    assert public(address)


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://example.org/x",
        "http://user:secret@127.0.0.1/",
        "http://127.0.0.1:1/",
        "http://[::1]/",
        "http:///x",
        "http://localhost/",
        "http://[bad",
    ],
)
def test_other_addresses_are_refused(url: str) -> None:
    """And the message holds no credentials."""
    with pytest.raises(Refused) as refused:
        status(url)
    assert "secret" not in refused.value.message


def test_a_name_without_an_address_is_unreachable() -> None:
    """``.invalid`` never has one (RFC 2606)."""
    with pytest.raises(Unreachable, match="has no address"):
        status("https://nothing.invalid/")
