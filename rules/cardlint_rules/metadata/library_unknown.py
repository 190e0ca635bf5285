"""``metadata/library-unknown``."""

from __future__ import annotations

from collections.abc import Iterator

from cardlint.card import vocabulary
from cardlint.card.nodes import Kind, Value
from cardlint.findings import Finding, Severity
from cardlint_rules.metadata._front_matter import (
    FrontMatterRule,
    evident,
    replace,
    rewrite,
    written,
)


class LibraryUnknown(FrontMatterRule):
    """`library_name` is not a library that the Hub knows.

    ## What it checks
    `library_name` is one of the keys of the Hub's list of libraries. Others are allowed.

    ## Why it matters
    For a library that it knows the Hub shows code that loads the model, and counts downloads. A
    spelling that it does not know (`Transformers`) loses both.

    ## Example
    ```yaml
    library_name: Transformers
    ```

    ## How to fix
    ```yaml
    library_name: transformers
    ```

    ## Sources
    - @huggingface/tasks, `model-libraries.ts`
    """

    id = "metadata/library-unknown"
    severity = Severity.INFO

    def judge(self, root: Value) -> Iterator[Finding]:
        value = root.get("library_name")
        known = vocabulary.libraries()
        if value is None or value.kind is not Kind.STR or value.text in known:
            return
        by_name = {name.casefold(): key for key, name in known.items()}
        meant = by_name.get(value.text.strip().casefold()) or vocabulary.nearest(value.text, known)
        same = meant is not None and meant.casefold() == value.text.strip().casefold()
        yield self.finding(
            f"{written(value) or 'An empty text'} is not a library that the Hub knows.",
            value.span.location(),
            next_step=f"Did you mean {meant}?"
            if meant
            else "Leave it if the library is a new one.",
            evidence={"library_name": evident(value.text), "vocabulary_date": vocabulary.date()},
            fix=replace(value.span, rewrite(value, meant), f"Write {meant}", safe=same)
            if meant
            else None,
        )
