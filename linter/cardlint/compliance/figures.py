"""The report's figures, as small SVG: each has a title, a text alternative and no style sheet.

Numbers are written with a fixed precision, so that the same input gives the same bytes. All text is
escaped: it comes from cards and repository names.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

INK, SOFT, LINE = "#1b1b1b", "#595959", "#8a8a8a"
MARKS = {
    "pass": ("✓", "#1a6b2f"),
    "fail": ("✗", "#a01818"),
    "warning": ("!", "#8a5300"),
    "not applicable": ("–", "#595959"),
    "undetermined": ("?", "#454d8c"),
    "needs a person": ("☞", "#5b3a8c"),
}
"""Status → sign and color; the sign and the word carry the meaning, the color only repeats it."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A picture and what it says in words."""

    id: str
    title: str
    description: str
    svg: str


def _svg(id_: str, title: str, description: str, width: float, height: float, body: str) -> Figure:
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {width:.0f} {height:.0f}" '
        f'width="{width:.0f}" height="{height:.0f}" aria-labelledby="{id_}-t {id_}-d" '
        f'font-family="sans-serif" font-size="12">'
        f'<title id="{id_}-t">{escape(title)}</title><desc id="{id_}-d">{escape(description)}</desc>'
    )
    return Figure(id_, title, description, f"{head}{body}</svg>")


def _text(
    x: float, y: float, text: str, *, fill: str = INK, anchor: str = "start", size: int = 12
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" fill="{fill}" text-anchor="{anchor}" font-size="{size}">'
        f"{escape(text)}</text>"
    )


def short(text: str, length: int) -> str:
    """``text``, cut in the middle where it is too long for its place."""
    if len(text) <= length:
        return text
    half = (length - 1) // 2
    return f"{text[:half]}…{text[-(length - half - 1) :]}"


def grid(id_: str, title: str, rows: Sequence[tuple[str, str, str]]) -> Figure:
    """Rows of (name, status, status in the reader's language)."""
    height = 26 * len(rows) + 10
    parts = []
    for number, (name, status, word) in enumerate(rows):
        y = 22 + 26 * number
        sign, color = MARKS[status]
        parts += [
            f'<rect x="4" y="{y - 15}" width="22" height="20" rx="3" fill="{color}"/>',
            _text(15, y, sign, fill="#ffffff", anchor="middle"),
            _text(36, y, short(name, 70)),
            _text(636, y, word, fill=color, anchor="end"),
        ]
    return _svg(id_, title, "; ".join(f"{n}: {w}" for n, _, w in rows), 640, height, "".join(parts))


@dataclass(frozen=True, slots=True)
class Arrow:
    """From a model to a parent of it."""

    child: str
    parent: str
    label: str
    declared: bool
    evidenced: bool


