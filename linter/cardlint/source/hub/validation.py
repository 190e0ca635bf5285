"""The Hub's own check of a card, which huggingface_hub asks for before a commit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cardlint.errors import Malformed, Unreachable
from cardlint.source.hub.client import Client

MAX_ANSWER = 1 << 20


@dataclass(frozen=True, slots=True)
class Validation:
    """What the Hub's own check of a card says (``POST /api/validate-yaml``)."""

    errors: tuple[str, ...]
    warnings: tuple[str, ...]


def validate(client: Client, card: str) -> Validation:
    """Let the Hub check a card as it does before a commit; the file itself is sent, unparsed.

    Raises:
        Unreachable: the Hub did not answer.
        Malformed: its answer is not understood.
    """
    from cardlint.source.hub.library import build_hf_headers, get_session, httpx

    timeout = httpx.Timeout(client.limits.read, connect=client.limits.connect, pool=None)
    try:
        response = get_session().post(
            f"{client.site}/api/validate-yaml",
            json={"content": card, "repoType": "model"},
            headers=build_hf_headers(library_name="cardlint"),
            timeout=timeout,
            follow_redirects=False,
        )
    except httpx.HTTPError as error:  # its words may hold an address
        raise Unreachable(
            f"the Hub did not validate the card: {type(error).__name__}",
            remedy="Check the network, or leave out --hub-validate.",
        ) from None
    if response.status_code not in {200, 400} or len(response.content) > MAX_ANSWER:
        raise Unreachable(
            f"the Hub answers {response.status_code} to a card to validate",
            remedy="Try again later.",
        )
    try:
        said: Any = response.json()
        return Validation(_messages(said["errors"]), _messages(said["warnings"]))
    except (ValueError, KeyError, TypeError) as error:
        raise Malformed("the Hub's answer on the card is not understood") from error


def _messages(rows: list[Any]) -> tuple[str, ...]:
    return tuple(
        str(row.get("message", row) if isinstance(row, dict) else row)[:500] for row in rows
    )
