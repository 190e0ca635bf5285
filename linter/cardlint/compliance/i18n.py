"""The report in the reader's language: gettext catalogues, read with Babel.

English is the language of the message ids. What a model's own files say, and findings, which quote
them, are never translated; the report marks them with their language.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files

from cardlint.errors import UsageError

LANGUAGES = {"en": "en", "pt-BR": "pt_BR", "es": "es"}
"""BCP 47 tag → catalogue."""

Translate = Callable[..., str]


def translator(language: str) -> Translate:
    """A function that translates a message and fills in its ``{named}`` values.

    Raises:
        UsageError: there is no catalogue for this language, or Babel is not installed.
    """
    if language not in LANGUAGES:
        raise UsageError(
            f"reports are not written in {language}",
            remedy=f"Choose one of {', '.join(LANGUAGES)}.",
        )
    messages = {} if language == "en" else _catalogue(LANGUAGES[language])

    def translate(message: str, **values: object) -> str:
        text = messages.get(message) or message
        return text.format(**values) if values else text

    return translate


def _catalogue(name: str) -> dict[str, str]:
    try:
        from babel.messages.pofile import read_po
    except ImportError:
        raise UsageError(
            "reports in other languages than English need Babel",
            remedy="pip install 'cardlint[report]'",
        ) from None
    with files("cardlint.compliance").joinpath(f"catalogues/{name}.po").open("rb") as file:
        catalogue = read_po(file, locale=name)
    return {str(m.id): str(m.string) for m in catalogue if m.id and m.string}
