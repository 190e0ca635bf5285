"""Where repositories are looked for, and what reading them may cost."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cardlint.repository import Options
    from cardlint.source.resolve import Resolver


@dataclass(frozen=True, slots=True)
class Access:
    """Where repositories are looked for, and what reading them may cost."""

    hub: Path | None = None
    """A folder hub: ``hub/org/name`` is a folder or a git repository."""
    offline: bool = False
    """Whether the network is never asked."""
    cache: bool = True
    """Whether what the Hub said is kept and used again."""
    max_wait: float = 60.0
    """Seconds that rate limits may make us wait."""
    weights: str = "auto"
    """``auto``, ``off``, ``sample`` or ``full``."""
    budget: int = 64 << 20
    """Bytes of weights read from one model at most."""
    candidates: tuple[str, ...] = ()
    """Models to hold against the weights besides the declared bases."""
    links: bool = False
    """Whether web addresses that the card names are asked whether they answer."""
    hub_validate: bool = False
    """Whether the Hub is asked to check the card as well."""

    def resolver(self) -> Resolver:
        """What opens the repositories of one run, each once."""
        from cardlint.source.limits import Limits
        from cardlint.source.resolve import Resolver

        limits = Limits(max_wait=self.max_wait)
        if self.weights == "full":  # every byte of every model was asked for
            limits = replace(limits, bytes=sys.maxsize, requests=sys.maxsize)
        return Resolver(hub=self.hub, offline=self.offline, limits=limits, keep=self.cache)

    def options(self) -> Options:
        """What the facts may cost."""
        from cardlint.repository import Options

        return Options(
            weights=self.weights,
            budget=self.budget,
            offline=self.offline,
            candidates=self.candidates,
            links=self.links,
            hub_validate=self.hub_validate,
        )
