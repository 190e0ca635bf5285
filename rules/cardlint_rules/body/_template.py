"""Texts that templates and tools leave in cards: prompts to fill in, not statements."""

from __future__ import annotations

import re

PLACEHOLDER = re.compile(
    r"\[\s*More Information Needed\s*\](?:\([^)]*\))?"
    r"|\bmore information needed\b"
    r"|\[\s*(?:TODO|TBD|FIXME|XXX|INSERT[^\[\]\n]{0,40}|FILL[- ]?IN(?!-the)\b[^\[\]\n]{0,40}|ADD[^\[\]\n]{0,40}HERE)\s*\](?!\()"
    r"|(?m:^[-*+> \t]{0,20}(?:TODO|TBD|FIXME|To be (?:added|completed|determined|done|filled(?: in)?|updated)|Coming soon|WIP|A definir|A preencher|Por completar|Por definir|Em breve|Próximamente)"
    r"[.!… \t\r]{0,20}$)"
    r"|\blorem ipsum\b"
    r"|<\s*(?:your|insert|fill)[- _][\w -]{2,40}>",
    re.IGNORECASE,
)
"""Where an answer should stand, a mark that there is none."""

PLACEHOLDER_WORDS = (
    "more information needed", "todo", "tbd", "fixme", "xxx", "insert", "fill", "here", "to be ", "soon", "wip", "a definir", "a preencher",
    "por completar", "por definir", "em breve", "próximamente", "lorem", "your",
)  # fmt: skip
"""One of these (lower case) is in everything that :data:`PLACEHOLDER` finds."""

JINJA = re.compile(r"\{\{\s*[a-z_][\w.]*(?:\s*\|\s*[^{}\n]{0,100})?\s*\}\}|\{%[^{}\n]{1,100}%\}")
"""A field of a template that was not filled in."""

LEFTOVER = re.compile(
    r"This modelcard aims to be a base template for new models"
    r"|It has been generated using \[this raw template\]"
    r"|You\s+should\s+probably\s+proofread\s+and\s+complete\s+it"
    r"|(?:This is|The) (?:the )?model card of a 🤗 transformers model that has been pushed on the Hub"
    r"|<!--\s*(?:Provide a (?:quick|longer) summary of what|Address questions around how the model|This section is meant to convey|"
    r"This section is for the model use when|This section addresses misuse|This section describes the evaluation protocols|"
    r"This relates heavily to the Technical Specifications|This should link to a (?:Dataset|data) Card|These are the evaluation metrics|"
    r"Total emissions|If there is a paper or blog post introducing|Relevant interpretability work|If relevant, include terms)",
    re.IGNORECASE,
)
"""Sentences of a template about the template."""
