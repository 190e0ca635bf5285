"""Whether a license may stand over material under another one, and on which conditions.

A table of rules from the licenses' own sections (the catalog), not a matrix of opinions. What it
says is a reading aid: where the sections leave room it says that a person must decide, and what is
not known never becomes allowed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from cardlint_licenses import catalog
from cardlint_licenses.model import Condition, Kind, License, Reuse, Topic


class Ruling(StrEnum):
    """What is said of one edge, best first."""

    OK = "ok"
    OK_IF = "ok_if"
    UNKNOWN = "unknown"
    NEEDS_HUMAN = "needs_human"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What may be done, and by which clause."""

    ruling: Ruling
    reason: str
    topic: Topic | None
    """What a conflict or an open question is about."""
    clause: str | None
    """``Name, section`` of the clause it rests on."""
    conditions: tuple[Condition, ...]
    """What must be kept, conflict or not."""


OPEN_KINDS = frozenset({Kind.FAMILY, Kind.UNSTATED})
_FREE_KINDS = frozenset({Kind.PERMISSIVE, Kind.PUBLIC_DOMAIN, Kind.ATTRIBUTION})
_BASED_ON = frozenset({Reuse.FINETUNE, Reuse.ADAPTER, Reuse.QUANTIZED, Reuse.MERGE})
_TRAINED_ON = frozenset({Reuse.OUTPUTS, Reuse.DATASET})
_DUTIES = frozenset(
    {
        Topic.COPY,
        Topic.ATTRIBUTION,
        Topic.NOTICE_FILE,
        Topic.STATE_CHANGES,
        Topic.SENTENCE,
        Topic.PHRASE,
        Topic.NAME_PREFIX,
        Topic.USE_RESTRICTIONS,
        Topic.ACCEPTABLE_USE,
        Topic.SOURCE_CODE,
    }
)


def judge(down: Sequence[License], up: License, reuse: Reuse, *, carries: bool = False) -> Verdict:
    """Judge one edge.

    Args:
        down: every license that the derivative declares; empty when it declares none.
        up: the license of the material.
        reuse: how the derivative came from it.
        carries: whether the derivative's files hold the text of ``up``.
    """
    owed = tuple(c for c in up.conditions if c.topic in _DUTIES and reuse in c.applies)

    def say(
        ruling: Ruling, reason: str, topic: Topic | None = None, clause: Condition | None = None
    ) -> Verdict:
        where = f"{up.name}, {clause.section}" if clause else None
        return Verdict(ruling, reason, topic, where, owed)

    if up.kind in OPEN_KINDS:
        return say(Ruling.UNKNOWN, f"“{up.id}” does not say which conditions hold")
    if reuse in _TRAINED_ON:
        return _trained_on(up, owed)
    checks = (_no_derivatives, _noncommercial, _share_alike, _use_restrictions, _vendor, _reverse)
    for check in checks:
        verdict = check(down, up, reuse, carries)
        if verdict:
            return replace(verdict, conditions=owed)
    if owed:
        return say(Ruling.OK_IF, f"{up.name} allows it on conditions")
    if up.conditions or up.kind is Kind.PUBLIC_DOMAIN:
        return say(Ruling.OK, f"{up.name} asks for nothing here")
    return say(Ruling.UNKNOWN, f"the conditions of {up.name} are not known here")


def together(verdicts: Iterable[Verdict]) -> Verdict | None:
    """The worst of several verdicts with the conditions of all: what a merge owes its parents."""
    found = list(verdicts)
    if not found:
        return None
    order = list(Ruling)
    worst = max(found, key=lambda v: order.index(v.ruling))
    conditions = tuple(dict.fromkeys(c for v in found for c in v.conditions))
    return replace(worst, conditions=conditions)


def _rule(
    ruling: Ruling, up: License, reason: str, topic: Topic, clause: Condition | None
) -> Verdict:
    where = f"{up.name}, {clause.section}" if clause else up.name
    return Verdict(ruling, reason, topic, where, ())


