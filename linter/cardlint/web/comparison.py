"""The page of one comparison of weights."""

from __future__ import annotations

from cardlint.compliance.figures import Point, alpha_by_layer
from cardlint.compliance.i18n import translator
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
    points = [
        Point(c.component, c.layer, c.alpha, c.consistency)
        for c in result.components
        if c.alpha is not None and c.layer is not None and c.expert is None
    ]
    first = next(iter(result.verdict.coefficients.items()), None)
    figure = None
    if points and first:
        share = first[1]
        drawn = alpha_by_layer(
            "fig-alpha",
            t(
                "Share of {parent} by layer (least squares), with the interval over all tensors",
                parent=first[0],
            ),
            points,
            (share.value, share.low, share.high),
            t("layer"),
        )
        figure = Markup(drawn.svg)  # noqa: S704  # drawn by us, every text escaped
    return page("compare.html", language, result=visible(result.json()), figure=figure).encode()
