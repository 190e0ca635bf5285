"""What is wrong with a YAML text, in words, and whom it stops."""

from __future__ import annotations

from dataclasses import dataclass

from cardlint.card.nodes import Span

_STOPS = {
    "syntax": (True, True),
    "tag": (True, True),
    "not-a-map": (True, True),
    "duplicate-key": (True, False),
    "line-break": (False, True),
    "tab": (True, True),
    "alias-bomb": (False, False),
    "too-large": (False, False),
    "empty": (False, False),
}
"""Problem code → whether js-yaml (the Hub) refuses the card, and whether PyYAML does."""


LONGEST = 200
"""Characters of a message: names of tags and anchors are a stranger's text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class YamlProblem:
    """Why the front matter, or a part of it, is not read as it is meant."""

    code: str
    """``syntax``, ``tab``, ``line-break``, ``tag``, ``duplicate-key``, ``alias-bomb``,
    ``too-large``, ``empty``, ``not-a-map``."""
    message: str
    span: Span
    hub: bool = True
    """Whether the Hub's parser (js-yaml) refuses the card for it."""
    python: bool = True
    """Whether Python's parser (PyYAML) cannot load the card for it."""
    related: tuple[Span, ...] = ()
    """Other places that matter: the first of two keys, an anchor, further tabs."""


def problem(code: str, message: str, span: Span, *related: Span) -> YamlProblem:
    """A problem, with what is known of its code: whom it stops."""
    hub, python = _STOPS[code]
    if len(message) > LONGEST:
        message = message[: LONGEST - 1] + "…"
    return YamlProblem(
        code=code, message=message, span=span, hub=hub, python=python, related=related
    )


class Stop(Exception):  # noqa: N818  # it ends the reading; the problem says why
    """The text cannot be read further.

    Args:
        problem: why, and where.
        at: the offset into the YAML text at which the parser stopped.
    """

    def __init__(self, problem: YamlProblem, at: int) -> None:
        super().__init__(problem.message)
        self.problem = problem
        self.at = at


def wording(context: str, said: str, character: str) -> str:
    """What a parser says, in plain words that are the same for libyaml and for PyYAML's own."""
    if "quoted" in context and "end of stream" in said:
        return "a quote is opened here and not closed"
    if "flow" in context:
        return "a bracket is opened here and not closed, or a comma is missing in it"
    if "mapping values" in said:
        return "a second `: ` stands on the line: put the value in quotes"
    if "cannot start any token" in said:
        return f"a value cannot begin with {character!r}: put it in quotes"
    if "could not find expected ':'" in said:
        return "a line is neither `key: value` nor part of a list"
    if "did not find expected key" in said or "<block end>" in said:
        return "the line does not fit the indentation of those above it"
    if "'-' indicator" in said or "sequence entries" in said:
        return "a list item stands where none can begin"
    if "escape" in said:
        return "a backslash in double quotes begins no known escape: use single quotes"
    return said or context or "it cannot be read"
