"""What the rules about weights share: places, figures, words."""

from __future__ import annotations

import re

from cardlint.errors import Unavailable
from cardlint.findings import Confidence, Json, Location
from cardlint.repository import Repository
from cardlint.weights.evidence import Comparison, Interval, Relation, Verdict

SURE = (Confidence.CERTAIN, Confidence.HIGH)
TRAINING = re.compile(
    r"\b(?:fine-?tun\w+|post-?train\w+|pre-?train\w+|distill?\w*|(?:SFT|DPO|GRPO|RLHF|RLVR)\b"
    r"|train(?:ed|ing)|ajuste fino|treina\w+|entrenad\w+|entraîn\w+)",
    re.IGNORECASE,
)
"""Words that claim training, in the languages of the cards that were looked at."""


def base_place(repo: Repository, parent: str | None = None) -> Location:
    """Where ``base_model`` names ``parent``; else where it begins; else the top of the card."""
    try:
        card = repo.card
    except Unavailable:
        return Location()
    matter = card.front_matter
    values = matter.strings("base_model") if matter else []
    for value in values:
        if parent is None or value.text.casefold() == parent.casefold():
            return value.span.location()
    if values:
        return values[0].span.location()
    return card.top()


def relation_place(repo: Repository) -> Location:
    """Where ``base_model_relation`` stands; else where ``base_model`` does."""
    try:
        matter = repo.card.front_matter
    except Unavailable:
        return Location()
    value = matter.get("base_model_relation") if matter else None
    return value.span.location() if value else base_place(repo)


def recipe_text(said: Verdict) -> str:
    """``0.565·A + 0.435·B``, the method after it where it is not a plain blend."""
    parts = {k: c for k, c in said.coefficients.items() if abs(c.value) > 1e-3}
    if not parts:
        names = said.parameters.get("parents") or said.parameters.get("layers") or ""
        return f"a merge by {said.method}" + (
            f" of {names}" if isinstance(names, str) and names else ""
        )
    ordered = sorted(parts.items(), key=lambda part: -part[1].value)
    text = " + ".join(f"{_number(c)}·{name}" for name, c in ordered).replace("+ -", "− ")
    return text if said.method == "linear" else f"{text} by {said.method}"


def _number(c: Interval) -> str:
    return f"{c.value:.3f}".rstrip("0").rstrip(".")


def proof_text(said: Verdict) -> str:
    """How much of the weights the recipe gives."""
    if said.replay is not None and said.confidence is Confidence.CERTAIN:
        share = min(100 * said.replay, 99.99 if said.replay < 1 else 100)
        return f"bit-identical replay of {share:.4g} % of the compared elements"
    return f"{100 * (said.consistency or 0):.4g} % of the compared elements lie within rounding"


def figures(found: Comparison) -> dict[str, Json]:
    """The figures of a comparison as evidence: all but the table by component."""
    data = found.json()
    return {k: data[k] for k in ("parents", "verdict", "relations", "controls", "coverage")}


def relation_figures(relation: Relation) -> dict[str, Json]:
    """The figures of one relation."""
    return relation.json()


def undeclared(found: Comparison, declared: tuple[str, ...]) -> list[str]:
    """Parents with a part in the recipe that the repository does not declare."""
    known = {d.casefold() for d in declared}
    parts = found.verdict.coefficients
    return [
        p
        for p in found.parents
        if p.casefold() not in known and (p not in parts or abs(parts[p].value) > 1e-3)
    ]
