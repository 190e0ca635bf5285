"""The canonical format: one self-contained page, no script, no request, strict content policy."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from cardlint.compliance.i18n import translator
from cardlint.errors import UsageError
from cardlint.report.compliance.interface import visible


def render(document: Mapping[str, Any]) -> bytes:
    """The page.

    Raises:
        UsageError: Jinja2 is not installed.
    """
    from markupsafe import Markup

    shown = visible({k: v for k, v in document.items() if k not in {"reply", "figures"}})
    # The publisher's reply is printed unedited: escaped, never shortened.
    reply = document["reply"]
    # Drawn by us with every text escaped (compliance/figures.py).
    drawn = [
        {**visible({k: v for k, v in f.items() if k != "svg"}), "svg": Markup(f["svg"])}  # noqa: S704
        for f in document["figures"]
    ]
    style = files("cardlint.report.compliance").joinpath("style.css").read_text("utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    page = _template().render(
        **shown,
        reply=reply,
        figures=drawn,
        style=Markup(style),  # noqa: S704  # our own file
        style_hash=digest,
        t=translator(document["language"]),
    )
    return str(page).encode("utf-8", "replace")


@cache
def _template() -> Any:
    try:
        import jinja2
    except ImportError:
        raise UsageError(
            "HTML reports need Jinja2", remedy="pip install 'cardlint[report]'"
        ) from None
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    source = files("cardlint.report.compliance").joinpath("template.html").read_text("utf-8")
    return environment.from_string(source)
