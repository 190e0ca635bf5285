"""Models that may be parents although nobody declared them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cardlint.repository import Repository

MAX_CANDIDATES = 256
"""More are not worth a request each."""
ASKED = "asked for"
"""Why a model is a candidate that the user names."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A model to hold against the weights, and why."""

    id: str
    why: str
    """Reads after the id: ``named in mergekit_config.yml line 3``."""


def candidates(repo: Repository) -> tuple[Candidate, ...]:
    """Who may be a parent besides the declared ones, most promising first, each once."""
    from cardlint.lineage.family import gather

    return gather(repo, MAX_CANDIDATES)[0]
