"""What changed from commit to commit, in the card and in the weight files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from cardlint.findings import Json
from cardlint.history.results import Result, read, same_figure
from cardlint.history.timeline import State, WeightFile, parsed
from cardlint.source.interface import Commit

LICENSE_FIELDS = ("license", "license_name", "license_link")
FRONT_MATTER, PROSE = "front-matter", "prose"
EMPTY = 200
"""Characters of a card's body below which it says next to nothing."""
SHRUNK = 0.1
"""A body of less than this share of the one before was emptied."""


class Kind(StrEnum):
    """What kind of change."""

    CARD_ADDED = "card-added"
    CARD_REMOVED = "card-removed"
    CARD_EMPTIED = "card-emptied"
    FIELD = "field-changed"
    LICENSE = "license-changed"
    BASE_ADDED = "base-added"
    BASE_REMOVED = "base-removed"
    RESULTS_ADDED = "results-added"
    RESULTS_CHANGED = "results-changed"
    RESULTS_REMOVED = "results-removed"
    WEIGHTS_ADDED = "weights-added"
    WEIGHTS_REPLACED = "weights-replaced"
    WEIGHTS_REMOVED = "weights-removed"
    WEIGHTS_RENAMED = "weights-renamed"


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that a commit changed."""

    kind: Kind
    commit: Commit
    subject: str
    """A field, a base's id, a result (``MMLU-Pro, Rio``), or a file (``model-00001…00097.safetensors``)."""
    before: Json = None
    after: Json = None
    """For weights: the paths; otherwise the values."""


def between(states: Sequence[State]) -> tuple[Change, ...]:
    """The changes, oldest first; a card that could not be read is passed over.

    Where older commits could not be read, the first state is where the account begins: what it
    holds is not new. The same goes for a card that follows one that nobody could read.
    """
    found: list[Change] = []
    card: State | None = None
    weights: Mapping[str, WeightFile] = {}
    begun = not (states and states[0].after_gap)
    seen = begun
    for state in states:
        if state.card_unread:
            seen = seen and card is not None
        else:
            if seen and (card is None or state.card_text is not card.card_text):
                found += _card(card, state)
            card, seen = state, True
        if begun and state.weights != weights:
            found += _weights(weights, state)
        weights, begun = state.weights, True
    return tuple(found)


def _card(before: State | None, state: State) -> Iterator[Change]:
    commit = state.commit
    old_text = before.card_text if before else None
    if old_text is None and state.card_text is not None:
        yield Change(Kind.CARD_ADDED, commit, "README.md")
    if old_text is not None and state.card_text is None:
        yield Change(Kind.CARD_REMOVED, commit, "README.md")
    elif _emptied(before, state):
        yield Change(
            Kind.CARD_EMPTIED, commit, "README.md", _body_length(before), _body_length(state)
        )
    yield from _fields(before, state)
    yield from _bases(before, state)
    if before is not None and not before.too_long and not state.too_long:
        yield from _results(before, state)


def _body_length(state: State | None) -> int:
    return len(state.card.body.strip()) if state and state.card else 0


def _emptied(before: State | None, state: State) -> bool:
    old, new = _body_length(before), _body_length(state)
    return old >= EMPTY and new < EMPTY and new < SHRUNK * old


def _fields(before: State | None, state: State) -> Iterator[Change]:
    old = before.fields if before else {}
    if before is None or before.card_text is None:
        return  # the first card adds every field: `card-added` says so
    for key in [*old, *(k for k in state.fields if k not in old)]:
        a, b = old.get(key), state.fields.get(key)
        if a != b and key != "base_model":
            kind = Kind.LICENSE if key in LICENSE_FIELDS else Kind.FIELD
            yield Change(kind, state.commit, key, a, b)


