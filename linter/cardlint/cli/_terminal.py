"""What stdout and stderr are connected to, and what they can show."""

from __future__ import annotations

import os
import shutil
import sys

from cardlint.report.interface import Style


def style(*, color: str = "auto", hyperlinks: str = "auto", terminal: bool = True) -> Style:
    """How stdout wants its output.

    ``NO_COLOR`` (https://no-color.org) and ``FORCE_COLOR`` (https://force-color.org) decide for
    ``auto``; links are only for a terminal that is no continuous-integration log, whatever
    ``FORCE_COLOR`` says.

    Args:
        color: ``auto``, ``always`` or ``never``.
        hyperlinks: the same.
        terminal: False when the output goes to a file.
    """
    tty = terminal and sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
    if color == "auto":
        colored = not os.environ.get("NO_COLOR") and (tty or bool(os.environ.get("FORCE_COLOR")))
    else:
        colored = color == "always"
    linked = tty and not os.environ.get("CI") if hyperlinks == "auto" else hyperlinks == "always"
    width = min(shutil.get_terminal_size((100, 24)).columns, 120) if tty else 0
    return Style(color=colored, width=width, hyperlinks=linked)


def progress_wanted(format_: str) -> bool:
    """Progress is for a person at a terminal: never in a log, never beside data."""
    return format_ in {"text", "concise"} and sys.stderr.isatty() and not os.environ.get("CI")
