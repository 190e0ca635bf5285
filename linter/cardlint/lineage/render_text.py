"""A family tree for a terminal, and as a Mermaid graph."""

from __future__ import annotations

from collections.abc import Iterator

from cardlint.lineage.render import Bond, Tree
from cardlint.report.escape import visible
from cardlint.report.interface import Style
from cardlint.report.paint import Line, Span, render


def text(tree: Tree, style: Style) -> str:
    """The tree: each parent with where it is named and what the weights say."""
    return render(list(_lines(tree)), style)


def _lines(tree: Tree) -> Iterator[Line]:
    yield Line(Span(visible(tree.root), "bold"))
    if not tree.bonds:
        yield Line("names no base model", indent=2)
    yield from _branches(tree, tree.root, "", (tree.root,))
    yield Line("")
    if tree.verdict:
        yield Line("weights: ", visible(tree.verdict), hang=2)
    for cycle in tree.cycles:
        yield Line(Span("cycle: ", "warning"), visible(" → ".join(cycle)), hang=2)
    for gap in tree.not_checked:
        yield Line(Span("not checked: ", "warning"), visible(f"{gap.what}: {gap.why}"), hang=2)


def _branches(tree: Tree, child: str, margin: str, path: tuple[str, ...]) -> Iterator[Line]:
    bonds = tree.below(child)
    for number, bond in enumerate(bonds):
        last = number + 1 == len(bonds)
        note = tree.notes.get(bond.parent)
        head = f"{margin}{'└─ ' if last else '├─ '}"
        shown = f"  ({note})" if note else ""
        yield Line(head, Span(visible(bond.parent), "bold"), visible(shown))
        inner = margin + ("   " if last else "│  ")
        yield Line(inner, Span(visible(words(bond)), "dim" if bond.in_front_matter else "warning"))
        if bond.parent not in path:
            yield from _branches(tree, bond.parent, inner, (*path, bond.parent))


def words(bond: Bond) -> str:
    """Where a parent is named, and what the weights say of it."""
    relation = f"{bond.relation}, " if bond.relation else ""
    if bond.in_front_matter:
        said = f"{relation}declared: {', '.join(bond.declared)}"
    elif bond.declared:
        said = f"{relation}named, not declared: {', '.join(bond.declared)}"
    else:
        said = "named nowhere"
    return f"{said}; weights: {bond.evidence}" if bond.evidence else said


def mermaid(tree: Tree) -> str:
    """A Mermaid flowchart; parents above, dashed where the front matter does not declare them."""
    ids = {tree.root: "n0"}
    for bond in tree.bonds:
        for id_ in (bond.child, bond.parent):
            ids.setdefault(id_, f"n{len(ids)}")
    lines = ["flowchart BT"]
    for id_, node in ids.items():
        note = tree.notes.get(id_)
        label = _label(id_) + (f"<br/>{_label(note)}" if note else "")
        lines.append(f'  {node}["{label}"]')
    for bond in tree.bonds:
        arrow = "-->" if bond.in_front_matter else "-.->"
        label = bond.evidence or bond.relation or ("" if bond.in_front_matter else "not declared")
        between = f'|"{_label(label)}"|' if label else ""
        lines.append(f"  {ids[bond.child]} {arrow}{between} {ids[bond.parent]}")
    return "\n".join(lines) + "\n"


def _label(text: str) -> str:
    """Text that cannot leave a quoted Mermaid label: what has a meaning there becomes an entity."""
    return "".join(
        c if c.isalnum() or c in " -_./:,%" else f"#{ord(c)};" for c in visible(text)[:200]
    )
