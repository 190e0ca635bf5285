"""``metadata/language-unknown``."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cardlint.card import vocabulary
from cardlint.card.nodes import Kind, Value
from cardlint.findings import Finding, NotChecked, Severity
from cardlint_rules.metadata._front_matter import (
    FrontMatterRule,
    bounded,
    evident,
    replace,
    rewrite,
    values,
    written,
)

_CODE = re.compile(r"[a-z]{2,3}")


class LanguageUnknown(FrontMatterRule):
    """A value of `language` is not a language code that the Hub accepts.

    ## What it checks
    Each language is a code of ISO 639-1 or 639-3 in lower case (`en`, `pt`, `yue`), or `code`, or
    `multilingual`. A code of two or three letters that the Hub's list lacks is a warning: it may be one
    of ISO 639-2, which the Hub takes as well.

    ## Why it matters
    Since 2026 the Hub refuses cards with others ("language[0]" must only contain lowercase characters).
    A region belongs in `language_bcp47`.

    ## Example
    ```yaml
    language: English
    ```

    ## How to fix
    ```yaml
    language: en
    ```

    ## Sources
    - @huggingface/languages 1.0.0 (ISO 639-1, 639-3)
    - huggingface_hub, issue 3862; wav2vec2-sprint, issue 11; espnet_model_zoo, pull request 102
    """

    id = "metadata/language-unknown"
    severity = Severity.ERROR

    def judge(self, root: Value) -> Iterator[Finding | NotChecked]:
        yield from bounded(self._wrong(root), self.id, "language")

    def _wrong(self, root: Value) -> Iterator[Finding]:
        for _field, _name, value in values(root, "language"):
            if value.kind is Kind.STR and value.text not in vocabulary.languages():
                yield self._said(value)

    def _said(self, value: Value) -> Finding:
        text = value.text.strip()
        meant = vocabulary.language_spelled(text)
        is_code = _CODE.fullmatch(text) is not None
        lost = "-" in text or "_" in text
        fix = None
        if meant:
            fix = replace(value.span, rewrite(value, meant), f"Write {meant}", safe=not lost)
        step = f"Write {meant}." if meant else "Write a code of ISO 639 in lower case, such as en."
        if meant and lost:
            step = f"Write {meant}, and {text} under language_bcp47."
        return self.finding(
            f"{written(value) or 'An empty text'} is not in the Hub's list of language codes.",
            value.span.location(),
            next_step=step,
            severity=Severity.WARNING if is_code else Severity.ERROR,
            evidence={"language": evident(text)},
            fix=fix,
        )