def lineage(id_: str, title: str, arrows: Sequence[Arrow], words: tuple[str, str, str]) -> Figure:
    """Models as boxes, one row a generation; ``words``: declared, measured, both."""
    depth: dict[str, int] = {}
    for arrow in arrows:
        depth.setdefault(arrow.child, 0)
        depth[arrow.parent] = max(depth.get(arrow.parent, 0), min(depth[arrow.child] + 1, 8))
    levels: dict[int, list[str]] = {}
    for name, level in depth.items():
        levels.setdefault(level, []).append(name)
    place = {
        name: (20 + 320 * (column % 2) + 10 * (column // 2), 30 + 90 * level)
        for level, names in levels.items()
        for column, name in enumerate(names)
    }
    parts, said = [], []
    for arrow in arrows:
        kind = words[2 if arrow.declared and arrow.evidenced else 1 if arrow.evidenced else 0]
        (x1, y1), (x2, y2) = place[arrow.child], place[arrow.parent]
        dash = "" if arrow.declared else ' stroke-dasharray="6 4"'
        width = 2.5 if arrow.evidenced else 1.2
        label = f"{kind} {arrow.label}".strip()
        parts += [
            (
                f'<line x1="{x1 + 140}" y1="{y1 + 28}" x2="{x2 + 140}" y2="{y2}" '
                f'stroke="{INK}" stroke-width="{width}"{dash}/>'
            ),
            _text(
                x1 + (x2 - x1) * 0.75 + 148, y1 + (y2 - y1) * 0.75 + 8, label, fill=SOFT, size=11
            ),
        ]
        said.append(f"{arrow.child} ← {arrow.parent}: {label}")
    for name, (x, y) in place.items():
        parts += [
            f'<rect x="{x}" y="{y}" width="280" height="28" rx="4" fill="#ffffff" stroke="{INK}"/>',
            _text(x + 140, y + 18, short(name, 38), anchor="middle"),
        ]
    height = 30 + 90 * (max(depth.values(), default=0) + 1)
    return _svg(id_, title, "; ".join(said), 640, height, "".join(parts))


@dataclass(frozen=True, slots=True)
class Point:
    """A coefficient of one component at one layer."""

    component: str
    layer: int
    alpha: float


SHAPES = ("circle", "square", "diamond", "triangle")


def alpha_by_layer(
    id_: str,
    title: str,
    points: Sequence[Point],
    interval: tuple[float, float, float],
    axis: str,
    controls: Sequence[str] = (),
) -> Figure:
    """α against layer, one shape a component.

    Args:
        id_: of the figure in the page.
        title: of the figure.
        points: one for each component and layer.
        interval: value, low and high over all tensors.
        axis: the word below the layers.
        controls: what must not fit and how far it does, a line each below the picture.
    """
    left, top, width, height = 50, 16, 440, 220
    last = max((p.layer for p in points), default=0) or 1
    names = sorted({p.component for p in points})

    def x(layer: float) -> float:
        return left + width * layer / last

    def y(alpha: float) -> float:
        return top + height * (1 - min(max(alpha, 0.0), 1.0))

    parts = [
        f'<rect x="{left}" y="{top}" width="{width}" height="{height}" fill="none" stroke="{LINE}"/>'
    ]
    parts += [
        _text(left - 6, y(tick) + 4, f"{tick:.2f}", anchor="end", fill=SOFT, size=11)
        for tick in (0.0, 0.25, 0.5, 0.75, 1.0)
    ]
    parts.append(_text(left + width / 2, top + height + 32, axis, anchor="middle", fill=SOFT))
    parts += [
        _text(x(layer), top + height + 16, str(layer), anchor="middle", fill=SOFT, size=11)
        for layer in sorted({0, last // 2, last})
    ]
    value, low, high = interval
    band = max(y(low) - y(high), 1.5)
    parts.append(
        f'<rect x="{left}" y="{y(high):.1f}" width="{width}" height="{band:.1f}" fill="#cfd8ea"/>'
    )
    parts.append(
        f'<line x1="{left}" y1="{y(value):.1f}" x2="{left + width}" y2="{y(value):.1f}" '
        f'stroke="#23408e" stroke-width="1.5"/>'
    )
    number_of = {name: number for number, name in enumerate(names)}
    parts += [_mark(number_of[p.component], x(p.layer), y(p.alpha)) for p in points]
    for number, name in enumerate(names[:14]):
        row = top + 8 + 16 * number
        parts += [
            _mark(number, left + width + 16, row),
            _text(left + width + 26, row + 4, short(name, 22), size=11),
        ]
    said = "; ".join(f"{p.component} {p.layer}: α {p.alpha:.3f}" for p in points[:200])
    said = f"α {value:.4f} [{low:.4f}, {high:.4f}]; {said}"
    bottom = top + height + 44
    for number, line in enumerate(controls):
        parts.append(_text(left, bottom + 8 + 16 * number, short(line, 100), fill=SOFT, size=11))
        said = f"{said}; {line}"
    return _svg(id_, title, said, 660, bottom + 16 * len(controls), "".join(parts))


COLORS = ("#23408e", "#a01818", "#1a6b2f", "#8a5300", "#5b3a8c", "#00677a")


def _mark(number: int, x: float, y: float) -> str:
    shape = SHAPES[number % len(SHAPES)]
    fill = f'fill="{COLORS[number % len(COLORS)]}"'
    if shape == "circle":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" {fill}/>'
    points = {
        "square": ((-3, -3), (3, -3), (3, 3), (-3, 3)),
        "diamond": ((0, -4.5), (4.5, 0), (0, 4.5), (-4.5, 0)),
        "triangle": ((0, -4), (4, 3), (-4, 3)),
    }[shape]
    path = " ".join(f"{x + dx:.1f},{y + dy:.1f}" for dx, dy in points)
    return f'<polygon points="{path}" {fill}/>'


def timeline(id_: str, title: str, events: Sequence[tuple[str, str]]) -> Figure:
    """Events as (date and time, what), oldest first, one below the other."""
    parts = [f'<line x1="14" y1="10" x2="14" y2="{24 * len(events) + 6}" stroke="{LINE}"/>']
    for number, (when, what) in enumerate(events):
        y = 22 + 24 * number
        parts += [
            f'<circle cx="14" cy="{y - 4}" r="4" fill="#23408e"/>',
            _text(28, y, when, fill=SOFT, size=11),
            _text(150, y, short(what, 84)),
        ]
    said = "; ".join(f"{when}: {what}" for when, what in events)
    return _svg(id_, title, said, 660, 24 * len(events) + 16, "".join(parts))
