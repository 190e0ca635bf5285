"""From relations and the best recipe to one sentence that can be defended.

``certain`` needs a replay or identity. A residue is never turned into a merge; what was not given
is said to be missing (design notes "Weight evidence", sections 4 and 5).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cardlint.findings import Confidence
from cardlint.weights.evidence import Interval, Kind, Relation, Verdict
from cardlint.weights.relation import REARRANGED
from cardlint.weights.replay.explanation import PROOF, Explanation
from cardlint.weights.residue import Residue
from cardlint.weights.trace import Trace

SURE = 0.97
"""Share explained, without a replay, from which a method is surer than medium."""
CLEAN = 0.9995
"""Share of elements inside their cells from which nothing can have come after the merge."""
NEAR = (Kind.IDENTICAL, Kind.REENCODED)

WORDS = {
    Kind.IDENTICAL: "{m} has the same weights as {p}",
    Kind.REENCODED: "{m} has the weights of {p}, stored in another number format{n}",
    Kind.FINETUNE: "{m} and {p} are related as a fine-tune and its base are{n}{d}",
    Kind.ADAPTER: "{m} is {p} plus a change of rank {r}: what merging an adapter leaves",
    Kind.VOCAB_EXTENDED: "{m} and {p} are one line with vocabularies of different size{n}",
    Kind.DEPTH_CHANGED: "{m} has the layers of {p}, some dropped, repeated or moved{n}",
    Kind.PERMUTED: "{m} has the weights of {p} in another order{n}",
    Kind.SHARED_INIT: "{m} and {p} share an origin{n}",
    Kind.UNRELATED: "no sign that {m} is derived from {p}",
    Kind.NOT_COMPARABLE: "{m} and {p} cannot be compared",
}
_ORDER = (
    Kind.IDENTICAL, Kind.REENCODED, Kind.ADAPTER, Kind.PERMUTED, Kind.DEPTH_CHANGED,
    Kind.VOCAB_EXTENDED, Kind.FINETUNE, Kind.SHARED_INIT, Kind.UNRELATED, Kind.NOT_COMPARABLE,
)  # fmt: skip


def nearest(relations: Sequence[Relation]) -> Relation:
    """The relation that says most: identity first, then the smallest distance among derived."""

    def rank(r: Relation) -> tuple[int, float]:
        if r.kind in NEAR:
            return (_ORDER.index(r.kind), r.distance)
        return (2 if r.kind.derived else _ORDER.index(r.kind), r.distance)

    return min(relations, key=rank)


def of_relation(model: str, relation: Relation) -> Verdict:
    """The verdict that one relation gives."""
    statement = _sentence(model, relation)
    if relation.kind is Kind.FINETUNE:
        change = "A recipe that gives the weights to the bit, or the training that led to them."
    elif relation.kind is Kind.UNRELATED:
        change = "A permutation, a distillation or so long a training that no trace is left."
    else:
        change = ""
    return Verdict(
        kind=relation.kind,
        method=None,
        confidence=relation.confidence,
        statement=statement,
        would_change=change,
    )


def _sentence(model: str, r: Relation) -> str:
    note = f" ({r.note})" if r.note else ""
    way = {
        "model-from-parent": _later(model, r.direction_confidence),
        "parent-from-model": _later(r.parent, r.direction_confidence),
        "siblings": f"; both look like children of one base ({r.direction_confidence})",
    }.get(r.direction, "; the weights do not tell which came first")
    words = WORDS[r.kind]
    if r.kind is Kind.DEPTH_CHANGED and r.distance > REARRANGED:  # trained as well: not its layers
        words = (
            "{m} and {p} are related as a fine-tune and its base are, with layers dropped, "
            "repeated or moved{n}"
        )
    text = words.format(m=model, p=r.parent, n=note, d=way, r=r.rank)
    if r.kind in (Kind.FINETUNE, Kind.UNRELATED, Kind.SHARED_INIT):
        text += f" (similarity {r.similarity:.4f}, p {r.p_text})"
    return text + "."


def _later(name: str, confidence: Confidence) -> str:
    """Of a pair alone: siblings of which one was trained further look the same."""
    also = ", or of two siblings the one trained further" if confidence is Confidence.LOW else ""
    return f"; {name} looks like the later one{also} ({confidence})"


def of_explanation(
    model: str,
    names: Sequence[str],
    found: Explanation,
    *,
    elements: int,
    whole: bool,
    controls_fail: bool,
) -> Verdict:
    """The verdict that a recipe gives.

    Args:
        model: its name.
        names: of the parents that the recipe knows.
        found: the recipe.
        elements: how many were compared.
        whole: whether those are all.
        controls_fail: whether models that should explain nothing explain nothing.
    """
    proof = (found.replay or 0.0) >= PROOF
    confidence = Confidence.CERTAIN if proof else Confidence.HIGH
    if not controls_fail or (not proof and found.consistency < SURE):
        confidence = Confidence.MEDIUM
    coefficients = {names[i]: c for i, c in found.coefficients.items()}
    share = found.replay if proof and found.replay is not None else found.consistency
    how = "bit-identical replay of" if proof else "inside the rounding of"
    what = f"{'all' if whole else 'the sampled'} {elements:,} elements"
    extra = f" ({found.arithmetic})" if found.arithmetic else ""
    rest = f" {len(found.not_followed)} tensors do not follow it." if found.not_followed else ""
    clean = proof and max(found.consistency, found.replay or 0.0) >= CLEAN
    if clean and not found.not_followed:
        training = " No sign of training beyond it."
    else:
        left = 100 * (1 - max(found.consistency, found.replay or 0.0))
        training = (
            f" {left:.2g} % of the elements do not follow it: a small change may have come later."
        )
    return Verdict(
        kind=Kind.MERGE,
        method=found.method,
        confidence=confidence,
        statement=(
            f"{model} is consistent with {formula(found, names)}{extra}: {how} "
            f"{_percent(share)} of {what} at which the parents differ.{rest}{training}"
        ),
        coefficients=coefficients,
        arithmetic=found.arithmetic,
        parameters=found.parameters,
        consistency=found.consistency,
        chance=found.chance,
        replay=found.replay,
        residue=0.0 if clean else None,
        not_followed=found.not_followed[:64],
        would_change="Another recipe that gives as many elements to the bit.",
    )


def _percent(share: float) -> str:
    text = f"{100 * share:.2f}"
    return (
        f"{'100' if text == '100.00' and share == 1 else '99.99' if text == '100.00' else text} %"
    )


def formula(found: Explanation, names: Sequence[str]) -> str:
    """``linear merge 0.6·A + 0.4·B``, or the method and its parents."""
    used = {i: c for i, c in found.coefficients.items() if not _zero(c)}
    if not used:
        return f"a merge of {', '.join(names)} by {found.method}"
    ordered = sorted(used.items(), key=lambda part: -part[1].value)
    terms = [f"{c.value:.4g}·{names[i]}" for i, c in ordered]
    text = " + ".join(terms).replace("+ -", "− ")
    return text if found.method == "linear" else f"{text} by {found.method}"


def _zero(c: Interval) -> bool:
    return c.low <= 0 <= c.high and abs(c.value) < 1e-3


def with_residue(verdict: Verdict, model: str, names: Sequence[str], left: Residue) -> Verdict:
    """Add what the given parents leave unexplained to the verdict of the nearest one.

    Least squares alone is of low confidence: stages of one training and fine-tunes on similar data
    have such coefficients too (the accuracy benchmark prints how often).
    """
    sure = Confidence.MEDIUM if left.graded else Confidence.LOW
    terms = " + ".join(f"{c.value:.2f}·{names[i]}" for i, c in left.coefficients.items())
    closed = left.closed
    if left.graded:
        reading = (
            f"Every matrix of {model} lies near the line between {' and '.join(names)}, at a place "
            f"of its own (median {terms}), with a residue of {100 * left.size:.1f} % of what they "
            "differ by that no recipe closes: a merge whose weights vary by layer or component, "
            "with a further parent or later training."
        )
    elif closed:
        reading = (
            f"{model} lies near {terms}, with a residue of {100 * left.size:.1f} % of what the "
            "parents differ by that no recipe closes: a merge that was trained on, a further "
            "parent, or training along the same path; the weights alone do not tell which."
        )
    else:
        reading = (
            f"No given parent accounts for {model} alone, and together they do not close the sum "
            f"(best fit {terms}, residue {100 * left.size:.0f} % of what they differ by): a parent "
            "is missing, or there was other training: a fine-tune beside one that learned from "
            "similar data looks the same."
        )
    return Verdict(
        kind=verdict.kind,
        method="merge then training, or a further parent" if closed else None,
        confidence=min(verdict.confidence, sure, key=lambda c: -c.rank),
        statement=reading,
        coefficients={names[i]: c for i, c in left.coefficients.items()},
        missing_parent=True,
        residue=left.size,
        would_change="The missing parent, or the training log.",
    )


def with_trace(
    verdict: Verdict, model: str, names: Sequence[str], seen: Trace, left: Residue | None
) -> Verdict:
    """Say that elements taken from given parents point to one that was not given."""
    p, q = (names[i] for i in seen.parents)
    if seen.part is None:
        what = (
            f"some elements of {p} and some of {q} as they are, side by side in the same matrices, "
            "and others that are neither's"
        )
        why = (
            "a merge with a parent that was not given, or a history shared with one that was not "
            "given, leaves that"
        )
    else:
        what = (
            f"{seen.part:.2f} times the difference of {p} from {q} in some elements, to the cell, "
            "and something else in the others"
        )
        why = "a merge that drops elements of each difference leaves that; a parent is missing"
    return Verdict(
        kind=verdict.kind,
        method=None,
        confidence=min(verdict.confidence, Confidence.MEDIUM, key=lambda c: -c.rank),
        statement=(
            f"{model} has {what}: of the elements around, {100 * seen.share:.0f} % are there beyond "
            f"what training would leave. The given parents do not account for the rest: {why}."
        ),
        missing_parent=True,
        residue=left.size if left else None,
        would_change="The missing parent, or the training log.",
    )


def not_comparable(model: str, parents: Sequence[str], why: str) -> Verdict:
    """Nothing could be held against anything."""
    return Verdict(
        kind=Kind.NOT_COMPARABLE,
        method=None,
        confidence=Confidence.LOW,
        statement=f"{model} could not be compared with {', '.join(parents)}: {why}.",
    )


def coefficients_text(coefficients: Mapping[str, Interval]) -> str:
    """``0.565·A [0.5649, 0.5651] + …`` for tables and findings."""
    return " + ".join(
        f"{c.value:.4g}·{name} [{c.low:.4g}, {c.high:.4g}]" for name, c in coefficients.items()
    )
