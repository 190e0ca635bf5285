"""The shape of what is known about a license."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Reuse(StrEnum):
    """How a model (or a dataset) came from the licensed material."""

    COPY = "copy"
    """A verbatim copy, in whole or in part."""
    FINETUNE = "finetune"
    ADAPTER = "adapter"
    QUANTIZED = "quantized"
    MERGE = "merge"
    OUTPUTS = "outputs"
    """Trained on what the material generated."""
    DATASET = "dataset"
    """Trained on the licensed material itself as data."""


class Kind(StrEnum):
    """What sort of license it is; the conditions decide, this is the word for people."""

    PERMISSIVE = "permissive"
    PUBLIC_DOMAIN = "public-domain"
    ATTRIBUTION = "attribution"
    WEAK_COPYLEFT = "weak-copyleft"
    COPYLEFT = "copyleft"
    NONCOMMERCIAL = "noncommercial"
    NO_DERIVATIVES = "no-derivatives"
    PASSTHROUGH = "passthrough"
    """Its use restrictions must be passed on as enforceable terms (RAIL and others)."""
    VENDOR = "vendor"
    """A model maker's own agreement, which stays on the weights."""
    DATA = "data"
    FAMILY = "family"
    """A name without a version."""
    UNSTATED = "unstated"


class Topic(StrEnum):
    """What a condition is about."""

    COPY = "copy"
    ATTRIBUTION = "attribution"
    NOTICE_FILE = "notice-file"
    STATE_CHANGES = "state-changes"
    SENTENCE = "sentence"
    PHRASE = "phrase"
    NAME_PREFIX = "name-prefix"
    USE_RESTRICTIONS = "use-restrictions"
    ACCEPTABLE_USE = "acceptable-use"
    NONCOMMERCIAL = "noncommercial"
    SHARE_ALIKE = "share-alike"
    NO_DERIVATIVES = "no-derivatives"
    SOURCE_CODE = "source-code"
    OUTPUT_TERMS = "output-terms"
    THRESHOLD = "threshold"
    TERRITORY = "territory"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of a license."""

    topic: Topic
    section: str
    """Section number in the license, or the paragraph described."""
    summary: str
    """In plain words; the license itself is what counts."""
    applies: frozenset[Reuse]
    confidence: str
    """``read`` (in the text itself) or ``second-hand``."""
    text: str | None = None
    """The exact sentence, phrase or word that the license requires."""
    alternatives: tuple[str, ...] = ()
    """Other wordings that the license accepts in place of ``text``."""
    effect: str | None = None
    """Of output terms: ``none``, ``naming``, ``derivative`` (all conditions hold for a model trained
    on outputs) or ``forbidden``."""
    when: str | None = None
    """``upstream-has-notice``, ``upstream-is-cosmos``, ``database-contents-used``, or always."""


@dataclass(frozen=True, slots=True)
class Text:
    """One known text of a license, of which the shingles are shipped."""

    name: str
    license: str
    form: str
    """``full`` or ``header``."""
    marker: str | None
    """A regular expression that this dated or numbered text matches and its siblings do not."""
    size: int
    """Number of distinct shingles."""
    words: int
    """Number of words."""
    negations: int | None
    """How often "not", "no", "only" and the like stand in it; for short texts alone."""


@dataclass(frozen=True, slots=True)
class License:
    """One license."""

    id: str
    name: str
    hub: tuple[str, ...]
    """Ids of the Hub's ``license`` field that mean it."""
    spdx: str
    """SPDX id, ``LicenseRef-…`` or ``NOASSERTION``."""
    aliases: tuple[str, ...]
    """Values of ``license_name`` that mean it."""
    kind: Kind
    url: str | None
    verified: date
    """When the facts were last held against their source."""
    confidence: str
    source: str
    notes: str | None
    compatible: tuple[str, ...]
    """Licenses under which a derivative may be shared besides its own, by its own words."""
    texts: tuple[str, ...]
    conditions: tuple[Condition, ...]

    def on(self, topic: Topic, reuse: Reuse | None = None) -> tuple[Condition, ...]:
        """The conditions on a topic, for one kind of reuse if given."""
        return tuple(
            c for c in self.conditions if c.topic is topic and (reuse is None or reuse in c.applies)
        )
