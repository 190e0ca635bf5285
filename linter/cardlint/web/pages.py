"""Our own pages, from templates with automatic escaping."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

from cardlint.compliance.i18n import LANGUAGES, translator


@cache
def _templates() -> Any:
    import jinja2

    folder = files("cardlint.web")
    loader = jinja2.FunctionLoader(lambda name: folder.joinpath(name).read_text("utf-8"))
    return jinja2.Environment(loader=loader, autoescape=True, undefined=jinja2.StrictUndefined)


def render(template: str, language: str, **values: Any) -> str:
    """One page in a language that there is a catalogue for."""
    text: str = (
        _templates()
        .get_template(template)
        .render(t=translator(language), language=language, languages=LANGUAGES, **values)
    )
    return text
