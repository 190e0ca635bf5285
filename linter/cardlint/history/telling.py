"""A timeline in words: what each commit did, and how long weights stood without their base."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cardlint.findings import Json
from cardlint.history.changes import PROSE, Change, Kind
from cardlint.history.timeline import CARD, State, Timeline
from cardlint.history.wording import at, size, span, when
from cardlint.source.interface import Commit

SCHEMA = "cardlint/history/1"


@dataclass(frozen=True, slots=True)
class Naming:
    """A base, and when the card first named it."""

    base: str
    where: str
    """``front-matter`` or ``prose``."""
    commit: Commit
    uploaded: Commit | None
    """The last upload of weights before it; ``None`` when the base was named first."""

    @property
    def hours(self) -> float | None:
        """How long the weights were there without it."""
        if self.uploaded is None:
            return None
        return round((self.commit.date - self.uploaded.date).total_seconds() / 3600, 1)


def namings(timeline: Timeline) -> Iterator[Naming]:
    """Each base's first naming, oldest first."""
    seen: set[str] = set()
    order = {s.commit.id: n for n, s in enumerate(timeline.states)}
    for change in timeline.dated(Kind.BASE_ADDED):
        if change.subject in seen:
            continue
        seen.add(change.subject)
        here = order[change.commit.id]
        before = [u.commit for u in timeline.uploads if order[u.commit.id] <= here]
        late = before[-1] if before and before[-1].date < change.commit.date else None
        yield Naming(change.subject, str(change.after), change.commit, late)


def deeds(changes: Sequence[Change], state: State, before: State | None) -> list[str]:
    """What one commit did, one phrase for each thing."""
    said: list[str] = []
    by_kind: dict[Kind, list[Change]] = {}
    for change in changes:
        by_kind.setdefault(change.kind, []).append(change)
    for kind, these in by_kind.items():
        if kind in _COUNTED:
            said.append(_counted(kind, these))
        elif kind is Kind.FIELD:
            names = ", ".join(c.subject for c in these[:6])
            said.append(f"fields: {names}" + (" …" if len(these) > 6 else ""))
        else:
            said += [_single(change, state, before) for change in these]
    return said


_COUNTED = {
    Kind.RESULTS_ADDED: "added",
    Kind.RESULTS_CHANGED: "changed",
    Kind.RESULTS_REMOVED: "removed",
}


def _counted(kind: Kind, these: Sequence[Change]) -> str:
    first = these[0]
    values = [str(v) for v in (first.before, first.after) if v is not None]
    shown = f"{first.subject}: {' → '.join(values)}"
    more = ", …" if len(these) > 1 else ""
    return f"{len(these)} result{'s' if len(these) > 1 else ''} {_COUNTED[kind]} ({shown}{more})"


def _single(change: Change, state: State, before: State | None) -> str:
    subject = change.subject
    match change.kind:
        case Kind.CARD_ADDED:
            return "card added"
        case Kind.CARD_REMOVED:
            return "card removed"
        case Kind.CARD_EMPTIED:
            return f"card emptied ({change.before:,} → {change.after:,} characters)"
        case Kind.LICENSE:
            return f"{subject}: {_value(change.before)} → {_value(change.after)}"
        case Kind.BASE_ADDED:
            return f"base named{_in_prose(change.after)}: {subject}"
        case Kind.BASE_REMOVED:
            return f"base no longer named: {subject}"
        case Kind.WEIGHTS_RENAMED:
            return f"weights renamed: {subject}"
        case Kind.WEIGHTS_REMOVED:
            files = before.weights if before else {}
            total = sum(files[p].size for p in _paths(change.before) if p in files)
            return f"weights removed: {subject} ({size(total)})"
        case _:
            total = sum(state.weights[p].size for p in _paths(change.after))
            done = "replaced" if change.kind is Kind.WEIGHTS_REPLACED else "added"
            return f"weights {done}: {subject} ({size(total)})"


def _in_prose(where: Json) -> str:
    return " (in the text)" if where == PROSE else ""


def _paths(value: Json) -> list[str]:
    return [str(p) for p in value] if isinstance(value, list) else []


def _value(value: Json) -> str:
    return "none" if value in (None, "", []) else str(value)


def rows(timeline: Timeline) -> Iterator[tuple[State, list[str]]]:
    """Each state with what it did; states that changed only words, or neither card nor weights, have none."""
    by_commit: dict[str, list[Change]] = {}
    for change in timeline.changes:
        by_commit.setdefault(change.commit.id, []).append(change)
    before: State | None = None
    for state in timeline.states:
        missed = ["(not all that came before could be read)"] if state.after_gap else []
        if state.card_unread and CARD in state.changed:
            missed.append("card changed (it could not be read)")
        yield state, missed + deeds(by_commit.get(state.commit.id, ()), state, before)
        before = state


def conclusions(timeline: Timeline) -> Iterator[str]:
    """What the timeline comes to, in sentences."""
    first = timeline.states[0] if timeline.states else None
    if first and first.after_gap and first.weights:
        yield f"Weights were here on {at(first.commit)}, and perhaps before."
    elif timeline.uploads and timeline.states[-1].weights:
        yield f"Weights are here since {at(timeline.uploads[0].commit)}."
    elif timeline.uploads:
        yield f"The first weights came on {at(timeline.uploads[0].commit)}."
    had = timeline.uploads or (first and first.weights)
    if had and not timeline.states[-1].weights:
        yield "No weights are left."
    for naming in namings(timeline):
        if naming.uploaded is not None:
            gap = span(naming.commit.date - naming.uploaded.date)
            yield (
                f"{naming.base} is named as a base since {at(naming.commit)}, "
                f"{gap} after the weights of {at(naming.uploaded)}."
            )
    if not timeline.complete:
        yield f"The history is not complete: {timeline.why_incomplete}."


def document(timeline: Timeline, model: str) -> dict[str, Json]:
    """The JSON form; its schema is ``schemas/history.json``."""
    by_commit: dict[str, list[Change]] = {}
    for change in timeline.changes:
        by_commit.setdefault(change.commit.id, []).append(change)
    return {
        "schema": SCHEMA,
        "model": model,
        "complete": timeline.complete,
        "why_incomplete": timeline.why_incomplete,
        "commits": [
            {
                "id": state.commit.id,
                "date": when(state.commit),
                "title": state.commit.title,
                "after_gap": state.after_gap,
                "changed": [*state.changed],
                "removed": [*state.removed],
                "changes": [
                    {
                        "kind": c.kind.value,
                        "subject": c.subject,
                        "before": c.before,
                        "after": c.after,
                    }
                    for c in by_commit.get(state.commit.id, ())
                ],
            }
            for state in timeline.states
        ],
        "weights": [
            {"path": p, "size": f.size, "sha256": f.sha256, "blob_id": f.blob_id}
            for p, f in (timeline.states[-1].weights if timeline.states else {}).items()
        ],
        "bases": [
            {
                "base": n.base,
                "named_in": n.where,
                "commit": n.commit.id,
                "date": when(n.commit),
                "hours_after_weights": n.hours,
            }
            for n in namings(timeline)
        ],
        "not_checked": [{"what": g.what, "why": g.why} for g in timeline.gaps],
    }
