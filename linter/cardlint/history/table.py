"""A timeline as a table for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from cardlint.history.telling import conclusions, rows
from cardlint.history.timeline import Timeline
from cardlint.report.escape import visible
from cardlint.report.interface import Style
from cardlint.report.paint import Line, Span, render


def text(timeline: Timeline, model: str, style: Style, *, every: bool = False) -> str:
    """The table: date, commit, what it did; then what it comes to.

    Args:
        timeline: what happened.
        model: how the user knows the repository.
        style: of the terminal.
        every: also list commits that changed neither card nor weights.
    """
    return render(list(_lines(timeline, model, every=every)), style)


def _lines(timeline: Timeline, model: str, *, every: bool) -> Iterator[Line]:
    yield Line(Span(visible(model), "bold"))
    hidden = 0
    for state, deeds in rows(timeline):
        if not deeds and not every:
            hidden += 1
            continue
        commit = state.commit
        head = (Span(f"{commit.date:%Y-%m-%d %H:%M}  "), Span(f"{commit.id[:7]}  ", "place"))
        yield Line(*head, Span(visible(commit.title)[:72], "dim"), indent=2)
        for deed in deeds:
            yield Line(visible(deed), indent=29, hang=2)
    if hidden:
        plural = "s" if hidden > 1 else ""
        yield Line(
            Span(f"{hidden} commit{plural} changed neither card nor weights", "dim"), indent=2
        )
    yield Line("")
    for sentence in conclusions(timeline):
        yield Line(visible(sentence), hang=2)
    for gap in timeline.gaps:
        yield Line(Span("not checked: ", "warning"), visible(gap.why), hang=2)
