"""A timeline as a table for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from cardlint.history.telling import conclusions, rows
from cardlint.history.timeline import CARD, Timeline
from cardlint.report.escape import visible
from cardlint.report.interface import Style
from cardlint.report.paint import Line, Span, render


def text(timeline: Timeline, model: str, style: Style, *, every: bool = False) -> str:
    """The table: date, commit, what it did; then what it comes to.

    Args:
        timeline: what happened.
        model: how the user knows the repository.
        style: of the terminal.
        every: also list commits that changed nothing but words, or neither card nor weights.
    """
    return render(list(_lines(timeline, model, every=every)), style)


def _lines(timeline: Timeline, model: str, *, every: bool) -> Iterator[Line]:
    yield Line(Span(visible(model), "bold"))
    hidden = {"only words of the card": 0, "neither card nor weights": 0}
    for state, deeds in rows(timeline):
        kind = "only words of the card" if CARD in state.changed else "neither card nor weights"
        if not deeds and not every:
            hidden[kind] += 1
            continue
        commit = state.commit
        head = (Span(f"{commit.date:%Y-%m-%d %H:%M}  "), Span(f"{commit.id[:7]}  ", "place"))
        yield Line(*head, Span(visible(commit.title)[:72], "dim"), indent=2)
        for deed in deeds or [f"({kind})"]:
            yield Line(visible(deed), indent=29, hang=2)
    for kind, count in hidden.items():
        if count:
            commits = f"{count:,} commit{'s' if count > 1 else ''}"
            yield Line(Span(f"{commits} changed {kind}", "dim"), indent=2)
    yield Line("")
    for sentence in conclusions(timeline):
        yield Line(visible(sentence), hang=2)
    for gap in timeline.gaps:
        yield Line(Span("not checked: ", "warning"), visible(gap.why), hang=2)
