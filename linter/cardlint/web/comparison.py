"""The page of one comparison of weights."""

from __future__ import annotations

from cardlint.compliance.i18n import translator
from cardlint.compliance.lineage_table import share_figure
from cardlint.report.compliance.interface import visible
from cardlint.repository import Options
from cardlint.source.resolve import Resolver


def render(
    model: str, parents: list[str], resolver: Resolver, options: Options, language: str
) -> bytes:
    """Compare ``model`` with ``parents`` and write the page.

    Raises:
        Unavailable: a repository or its weights cannot be had.
    """
    from markupsafe import Markup

    from cardlint.web.pages import render as page
    from cardlint.weights.compare import compare
    from cardlint.weights.read import sketch

    t = translator(language)
    sketches = [
        sketch(resolver.target(name), budget=options.budget, name=name)
        for name in (model, *parents)
    ]
    result = compare(sketches[0], sketches[1:])
    # Drawn by us, every text escaped.
    drawn = [Markup(f.svg) for f in share_figure(result, t)]  # noqa: S704
    return page("compare.html", language, result=visible(result.json()), figures=drawn).encode()