def _bases(before: State | None, state: State) -> Iterator[Change]:
    old, new = named_bases(before) if before else {}, named_bases(state)
    for id_, where in new.items():
        if id_ not in old and not (where == PROSE and before and before.too_long):
            yield Change(Kind.BASE_ADDED, state.commit, id_, None, where)
    for id_, where in old.items():
        if id_ not in new and not (where == PROSE and state.too_long):
            yield Change(Kind.BASE_REMOVED, state.commit, id_, where, None)


def named_bases(state: State) -> dict[str, str]:
    """Base id → ``front-matter`` or ``prose``: who the card of a state says the parents are."""
    from cardlint.lineage import prose

    if state.card is None:
        return {}
    said = () if state.too_long else prose.bases(state.card)
    return {**{d.parent: PROSE for d in said}, **dict.fromkeys(state.bases, FRONT_MATTER)}


def _results(before: State, state: State) -> Iterator[Change]:
    text = state.card_text or ""
    old, new = _by_name(before.card_text or ""), _by_name(text)
    for name, result in old.items():
        now = new.get(name)
        if now is not None and not same_figure(now.value, result.value):
            yield Change(Kind.RESULTS_CHANGED, state.commit, name, result.value, now.value)
        elif now is None and result.value not in text:
            yield Change(Kind.RESULTS_REMOVED, state.commit, name, result.value, None)
    for name, result in new.items():
        if name not in old and result.value not in (before.card_text or ""):
            yield Change(Kind.RESULTS_ADDED, state.commit, name, None, result.value)


@lru_cache(maxsize=2)
def _by_name(text: str) -> Mapping[str, Result]:
    """Results by name; a name that stands for two values stands for neither."""
    found: dict[str, Result] = {}
    twice: set[str] = set()
    for result in read(parsed(text)):
        known = found.setdefault(result.name, result)
        if known.value != result.value:
            twice.add(result.name)
    return {name: result for name, result in found.items() if name not in twice}


def _weights(before: Mapping[str, WeightFile], state: State) -> Iterator[Change]:
    now, commit = state.weights, state.commit
    added = {p for p in now if p not in before}
    removed = {p for p in before if p not in now}
    replaced = sorted(p for p in now if p in before and not now[p].same(before[p]))
    renamed: dict[str, str] = {}
    moved: dict[str | None, list[str]] = {}
    for path in sorted(added, reverse=True):
        moved.setdefault(_hash(now[path]), []).append(path)
    for path in sorted(removed):
        twins = moved.get(_hash(before[path])) if _hash(before[path]) else None
        if twins:
            renamed[path] = twins.pop()
            added.discard(renamed[path])
    removed -= renamed.keys()
    if renamed:
        yield Change(
            Kind.WEIGHTS_RENAMED,
            commit,
            summary(list(renamed)),
            list(renamed),
            list(renamed.values()),
        )
    if added:
        yield Change(Kind.WEIGHTS_ADDED, commit, summary(sorted(added)), [], [*sorted(added)])
    if replaced:
        yield Change(Kind.WEIGHTS_REPLACED, commit, summary(replaced), [*replaced], [*replaced])
    if removed:
        yield Change(Kind.WEIGHTS_REMOVED, commit, summary(sorted(removed)), [*sorted(removed)], [])


def _hash(file: WeightFile) -> str | None:
    """What the content is known by: two files of one size are not therefore one file."""
    return file.sha256 or file.blob_id


def summary(paths: Sequence[str]) -> str:
    """Paths in few words: ``model-00001…00097.safetensors``, ``a.bin, b.bin and 3 more``."""
    numbered = [re.fullmatch(r"(.*?-)(\d{5})-of-\d{5}(\.\w+)", p) for p in paths]
    first, last = numbered[0], numbered[-1]
    if len(paths) > 1 and all(numbered) and first and last:
        stems = {(m[1], m[3]) for m in numbered if m}
        if len(stems) == 1:
            return f"{first[1]}{first[2]}…{last[2]}{first[3]}"
    shown = ", ".join(paths[:2])
    return shown if len(paths) <= 2 else f"{shown} and {len(paths) - 2} more"
