"""A family tree as an SVG figure: the model on the left, its parents to the right."""

from __future__ import annotations

from xml.sax.saxutils import escape

from cardlint.history.figure import svg_open
from cardlint.lineage.render import Tree
from cardlint.lineage.render_text import words
from cardlint.report.escape import visible

BOX_W, BOX_H, GAP_X, GAP_Y, MARGIN = 250, 44, 210, 34, 20
MAX_NODES = 80
MAX_GENERATIONS = 8
MAX_WORDS = 34
"""Characters of an id that fit a box."""


def svg(tree: Tree) -> str:
    """The figure; the same for the same tree, with the whole tree told in its description."""
    columns = _columns(tree)
    place: dict[str, tuple[int, int]] = {}
    for column, ids in enumerate(columns):
        for row, id_ in enumerate(ids):
            place[id_] = (
                MARGIN + column * (BOX_W + GAP_X),
                MARGIN + 30 + row * (BOX_H + GAP_Y),
            )
    width = MARGIN * 2 + len(columns) * BOX_W + (len(columns) - 1) * GAP_X
    height = MARGIN * 2 + 30 + max(len(ids) for ids in columns) * (BOX_H + GAP_Y)
    title = f"Lineage of {tree.root}"
    told = "; ".join(f"{b.child} from {b.parent} ({words(b)})" for b in tree.bonds)
    parts = [
        svg_open(width, height),
        f'<title id="title">{_text(title)}</title>',
        f'<desc id="desc">{_text(told or "It names no base model.")}</desc>',
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
        f'<text x="{MARGIN}" y="{MARGIN + 8}" font-size="15" font-weight="bold">{_text(title)}</text>',
    ]
    for bond in tree.bonds:
        if bond.child in place and bond.parent in place:
            dash = "" if bond.in_front_matter else ' stroke-dasharray="6 4"'
            (x1, y1), (x2, y2) = place[bond.child], place[bond.parent]
            ends = (x1 + BOX_W, y1 + BOX_H // 2, x2, y2 + BOX_H // 2)
            label = bond.evidence or bond.relation or ""
            label += "" if bond.in_front_matter else " (not declared)"
            parts.append(
                f'<line x1="{ends[0]}" y1="{ends[1]}" x2="{ends[2]}" y2="{ends[3]}" '
                f'stroke="#444"{dash}/><text x="{(ends[0] + ends[2]) // 2}" '
                f'y="{(ends[1] + ends[3]) // 2 - 5}" text-anchor="middle" font-size="11">'
                f"{_text(label.strip()[:40])}</text>"
            )
    for id_, (x, y) in place.items():
        note = tree.notes.get(id_, "")
        parts.append(
            f'<rect x="{x}" y="{y}" width="{BOX_W}" height="{BOX_H}" rx="4" fill="#f4f6f8" '
            f'stroke="#222"/><text x="{x + 8}" y="{y + 18}">{_text(_short(id_))}</text>'
            f'<text x="{x + 8}" y="{y + 35}" font-size="11" fill="#555">{_text(_short(note))}</text>'
        )
    return "\n".join([*parts, "</svg>"]) + "\n"


def _columns(tree: Tree) -> list[list[str]]:
    """Ids by generation; one that is reached in two ways stands behind its farthest child."""
    column = {tree.root: 0}
    for _ in range(MAX_GENERATIONS):  # a cycle would push its members on for ever
        for bond in tree.bonds:
            if bond.child in column and bond.parent != tree.root:
                new = max(column.get(bond.parent, 0), column[bond.child] + 1)
                if new <= MAX_GENERATIONS and len(column) < MAX_NODES:
                    column[bond.parent] = new
    used = sorted(set(column.values()))
    return [[id_ for id_, c in column.items() if c == number] for number in used]


def _short(text: str) -> str:
    return text if len(text) <= MAX_WORDS else text[: MAX_WORDS - 1] + "…"


def _text(text: str) -> str:
    return escape(visible(text))