def _known(down: Sequence[License]) -> bool:
    return bool(down) and not any(d.kind in OPEN_KINDS for d in down)


def _unsettled(down: Sequence[License], up: License, topic: Topic, clause: Condition) -> Verdict:
    declared = ", ".join(d.id for d in down) or "nothing"
    reason = f"what the declared license ({declared}) says of this is not known"
    return _rule(Ruling.UNKNOWN, up, reason, topic, clause)


def _no_derivatives(
    _down: Sequence[License],
    up: License,
    reuse: Reuse,
    _carries: bool,  # noqa: FBT001  # one shape for all checks
) -> Verdict | None:
    clause = next(iter(up.on(Topic.NO_DERIVATIVES, reuse)), None)
    if clause is None:
        return None
    if reuse is Reuse.ADAPTER:
        reason = "whether an adapter is adapted material is for a person to decide"
        return _rule(Ruling.NEEDS_HUMAN, up, reason, Topic.NO_DERIVATIVES, clause)
    reason = f"{up.name} does not let derivatives be shared"
    return _rule(Ruling.CONFLICT, up, reason, Topic.NO_DERIVATIVES, clause)


def _noncommercial(
    down: Sequence[License],
    up: License,
    reuse: Reuse,
    carries: bool,  # noqa: FBT001  # same
) -> Verdict | None:
    clause = next(iter(up.on(Topic.NONCOMMERCIAL, reuse)), None)
    if clause is None or any(d.id == up.id for d in down):
        return None
    if not _known(down):
        return _unsettled(down, up, Topic.NONCOMMERCIAL, clause)
    keeping = [d for d in down if d.on(Topic.NONCOMMERCIAL)]
    if len(keeping) == len(down):
        return None
    if keeping or carries or clause.confidence != "read":
        reason = "whether the noncommercial limit is kept is for a person to decide"
        return _rule(Ruling.NEEDS_HUMAN, up, reason, Topic.NONCOMMERCIAL, clause)
    reason = f"{up.name} is for noncommercial use; {_list(down)} carries no such limit"
    return _rule(Ruling.CONFLICT, up, reason, Topic.NONCOMMERCIAL, clause)


def _share_alike(
    down: Sequence[License],
    up: License,
    reuse: Reuse,
    carries: bool,  # noqa: FBT001  # same
) -> Verdict | None:
    clause = next(iter(up.on(Topic.SHARE_ALIKE, reuse)), None)
    allowed = {up.id, *up.compatible}
    if clause is None or any(d.id in allowed for d in down):
        return None
    if not _known(down):
        return _unsettled(down, up, Topic.SHARE_ALIKE, clause)
    open_question = (
        up.kind is Kind.WEAK_COPYLEFT
        or reuse is Reuse.ADAPTER
        or carries
        or _later_version(down, up)
        or clause.confidence != "read"
    )
    if open_question:
        reason = f"whether {_list(down)} satisfies the share-alike clause is for a person to decide"
        return _rule(Ruling.NEEDS_HUMAN, up, reason, Topic.SHARE_ALIKE, clause)
    reason = f"{up.name} asks that derivatives carry it or a compatible license, not {_list(down)}"
    return _rule(Ruling.CONFLICT, up, reason, Topic.SHARE_ALIKE, clause)


def _later_version(down: Sequence[License], up: License) -> bool:
    """The Hub's ``gpl-2.0`` may stand for "2.0 or later": it cannot say which."""
    stem = up.id.rpartition("-")[0]
    return up.id.startswith(("gpl", "agpl", "lgpl")) and any(d.id.startswith(stem) for d in down)


