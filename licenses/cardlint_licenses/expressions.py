"""SPDX license expressions, through `license-expression`."""

from __future__ import annotations


def symbols(expression: str) -> tuple[str, ...] | None:
    """The licenses that an expression names, in order, each once; ``None`` if it is none.

    Whether they are joined by AND or OR is left to the reader: the Hub's lists do not say either.
    """
    from license_expression import (  # noqa: PLC0415  # slow to import, seldom needed
        ExpressionError,
        Licensing,
    )

    licensing = Licensing()
    try:
        parsed = licensing.parse(expression, simple=True)
        if parsed is None:
            return None
        return tuple(str(key) for key in licensing.license_keys(parsed, unique=True))
    except (ExpressionError, AttributeError, TypeError):  # it raises the latter on hostile input
        return None
