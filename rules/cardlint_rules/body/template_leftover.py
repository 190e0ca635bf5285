"""``body/template-leftover``."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cardlint.card.words import has_any
from cardlint.findings import Finding, Severity
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule
from cardlint_rules.body._template import JINJA, LEFTOVER

SHOWN = 50
"""Lines in the evidence."""
POINTED = 4
"""Places that a reader is pointed to; the rest are like them."""


class TemplateLeftover(Rule):
    """The card holds instructions or fields of the template that it was made from.

    ## What it checks
    Fields that no program filled in (`{{ model_id }}`), the comments of the Hub's template
    ("Provide a quick summary of what the model is/does.") and sentences about the template itself
    ("You should probably proofread and complete it, then remove this comment"), outside of code.

    ## Why it matters
    They say that nobody has read the card since a program wrote it.

    ## Example
    ```markdown
    # Model Card for {{ model_id }}
    ```

    ## How to fix
    Fill in the fields, and remove the sentences and comments that speak of the template.

    ## Sources
    - huggingface_hub, `templates/modelcard_template.md`; transformers, `modelcard.py`
    """

    id = "body/template-leftover"
    severity = Severity.INFO
    needs = frozenset({Fact.CARD})

    def check(self, repo: Repository) -> Iterator[Finding]:
        card = repo.card
        if not has_any(
            card, "{{", "{%", "modelcard", "model card", "raw template", "proofread", "<!--"
        ):
            return
        found = sorted(
            [
                *((m, "field") for m in JINJA.finditer(card.text, card.body_start)),
                *((m, "text") for m in LEFTOVER.finditer(card.text, card.body_start)),
            ],
            key=lambda pair: pair[0].start(),
        )
        if not found:
            return
        found = [(m, kind) for m, kind in found if not card.markdown.in_code(m.start())]
        if not found:
            return
        fields = [m for m, kind in found if kind == "field"]
        shown = _line(card.text, found[0][0])
        more = f" and {len(found) - 1} more" if len(found) > 1 else ""
        yield self.finding(
            f"“{shown}”{more}: {'a field that nobody filled in' if fields else 'a text of the template'}.",
            card.location(found[0][0].start(), found[0][0].end()),
            next_step="Fill in the fields and remove what speaks of the template.",
            evidence={
                "count": len(found),
                "fields": [m[0] for m in fields[:SHOWN]],
                "lines": [card.location(m.start()).line for m, _ in found[:SHOWN]],
            },
            severity=Severity.WARNING if fields else None,
            related=[card.location(m.start(), m.end()) for m, _ in found[1:POINTED]],
        )


def _line(text: str, match: re.Match[str]) -> str:
    """What was found, to the end of its line or comment."""
    rest = re.split(r"-->|[\r\n]", text[match.start() : match.end() + 80], maxsplit=1)[0]
    return " ".join(max(rest, match[0], key=len).removeprefix("<!--").split())[:90]
