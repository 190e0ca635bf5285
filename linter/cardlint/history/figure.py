"""A timeline as an SVG figure: two lanes on one axis of time, events numbered and listed below.

The figure is the same for the same timeline, shows what it says without color, and carries the
whole list as text for those who cannot see it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from textwrap import wrap
from xml.sax.saxutils import escape

from cardlint.history.telling import conclusions, rows
from cardlint.history.timeline import Timeline
from cardlint.report.escape import visible

WIDTH = 960
LEFT, RIGHT = 110, 930
CARD_Y, WEIGHTS_Y, AXIS_Y, LIST_Y = 70, 120, 160, 205
ROW = 20
MAX_EVENTS = 60
"""Events drawn and listed; a figure with more cannot be read."""
MAX_WORDS = 120
"""Characters of a row of the list."""


@dataclass(frozen=True, slots=True)
class _Event:
    date: datetime
    label: str
    card: bool
    weights: bool


def svg(timeline: Timeline, model: str) -> str:
    """The figure.

    Args:
        timeline: what happened.
        model: how the user knows the repository.
    """
    events = [
        _Event(
            state.commit.date,
            f"{state.commit.date:%Y-%m-%d %H:%M} {state.commit.id[:7]}: {'; '.join(deeds)}",
            any(not d.startswith("weights") for d in deeds),
            any(d.startswith("weights") for d in deeds),
        )
        for state, deeds in rows(timeline)
        if deeds
    ]
    left_out = len(events) - MAX_EVENTS
    events = events[:MAX_EVENTS]
    ends = [s.commit.date for s in timeline.states]
    first, last = (min(ends), max(ends)) if ends else (None, None)
    listed = [f"{n}. {e.label}" for n, e in enumerate(events, 1)]
    if left_out > 0:
        listed.append(f"… and {left_out} more events")
    listed += [*conclusions(timeline)]
    written = [
        line
        for entry in listed[: MAX_EVENTS + 20]
        for line in wrap(visible(entry), MAX_WORDS, subsequent_indent="\u2003")
    ]
    height = LIST_Y + ROW * len(written) + 20
    title = f"History of {model}"
    parts = [
        svg_open(WIDTH, height),
        f'<title id="title">{_text(title)}</title>',
        f'<desc id="desc">{_text(" ".join(listed))}</desc>',
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
        _words(20, 30, title, size=16, weight="bold"),
        _words(20, CARD_Y + 4, "card"),
        _words(20, WEIGHTS_Y + 4, "weights"),
    ]
    if first and last:
        scale = _Scale(first, last)
        parts += _lanes(timeline, scale)
        parts += _axis(scale)
        parts += _marks(events, scale)
    parts += [_words(20, LIST_Y + ROW * n, line) for n, line in enumerate(written)]
    return "\n".join([*parts, "</svg>"]) + "\n"


def svg_open(width: int, height: int) -> str:
    """The root element; the figure is named by its ``title`` and told by its ``desc``."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" role="img" aria-labelledby="title desc" '
        'font-family="system-ui, sans-serif" font-size="13">'
    )


@dataclass(frozen=True, slots=True)
class _Scale:
    first: datetime
    last: datetime

    def x(self, date: datetime) -> float:
        whole = (self.last - self.first).total_seconds() or 1.0
        share = (date - self.first).total_seconds() / whole
        return round(LEFT + share * (RIGHT - LEFT), 1)


def _lanes(timeline: Timeline, scale: _Scale) -> list[str]:
    """A bar as long as there is a card, and one as long as there are weights."""
    parts = []
    states = timeline.states
    for number, state in enumerate(states):
        until = states[number + 1].commit.date if number + 1 < len(states) else scale.last
        begin, end = scale.x(state.commit.date), scale.x(until)
        if number + 1 == len(states):
            end = max(end, begin) + 15
        for here, y, color in (
            (state.card_text is not None or state.card_unread, CARD_Y, "#9ecae1"),
            (bool(state.weights), WEIGHTS_Y, "#a1d99b"),
        ):
            if here and end > begin:
                parts.append(
                    f'<rect x="{begin}" y="{y - 7}" width="{round(end - begin, 1)}" height="14" '
                    f'fill="{color}"/>'
                )
    return parts


def _axis(scale: _Scale) -> list[str]:
    first, last = f"{scale.first:%Y-%m-%d %H:%M}", f"{scale.last:%Y-%m-%d %H:%M}"
    return [
        f'<line x1="{LEFT}" y1="{AXIS_Y}" x2="{RIGHT}" y2="{AXIS_Y}" stroke="#444"/>',
        _words(LEFT, AXIS_Y + 18, first, size=11),
        _words(RIGHT, AXIS_Y + 18, last, size=11, anchor="end"),
    ]


def _marks(events: Sequence[_Event], scale: _Scale) -> list[str]:
    """A number for each event in its lane; those that would cover each other climb."""
    parts = []
    taken: dict[tuple[int, int], float] = {}
    for number, event in enumerate(events, 1):
        x = scale.x(event.date)
        for wanted, lane in ((event.card, CARD_Y), (event.weights, WEIGHTS_Y)):
            if not wanted:
                continue
            step = next((s for s in range(3) if x - taken.get((lane, s), -99.0) > 18), 2)
            taken[lane, step] = x
            y = lane - 12 * step
            parts.append(
                f'<circle cx="{x}" cy="{y}" r="8" fill="#fff" stroke="#222"/>'
                + _words(x, y + 4, str(number), size=10, anchor="middle")
            )
    return parts


def _words(
    x: float, y: float, text: str, *, size: int = 13, weight: str = "normal", anchor: str = "start"
) -> str:
    return (
        f'<text x="{x}" y="{y}" font-size="{size}" font-weight="{weight}" '
        f'text-anchor="{anchor}" fill="#222">{_text(text)}</text>'
    )


def _text(text: str) -> str:
    return escape(visible(text))
