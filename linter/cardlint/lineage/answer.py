"""What a trace answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cardlint.findings import Confidence
from cardlint.weights.evidence import Comparison


@dataclass(frozen=True, slots=True)
class Answer:
    """What the weights say about where a model comes from."""

    kind: str
    """``merge``, ``relative`` (the closest one is told, not as a parent for certain) or ``none``."""
    parents: tuple[str, ...]
    """Most weight first; for ``relative`` the closest one alone."""
    confidence: Confidence
    statement: str
    comparison: Comparison | None = None
    """The one that confirms it, with its controls."""
    copies: tuple[str, ...] = ()
    """Models with the same numbers, in whatever encoding or order."""
    same: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Parent → others that differ from it by no more than a rounding: any of them may be meant."""
    descendants: tuple[str, ...] = ()
    """Relatives that look made from this model: it pruned, or merged with others."""
    distances: tuple[tuple[str, float], ...] = ()
    """‖R − P‖/‖R‖ to every model that could be laid beside this one, closest first."""

    @property
    def named(self) -> tuple[str, ...]:
        """The parents that the weights name with high confidence."""
        return self.parents if self.confidence.rank <= Confidence.HIGH.rank else ()


def nothing(model: str) -> Answer:
    """That no candidate is related to ``model``."""
    why = f"Nothing that was looked at is related to {model}."
    return Answer("none", (), Confidence.LOW, why)
