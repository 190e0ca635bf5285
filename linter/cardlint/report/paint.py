"""Lines of styled text for a terminal; plain text where there is none.

rich does the wrapping, the colors and the links; it is imported only for a terminal, so that a
pipe and a server never pay for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cardlint.report.interface import Style

STYLES = {
    "error": "bold red",
    "warning": "yellow",
    "info": "cyan",
    "place": "blue",
    "bold": "bold",
    "dim": "dim",
    "good": "green",
}


@dataclass(frozen=True, slots=True)
class Span:
    """A run of characters in one style. The text is harmless already."""

    text: str
    style: str = ""
    link: str | None = None


class Line:
    """One line; when it has to be wrapped, what follows is indented by ``indent + hang``."""

    __slots__ = ("hang", "indent", "spans")

    def __init__(self, *spans: Span | str, indent: int = 0, hang: int = 0) -> None:
        self.spans = [s if isinstance(s, Span) else Span(s) for s in spans]
        self.indent = indent
        self.hang = hang

    def __str__(self) -> str:
        return " " * self.indent + "".join(s.text for s in self.spans)


def render(lines: Sequence[Line], style: Style) -> str:
    """The lines as one text with a final newline."""
    if not (style.color or style.hyperlinks or style.width):
        return "".join(f"{line!s}".rstrip() + "\n" for line in lines)
    return _rich(lines, style)


def _rich(lines: Sequence[Line], style: Style) -> str:
    import io

    from rich.console import Console
    from rich.text import Text

    out = io.StringIO()
    console = Console(
        file=out,
        force_terminal=True,
        color_system="standard" if style.color or style.hyperlinks else None,  # None: no links
        width=style.width or 10_000,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
        no_color=not style.color,
    )
    for line in lines:
        text = Text()
        for span in line.spans:
            look = STYLES.get(span.style, "") if style.color else ""
            if span.link and style.hyperlinks:
                look = f"{look} link {span.link}".strip()
            text.append(span.text, look)
        margin = " " * line.indent
        room = max((style.width or 10_000) - line.indent - line.hang, 20)
        for number, part in enumerate(text.wrap(console, room) or [Text()]):
            part.rstrip()
            console.print(
                Text(margin + (" " * line.hang if number else "")).append_text(part),
                overflow="ignore",
                no_wrap=True,
                crop=False,
            )
    return out.getvalue()
