"""The archival format: PDF/A-3a and PDF/UA-1 in one file, with the JSON attached.

Typeset by typst. The template is ours; everything from the model reaches it as JSON values, which
typst never evaluates, so no text of a card can become markup.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from importlib.resources import files
from typing import Any

from cardlint.compliance.i18n import translator
from cardlint.errors import UsageError
from cardlint.report.compliance import json as as_json
from cardlint.report.compliance.interface import visible

STANDARDS: list[Any] = ["a-3a", "ua-1"]
"""ISO 19005-3 level A (archival, accessible) and ISO 14289-1 (accessible)."""

WORDS = (
    "Compliance report",
    "Commit",
    "Repository",
    "Date of this report",
    "Program and rules",
    "In plain words",
    "Verdict by axis",
    "Axis",
    "Status",
    "Findings",
    "Claims ledger",
    "Claim",
    "Where",
    "Since",
    "Evidence",
    "Counter-evidence",
    "Lineage: declared and measured",
    "Parent",
    "Declared",
    "Measured",
    "Share",
    "Figures",
    "License obligations",
    "Upstream",
    "License",
    "Condition",
    "Clause",
    "Proposed NOTICE",
    "History of card and files",
    "Date (UTC)",
    "What changed",
    "Frameworks",
    "Item",
    "Found",
    "Where from",
    "For a person",
    "empty: for a person",
    "Source",
    "Place",
    "Rule",
    "Severity",
    "What was found",
    "Next step",
    "Not checked",
    "What",
    "Because",
    "Waivers",
    "By",
    "Reason",
    "None.",
    "The publisher's reply",
    "None was given.",
    "Method and limits",
    "How to repeat this report",
    "Evidence manifest",
    "File",
    "Bytes",
    "Data of this report",
    "This is not legal advice. Each row names what was found and where; empty cells are for a person.",
    "Contents",
)
STATUSES = (
    "pass",
    "fail",
    "warning",
    "not applicable",
    "undetermined",
    "needs a person",
    "supported",
    "contradicted",
    "doubted",
    "not checked",
    "nothing speaks against it",
    "error",
    "info",
)


def render(document: Mapping[str, Any]) -> bytes:
    """The file.

    Raises:
        UsageError: typst is not installed.
    """
    try:
        import typst
    except ImportError:
        raise UsageError("PDF reports need typst", remedy="pip install 'cardlint[pdf]'") from None
    t = translator(document["language"])
    data = {
        **visible({k: v for k, v in document.items() if k not in {"figures", "reply"}}),
        "reply": document["reply"],
        "figures": document["figures"],
        "words": {word: t(word) for word in (*WORDS, *STATUSES)},
    }
    when = datetime.fromisoformat(document["cover"]["date"])
    template = files("cardlint.report.compliance").joinpath("template.typ").read_text("utf-8")
    made: bytes = typst.compile(
        template.encode(),
        sys_inputs={
            "data": json.dumps(data, ensure_ascii=False),
            "attachment": as_json.render(document).decode(),
        },
        pdf_standards=STANDARDS,
        ignore_system_fonts=True,  # the same fonts, hence the same bytes, everywhere
        timestamp=int(when.timestamp()),
    )
    return made
