"""Cards that try to get out of their place in the report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cardlint.compliance.scan import scan
from cardlint.report.compliance import html, markdown, pdf
from cardlint.repository import Options
from cardlint.source.resolve import Resolver
from tests.kit import browser
from tests.kit.repos import write_files

ATTACKS = (
    "<script>window.pwned=1</script>",
    "<img src=x onerror=window.pwned=1>",
    "<svg/onload=window.pwned=1>",
    "<a href='javascript:window.pwned=1'>x</a>",
    "</td></tr></table></section></main><h1>pwned</h1>",
    "</title><script>window.pwned=1</script>",
    "<style>*{display:none}</style>",
    "{{ 7*7 }} {% raw %} #set text(red) $x$ #sys.inputs",
    "\u202egnp.exe \u200b\u2066hidden\u2069",
    '"><base href="https://example.org/">',
    "]]></svg><script>window.pwned=1</script>",
    "=HYPERLINK(1)",
)


def hostile(root: Path) -> dict[str, Any]:
    """The document of a repository in which every text is an attack."""
    joined = " ".join(ATTACKS)
    listed = "\n".join(f"- {a!r}" for a in ATTACKS)
    card = (
        f"---\nlicense: {ATTACKS[0]!r}\nbase_model:\n{listed}\ntags: [x]\nlanguage: {ATTACKS[1]!r}\n"
        f"datasets: {ATTACKS[2]!r}\npipeline_tag: {ATTACKS[3]!r}\n---\n# {joined}\n\n"
        f"## Training data {joined}\n\nwe trained from scratch. contact@example.org\n\n"
        f"A merge of evil/{'x' * 40} {joined}\n\n" + "long " * 40_000
    )
    write_files(
        root / "org/model",
        {
            "README.md": card,
            "config.json": {"json": {"architectures": list(ATTACKS), "model_type": ATTACKS[0]}},
            "<img src=x onerror=window.pwned=1>.txt": "x",
            "LICENSE": joined,
        },
    )
    made, _ = scan(
        "org/model",
        Resolver(hub=root, offline=True),
        Options(offline=True),
        "en",
        (),
        "public-sector",
        None,
    )
    return made


def test_nothing_of_a_card_becomes_markup(tmp_path: Path) -> None:
    """The page's structure is that of an honest card's page."""
    page = html.render(hostile(tmp_path)).decode()
    for word in (
        "<script",
        "<img",
        "onerror=window.pwned=1>",
        "<base",
        "\u202e",
        "\u200b",
        "\u2066",
    ):
        assert word not in page.replace("&lt;", "_")
    assert page.count("<h1") == 1
    assert page.count("<style>") == 1
    assert "⟦U+202E⟧" in page


def test_markdown_holds_no_markup_of_a_card(tmp_path: Path) -> None:
    """No raw HTML and no link comes out of a table cell."""
    from markdown_it import MarkdownIt

    tokens = (
        MarkdownIt("commonmark").enable("table").parse(markdown.render(hostile(tmp_path)).decode())
    )
    inline = [c for t in tokens for c in (t.children or ())]
    kinds = {t.type for t in tokens} | {c.type for c in inline}
    assert not kinds & {"html_block", "html_inline", "link_open", "image"}


def test_the_pdf_is_made_of_a_hostile_card(tmp_path: Path) -> None:
    """Typst evaluates nothing of it."""
    assert pdf.render(hostile(tmp_path)).startswith(b"%PDF-")


@pytest.mark.slow
def test_nothing_runs_in_a_browser(tmp_path: Path) -> None:
    """No script, no dialog, no request, no style of the card."""
    if reason := browser.why_not():
        pytest.skip(reason)
    file = tmp_path / "report.html"
    file.write_bytes(html.render(hostile(tmp_path)))
    (seen,) = browser.visit([{"url": file.as_uri()}], tmp_path)
    assert seen["pwned"] is None
    assert seen["dialogs"] == []
    assert seen["console"] == []
    assert seen["requests"] == [file.as_uri()]
    assert seen["scripts"] == seen["handlers"] == 0
    assert seen["outside"] == []
    assert seen["violations"] == []
    assert len(seen["landmarks"]) == 14
