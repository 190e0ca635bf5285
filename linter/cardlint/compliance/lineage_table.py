"""Declared and measured lineage side by side, as rows and as figures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cardlint.compliance.figures import Arrow, Figure, Point, alpha_by_layer
from cardlint.compliance.i18n import Translate
from cardlint.errors import Unavailable

if TYPE_CHECKING:
    from cardlint.repository import Repository
    from cardlint.weights.evidence import Comparison


def strongest(repo: Repository) -> Comparison | None:
    """The comparison that explains the weights best; ``None`` where weights were not compared."""
    try:
        evidence = repo.weights
    except Unavailable:
        return None
    return evidence.best or evidence.comparison


def measured(repo: Repository) -> dict[str, str]:
    """Parent → what the weights say of it, in one line."""
    comparison = strongest(repo)
    if comparison is None:
        return {}
    lines = {}
    for relation in comparison.relations:
        share = comparison.verdict.coefficients.get(relation.parent)
        part = f", share {share.value:.4f} [{share.low:.4f}, {share.high:.4f}]" if share else ""
        lines[relation.parent] = (
            f"{relation.kind.value}, similarity {relation.similarity:.4f}, "
            f"p {relation.p_text}, confidence {relation.confidence.value}{part}"
        )
    return lines


def rows(repo: Repository, t: Translate) -> list[dict[str, Any]]:
    """One row for each parent that is declared anywhere or was measured."""
    declared: dict[str, list[str]] = {}
    for declaration in repo.lineage.declarations:
        place = f"{declaration.location.path}:{declaration.location.line}"
        relation = f"{declaration.relation}, " if declaration.relation else ""
        declared.setdefault(declaration.parent, []).append(f"{relation}{place}")
    comparison = strongest(repo)
    relations = {r.parent: r for r in comparison.relations} if comparison else {}
    shares = comparison.verdict.coefficients if comparison else {}
    lines = measured(repo)
    table = []
    for parent in dict.fromkeys([*declared, *relations]):
        share = shares.get(parent)
        table.append(
            {
                "parent": parent,
                "declared": "; ".join(dict.fromkeys(declared.get(parent, []))) or t("not declared"),
                "measured": relations[parent].kind.value if parent in relations else None,
                "share": f"{share.value:.4f} [{share.low:.4f}, {share.high:.4f}]"
                if share
                else None,
                "figures": lines.get(parent),
            }
        )
    return table


def arrows(repo: Repository) -> list[Arrow]:
    """The edges of the lineage graph."""
    comparison = strongest(repo)
    root = repo.id or repo.source.identity.location
    shares = comparison.verdict.coefficients if comparison else {}
    found = {r.parent for r in comparison.relations if r.kind.derived} if comparison else set()
    if shares:
        found = {p for p, share in shares.items() if share.high > 0}
    drawn: dict[tuple[str, str], Arrow] = {}
    try:
        edges = repo.upstream.edges
    except Unavailable:
        edges = ()
    for edge in edges:
        here = edge.child == root
        label = f"{shares[edge.parent].value:.3f}" if here and edge.parent in shares else ""
        drawn[edge.child, edge.parent] = Arrow(
            edge.child,
            edge.parent,
            label or edge.relation or "",
            declared=True,
            evidenced=here and edge.parent in found,
        )
    for parent in sorted(found):
        if (root, parent) not in drawn:
            label = f"{shares[parent].value:.3f}" if parent in shares else ""
            drawn[root, parent] = Arrow(root, parent, label, declared=False, evidenced=True)
    return list(drawn.values())


def share_figure(comparison: Comparison | None, t: Translate) -> list[Figure]:
    """α by layer with the interval over all, where a mixture was measured; otherwise nothing."""
    if comparison is None or not comparison.verdict.coefficients:
        return []
    verdict = comparison.verdict
    points = [
        Point(c.component, c.layer, c.alpha)
        for c in comparison.components
        if c.alpha is not None and c.layer is not None and c.expert is None
    ]
    name, share = next(iter(verdict.coefficients.items()))
    controls = [
        t("Control {name}: explains {share:.1%} of the elements", name=c.name, share=c.consistency)
        for c in comparison.controls
    ]
    if verdict.consistency is not None:
        controls.append(
            t("The recipe: explains {share:.1%} of the elements", share=verdict.consistency)
        )
    if verdict.chance is not None:
        controls.append(t("Chance (elements paired at random): {share:.1%}", share=verdict.chance))
    return [
        alpha_by_layer(
            "fig-alpha",
            t(
                "Share of {parent} by layer (least squares), with the interval over all tensors",
                parent=name,
            ),
            points,
            (share.value, share.low, share.high),
            t("layer"),
            controls,
        )
    ]
