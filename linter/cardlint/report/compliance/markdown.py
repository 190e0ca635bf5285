"""Markdown, for discussions and job summaries: the same sections, shorter tables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cardlint.compliance.i18n import translator
from cardlint.report.compliance.interface import visible


def escape(text: object) -> str:
    """A value as plain text in a Markdown table cell: nothing in it is markup or HTML."""
    flat = re.sub(r"\s+", " ", str(text)).strip()
    flat = re.sub(
        r"([\\`*_{}\[\]()#+!|~>-])", r"\\\1", flat.replace("&", "&amp;").replace("<", "&lt;")
    )
    return flat.replace("://", ":&#47;&#47;").replace("@", "&#64;") or "–"


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """A pipe table; cells are escaped."""
    lines = [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}"]
    lines += [f"| {' | '.join(escape(c) for c in row)} |" for row in rows]
    return [*lines, ""]


def render(document: Mapping[str, Any]) -> bytes:
    """The report as CommonMark with tables."""
    t = translator(document["language"])
    d = visible({k: v for k, v in document.items() if k != "reply"})
    cover = d["cover"]
    out = [
        f"# {t('Compliance report')}: {escape(cover['repository'])}",
        "",
        f"- {t('Commit')}: `{cover['commit'] or '–'}`",
        f"- {t('Date of this report')}: {cover['date']}",
        f"- cardlint {cover['cardlint']}; {t('{run} of {all} rules run', run=cover['rules_run'], all=cover['rules'])}",
        "",
        f"## {t('In plain words')}",
        "",
    ]
    for paragraph in d["plain"]:
        out += [escape(paragraph), ""]
    out += [f"## {t('Verdict by axis')}", ""]
    out += table(
        [t("Axis"), t("Status"), t("Findings")],
        [(a["title"], t(a["status"]), a["findings"]) for a in d["axes"]],
    )
    out += [f"## {t('Claims ledger')}", ""]
    out += table(
        [t("Claim"), t("Where"), t("Since"), t("Evidence"), t("Counter-evidence"), t("Status")],
        [
            (
                c["claim"],
                c["where"],
                c["since"] or "–",
                "; ".join(c["evidence"]),
                "; ".join(c["counter_evidence"]),
                t(c["status"]),
            )
            for c in d["claims"]
        ],
    )
    out += [f"## {t('Lineage: declared and measured')}", ""]
    out += table(
        [t("Parent"), t("Declared"), t("Measured"), t("Share")],
        [
            (r["parent"], r["declared"] or "–", r["measured"] or "–", r["share"] or "–")
            for r in d["lineage"]
        ],
    )
    out += [f"## {t('License obligations')}", ""]
    out += table(
        [t("Upstream"), t("License"), t("Condition"), t("Clause"), t("Status")],
        [
            (o["upstream"], o["license"], o["condition"], o["clause"], t(o["status"]))
            for o in d["obligations"]
        ],
    )
    out += [f"## {t('History of card and files')}", ""]
    out += table(
        [t("Date (UTC)"), t("Commit"), t("What changed")],
        [(e["date"], e["commit"][:12], e["what"]) for e in d["history"]],
    )
    for framework in d["frameworks"]:
        out += [f"## {escape(framework['title'])}", ""]
        out += table(
            [t("Clause"), t("Item"), t("Found"), t("Where from"), t("Status")],
            [
                (
                    c["ref"],
                    cell["title"],
                    "; ".join(cell["values"]) or t("empty: for a person"),
                    cell["where"] or "–",
                    t(cell["status"]),
                )
                for c in framework["clauses"]
                for cell in c["cells"]
            ],
        )
    out += [f"## {t('Findings')}", ""]
    out += table(
        [t("Place"), t("Rule"), t("Severity"), t("What was found"), t("Next step")],
        [
            (f"{f['path']}:{f['line']}", f["rule"], t(f["severity"]), f["message"], f["next_step"])
            for f in d["findings"]
        ],
    )
    out += [f"## {t('Not checked')}", ""]
    out += table([t("What"), t("Because")], [(n["what"], n["why"]) for n in d["not_checked"]])
    reply_heading = t("The publisher's reply")
    out += [f"## {reply_heading}", ""]
    reply = document["reply"] or t("None was given.")
    fence = "`" * max(3, 1 + max((len(m) for m in re.findall(r"`+", reply)), default=0))
    out += [f"{fence}text", reply, fence, ""]
    out += [f"## {t('Method and limits')}", "", *(f"- {escape(m)}" for m in d["method"]), ""]
    out += [f"## {t('How to repeat this report')}", "", *(f"    {c}" for c in d["repeat"]), ""]
    return ("\n".join(out) + "\n").encode("utf-8", "replace")