def _use_restrictions(
    down: Sequence[License],
    up: License,
    reuse: Reuse,
    carries: bool,  # noqa: FBT001  # same
) -> Verdict | None:
    clause = next(iter(up.on(Topic.USE_RESTRICTIONS, reuse)), None)
    if clause is None or any(d.id == up.id for d in down):
        return None
    if carries and not _known(down):
        return None
    if not _known(down):
        return _unsettled(down, up, Topic.USE_RESTRICTIONS, clause)
    restricting = any(d.on(Topic.USE_RESTRICTIONS) or d.kind is Kind.VENDOR for d in down)
    if carries or restricting or reuse is Reuse.ADAPTER or clause.confidence != "read":
        reason = f"whether {_list(down)} passes the use restrictions on is for a person to decide"
        return _rule(Ruling.NEEDS_HUMAN, up, reason, Topic.USE_RESTRICTIONS, clause)
    reason = f"{up.name} asks that its use restrictions be passed on; {_list(down)} has none"
    return _rule(Ruling.CONFLICT, up, reason, Topic.USE_RESTRICTIONS, clause)


def _vendor(
    down: Sequence[License],
    up: License,
    reuse: Reuse,
    carries: bool,  # noqa: FBT001  # same
) -> Verdict | None:
    if up.kind is not Kind.VENDOR or any(d.id == up.id for d in down):
        return None
    clause = next(iter(up.on(Topic.COPY, reuse)), None)
    if not _known(down):
        if carries:
            return None
        reason = f"the card does not say that {up.name} stays on the weights"
        return _rule(Ruling.UNKNOWN, up, reason, Topic.COPY, clause)
    only_free = all(d.kind in _FREE_KINDS for d in down)
    sure = clause is not None and clause.confidence == "read"
    if only_free and sure and not carries and reuse is not Reuse.ADAPTER:
        reason = f"{up.name} stays on its weights; {_list(down)} grants more than it does"
        return _rule(Ruling.CONFLICT, up, reason, Topic.COPY, clause)
    reason = f"whether {_list(down)} may stand beside {up.name} is for a person to decide"
    return _rule(Ruling.NEEDS_HUMAN, up, reason, Topic.COPY, clause)


def _reverse(
    down: Sequence[License],
    up: License,
    _reuse: Reuse,
    carries: bool,  # noqa: ARG001, FBT001  # one shape for all checks
) -> Verdict | None:
    """What the derivative's own copyleft says against terms of the material (OSADL's cells)."""
    if any(d.id == up.id for d in down):
        return None
    for one in down:
        if one.kind not in {Kind.COPYLEFT, Kind.WEAK_COPYLEFT}:
            continue
        for said, inbound in catalog.osadl_exceptions().get(one.id, {}).items():
            if up.id in inbound:
                reason = f"OSADL's matrix says “{said}” of {one.id} over {up.id}"
                return Verdict(Ruling.NEEDS_HUMAN, reason, Topic.SHARE_ALIKE, one.name, ())
    return None


def _trained_on(up: License, owed: tuple[Condition, ...]) -> Verdict:
    terms = up.on(Topic.OUTPUT_TERMS)
    clause = next(iter(terms), None)
    where = f"{up.name}, {clause.section}" if clause else None
    effects = {c.effect for c in terms}
    if effects & {"forbidden", "derivative"}:
        assert clause is not None  # noqa: S101  # an effect comes from a clause
        return Verdict(Ruling.NEEDS_HUMAN, clause.summary, Topic.OUTPUT_TERMS, where, owed)
    if owed:
        reason = f"{up.name} has conditions for models trained on it or its outputs"
        return Verdict(Ruling.OK_IF, reason, Topic.OUTPUT_TERMS, where, owed)
    if up.conditions or up.kind is Kind.PUBLIC_DOMAIN:
        reason = f"{up.name} asks for nothing of a model trained on it"
        return Verdict(Ruling.OK, reason, None, where, owed)
    return Verdict(
        Ruling.UNKNOWN, f"the conditions of {up.name} are not known here", None, None, owed
    )


def _list(down: Sequence[License]) -> str:
    return ", ".join(d.id for d in down)
