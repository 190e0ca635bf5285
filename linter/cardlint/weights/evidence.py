"""What a comparison of weights says: plain frozen data, and its JSON form.

Words and thresholds: the design notes "Weight evidence", section 5. A statement says what is
consistent with the weights; it never says anything about a person.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from cardlint.findings import Confidence, Json, NotChecked

SCHEMA = "cardlint/compare/1"


class Kind(StrEnum):
    """How a model relates to another, or to several."""

    IDENTICAL = "identical"
    REENCODED = "reencoded"
    FINETUNE = "finetune"
    ADAPTER = "adapter"
    MERGE = "merge"
    VOCAB_EXTENDED = "vocab-extended"
    DEPTH_CHANGED = "depth-changed"
    PERMUTED = "permuted"
    SHARED_INIT = "shared-init"
    UNRELATED = "unrelated"
    NOT_COMPARABLE = "not-comparable"

    @property
    def derived(self) -> bool:
        """Whether it says that one model was made from the other."""
        return self not in (Kind.SHARED_INIT, Kind.UNRELATED, Kind.NOT_COMPARABLE)


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure and where it can lie."""

    value: float
    low: float
    high: float

    def json(self) -> dict[str, Json]:
        """As in the published schema; an end that is not bounded is null."""
        ends = {"value": self.value, "low": self.low, "high": self.high}
        return {k: round(v, 7) if abs(v) < 1e6 else None for k, v in ends.items()}


@dataclass(frozen=True, slots=True)
class Relation:
    """The model against one parent."""

    parent: str
    kind: Kind
    similarity: float
    """Cosine of the centered, aligned weight matrices, pooled; −1 to 1."""
    p_value: float
    """That independent training gives at least this similarity (row permutations)."""
    confidence: Confidence
    identical: float
    """Share of elements with the same stored number."""
    distance: float
    """‖R − P‖/‖P‖ over the compared matrices."""
    norms: float | None = None
    """Correlation of what training did to the norm vectors; separates derivation from a shared
    initialization, where it is near zero."""
    direction: str = "unknown"
    """``model-from-parent``, ``parent-from-model``, ``siblings`` or ``unknown``."""
    direction_confidence: Confidence = Confidence.LOW
    rank: int | None = None
    """The rank of the difference, where that is low (an adapter that was merged in)."""
    note: str = ""

    @property
    def p_text(self) -> str:
        """The p-value for people: below 1e-12 its size means nothing."""
        return "< 1e-12" if self.p_value < 1e-12 else f"{self.p_value:.2g}"

    def json(self) -> dict[str, Json]:
        """As in the published schema."""
        return {
            "parent": self.parent,
            "kind": self.kind.value,
            "similarity": round(self.similarity, 6),
            "p_value": self.p_value,
            "confidence": self.confidence.value,
            "identical": round(self.identical, 6),
            "distance": round(self.distance, 6),
            "norms": None if self.norms is None else round(self.norms, 4),
            "direction": self.direction,
            "direction_confidence": self.direction_confidence.value,
            "rank": self.rank,
            "note": self.note,
        }


@dataclass(frozen=True, slots=True)
class Component:
    """The figures of one component in one layer."""

    component: str
    layer: int | None
    n: int
    """Elements compared."""
    alpha: float | None
    """Coefficient of the first parent of the fit, fitted in this group alone."""
    cos_fit: float | None
    consistency: float | None
    """Share of the informative elements that the verdict's recipe explains."""
    expert: int | None = None

    def json(self) -> dict[str, Json]:
        """As in the published schema."""
        figures = {"alpha": self.alpha, "cos_fit": self.cos_fit, "consistency": self.consistency}
        row: dict[str, Json] = {"component": self.component, "layer": self.layer, "n": self.n}
        row |= {k: None if v is None else round(v, 6) for k, v in figures.items()}
        return row | ({} if self.expert is None else {"expert": self.expert})


@dataclass(frozen=True, slots=True)
class Control:
    """The same fit with a model that should not explain anything."""

    name: str
    consistency: float
    failed: bool
    """True when the control does not explain the weights, as it must."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the comparison says."""

    kind: Kind
    method: str | None
    confidence: Confidence
    statement: str
    coefficients: Mapping[str, Interval] = field(default_factory=dict)
    missing_parent: bool = False
    arithmetic: str | None = None
    """How the merge was computed, where a replay tells: ``float32, rounded once`` …"""
    parameters: Mapping[str, Json] = field(default_factory=dict)
    """Of the method: densities, ``t``, layer map."""
    consistency: float | None = None
    chance: float | None = None
    """The consistency of the same fit with the pairing of elements broken."""
    replay: float | None = None
    """Share of the compared elements that the recipe gives to the bit."""
    residue: float | None = None
    """‖what the recipe leaves‖ / ‖what the parents differ by‖, where not inside rounding."""
    not_followed: tuple[str, ...] = ()
    """Tensors that do not follow the recipe."""
    would_change: str = ""
    """What would change the verdict."""

    def json(self) -> dict[str, Json]:
        """As in the published schema."""
        shares = {
            "consistency": self.consistency,
            "chance": self.chance,
            "replay": self.replay,
            "residue": self.residue,
        }
        return {
            "kind": self.kind.value,
            "method": self.method,
            "confidence": self.confidence.value,
            "statement": self.statement,
            "coefficients": {k: v.json() for k, v in self.coefficients.items()},
            "missing_parent": self.missing_parent,
            "arithmetic": self.arithmetic,
            "parameters": dict(self.parameters),
            **{k: None if v is None else round(v, 6) for k, v in shares.items()},
            "not_followed": list(self.not_followed),
            "would_change": self.would_change,
        }


@dataclass(frozen=True, slots=True)
class Comparison:
    """One model held against parents."""

    model: str
    parents: tuple[str, ...]
    verdict: Verdict
    relations: tuple[Relation, ...]
    components: tuple[Component, ...]
    controls: tuple[Control, ...]
    coverage: Mapping[str, Json]
    not_checked: tuple[NotChecked, ...] = ()

    def json(self) -> dict[str, Json]:
        """The object that ``cardlint compare --format json`` prints."""
        return {
            "schema": SCHEMA,
            "model": self.model,
            "parents": list(self.parents),
            "verdict": self.verdict.json(),
            "relations": [r.json() for r in self.relations],
            "components": [c.json() for c in self.components],
            "controls": [
                {"model": c.name, "consistency": round(c.consistency, 6), "failed": c.failed}
                for c in self.controls
            ],
            "coverage": dict(self.coverage),
            "not_checked": [{"what": n.what, "why": n.why} for n in self.not_checked],
        }

    def relation(self, parent: str) -> Relation | None:
        """The relation to one parent."""
        return next((r for r in self.relations if r.parent == parent), None)


@dataclass(frozen=True, slots=True)
class WeightEvidence:
    """What the weights of a repository say about its declared parents and about others."""

    declared: tuple[str, ...]
    """The declared parents whose weights could be read."""
    comparison: Comparison | None
    """The model against its declared parents; ``None`` when none is declared or readable."""
    best: Comparison | None
    """The comparison that explains the weights best, declared parents and candidates together;
    ``None`` when no candidate adds anything to the declared parents."""
    candidates: Mapping[str, str] = field(default_factory=dict)
    """Models held against the weights besides the declared parents, and why each."""
    adapter: bool = False
    """Whether the repository holds an adapter and no model."""
    not_checked: tuple[NotChecked, ...] = ()
