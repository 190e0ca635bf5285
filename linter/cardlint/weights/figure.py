"""A heat map of coefficient and consistency by layer and component, as SVG.

Two panels side by side, one row for each layer, one column for each component. Values are also in
each cell's title, so that the figure can be read without color (and by screen readers).
"""

from __future__ import annotations

from collections.abc import Callable
from xml.sax.saxutils import escape

from cardlint.weights.evidence import Comparison, Component
from cardlint.weights.table import plain

CELL_WIDTH, CELL_HEIGHT, LEFT, TOP, GAP = 34, 16, 64, 96, 48

# Five points of a perceptually even ramp from dark blue to yellow, mixed in between.
RAMP = ((68, 1, 84), (59, 82, 139), (33, 145, 140), (94, 201, 98), (253, 231, 37))
ABSENT = "#e4e4e4"


def svg(found: Comparison) -> str:
    """The figure as one SVG document."""
    columns = sorted({c.component for c in found.components})
    rows = sorted({-1 if c.layer is None else c.layer for c in found.components})
    width = CELL_WIDTH * max(1, len(columns))
    height = CELL_HEIGHT * max(1, len(rows))
    title = f"{plain(found.model)}: coefficient and consistency by layer and component"
    panels: tuple[tuple[str, Callable[[Component], float | None]], ...] = (
        (f"α of {plain(found.parents[0])}", lambda c: c.alpha),
        ("consistency", lambda c: c.consistency),
    )
    body = [
        _panel(found, columns, rows, LEFT + n * (width + GAP + LEFT), name, value)
        for n, (name, value) in enumerate(panels)
    ]
    total = (2 * LEFT + 2 * width + GAP + 16, TOP + height + 40)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {total[0]} {total[1]}" '
        f'width="{total[0]}" height="{total[1]}" role="img" font-family="sans-serif" font-size="10">\n'
        f"<title>{escape(title)}</title>\n"
        f"<desc>{escape(plain(found.verdict.statement))}</desc>\n"
        f'<rect width="{total[0]}" height="{total[1]}" fill="#ffffff"/>\n'
        + "".join(body)
        + "</svg>\n"
    )


def _panel(
    found: Comparison,
    columns: list[str],
    rows: list[int],
    x0: int,
    name: str,
    value: Callable[[Component], float | None],
) -> str:
    cells: dict[tuple[str, int], list[tuple[float, int]]] = {}
    for c in found.components:
        v = value(c)
        if v is not None:
            cells.setdefault((c.component, -1 if c.layer is None else c.layer), []).append((v, c.n))
    out = [f'<text x="{x0}" y="14" font-size="12" font-weight="bold">{escape(name)}</text>\n']
    for j, column in enumerate(columns):
        x = x0 + j * CELL_WIDTH + CELL_WIDTH // 2
        out.append(
            f'<text transform="translate({x} {TOP - 6}) rotate(-45)">{escape(plain(column))}</text>\n'
        )
    every = max(1, len(rows) // 40)
    for i, row in enumerate(rows):
        y = TOP + i * CELL_HEIGHT
        label = "–" if row < 0 else str(row)
        if i % every == 0:
            out.append(f'<text x="{x0 - 6}" y="{y + 12}" text-anchor="end">{label}</text>\n')
        for j, column in enumerate(columns):
            out.append(
                _cell(x0 + j * CELL_WIDTH, y, cells.get((column, row)), f"{column}, {label}")
            )
    return "".join(out)


def _cell(x: int, y: int, told: list[tuple[float, int]] | None, where: str) -> str:
    fill, text = ABSENT, "not compared"
    if told:
        mean = sum(v * n for v, n in told) / max(1, sum(n for _, n in told))
        fill, text = color(mean), f"{mean:.4f}"
    return (
        f'<rect x="{x}" y="{y}" width="{CELL_WIDTH - 1}" height="{CELL_HEIGHT - 1}" fill="{fill}">'
        f"<title>{escape(plain(where))}: {text}</title></rect>\n"
    )


def color(value: float) -> str:
    """0 to 1 as a hexadecimal color; values outside take the ends."""
    place = min(max(value, 0.0), 1.0) * (len(RAMP) - 1)
    low = min(int(place), len(RAMP) - 2)
    part = place - low
    mixed = (round(a + (b - a) * part) for a, b in zip(RAMP[low], RAMP[low + 1], strict=True))
    return "#" + "".join(f"{c:02x}" for c in mixed)
