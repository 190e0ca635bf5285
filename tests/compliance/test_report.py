"""The report on the Rio example: its formats, its bytes, and what a browser sees of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from cardlint.compliance.scan import scan
from cardlint.report.compliance import html, markdown, pdf
from cardlint.report.compliance import json as as_json
from cardlint.repository import Options
from cardlint.source.resolve import Resolver
from tests.kit import browser

HUB = Path(__file__).parents[2] / "examples/rio/hub"
LANGUAGES = ("en", "pt-BR", "es")
COMMITS = ("launch", "corrected")


@pytest.fixture(scope="module")
def documents() -> Iterator[dict[tuple[str, str], dict[str, Any]]]:
    """The document of each commit in each language, at a fixed time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOURCE_DATE_EPOCH", "1781400000")
        yield {
            (commit, language): document(commit, language)
            for commit in COMMITS
            for language in LANGUAGES
        }


def document(commit: str, language: str, reply: Path | None = None) -> dict[str, Any]:
    """Scan the example."""
    target = f"prefeitura-rio/Rio-3.5-Open-397B@{commit}"
    made, _ = scan(
        target,
        Resolver(hub=HUB, offline=True),
        Options(offline=True),
        language,
        (),
        "public-sector",
        reply,
    )
    return made


def test_the_same_input_gives_the_same_bytes(
    documents: dict[tuple[str, str], dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In every format, from a second scan."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1781400000")
    again = document("launch", "en")
    for format_ in (html, markdown, pdf, as_json):
        assert format_.render(again) == format_.render(documents["launch", "en"])


def test_the_launch_report_tells_the_measured_parent(
    documents: dict[tuple[str, str], dict[str, Any]],
) -> None:
    """Declared beside measured: the second parent with its share."""
    rows = {r["parent"]: r for r in documents["launch", "en"]["lineage"]}
    assert rows["nex-agi/Nex-N2-Pro"]["declared"] == "not declared"
    assert rows["nex-agi/Nex-N2-Pro"]["share"].startswith("0.5650 [")
    assert rows["Qwen/Qwen3.5-397B-A17B"]["share"].startswith("0.4350 [")


def test_the_ledger_says_how_each_claim_stands(
    documents: dict[tuple[str, str], dict[str, Any]],
) -> None:
    """A missing text puts a license in doubt; measured weights contradict a list of bases."""
    standing = {c["claim"]: c["status"] for c in documents["launch", "en"]["claims"]}
    assert standing["License: mit"] == "doubted"
    assert standing["Base model: Qwen/Qwen3.5-397B-A17B"] == "supported"
    assert standing["These are all the base models"] == "contradicted"


def test_the_document_keeps_its_schema(
    documents: dict[tuple[str, str], dict[str, Any]],
) -> None:
    """The published one."""
    import jsonschema

    text = files("cardlint").joinpath("schemas/compliance.json").read_text("utf-8")
    validator = jsonschema.Draft202012Validator(json.loads(text))
    for made in documents.values():
        assert [e.message for e in validator.iter_errors(made)] == []


def test_there_is_no_single_score(documents: dict[tuple[str, str], dict[str, Any]]) -> None:
    """A verdict by axis, never a number over all."""
    text = json.dumps(documents["launch", "en"]).lower()
    assert '"score"' not in text
    assert len(documents["launch", "en"]["axes"]) == 8


def test_html_is_one_small_file(documents: dict[tuple[str, str], dict[str, Any]]) -> None:
    """At most 500 kB, nothing to fetch."""
    for made in documents.values():
        page = html.render(made).decode()
        assert len(page) <= 500_000
        assert "<script" not in page
        assert 'src="' not in page


def test_pdf_is_archival_tagged_and_carries_the_data(
    documents: dict[tuple[str, str], dict[str, Any]],
) -> None:
    """PDF/A-3a and PDF/UA-1 are declared in its metadata, and the JSON is attached."""
    import io

    from pypdf import PdfReader

    made = documents["launch", "pt-BR"]
    reader = PdfReader(io.BytesIO(pdf.render(made)))
    metadata = reader.trailer["/Root"]["/Metadata"].get_data().decode()  # type: ignore[index]  # a PDF has a root
    assert "<pdfaid:part>3</pdfaid:part>" in metadata
    assert "<pdfaid:conformance>A</pdfaid:conformance>" in metadata
    assert "<pdfuaid:part>1</pdfuaid:part>" in metadata
    assert reader.trailer["/Root"]["/Lang"] == "pt-BR"  # type: ignore[index]  # same
    assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"]  # type: ignore[index]  # same
    (attached,) = reader.attachments["cardlint-report.json"]
    assert json.loads(attached) == made


def test_the_reply_is_printed_unedited(tmp_path: Path) -> None:
    """Escaped for the page, and otherwise to the letter."""
    reply = tmp_path / "reply.txt"
    reply.write_text("We <b>disagree</b>.\nLine two & more.", encoding="utf-8")
    page = html.render(document("launch", "en", reply)).decode()
    assert "We &lt;b&gt;disagree&lt;/b&gt;.\nLine two &amp; more." in page


@pytest.mark.slow
def test_a_browser_finds_nothing_wrong(
    documents: dict[tuple[str, str], dict[str, Any]], tmp_path: Path
) -> None:
    """No console error, request or WCAG 2.2 AA violation; nothing clipped or overlapping; A4 in print."""
    if reason := browser.why_not():
        pytest.skip(reason)
    pages: list[dict[str, Any]] = []
    for (commit, language), made in documents.items():
        file = tmp_path / f"{commit}-{language}.html"
        file.write_bytes(html.render(made))
        pages += [
            {"url": file.as_uri(), "width": width, "pdf": str(file.with_suffix(".pdf"))}
            for width in (1100, 360)
        ]
    for seen in browser.visit(pages, tmp_path):
        assert seen["console"] == []
        assert seen["requests"] == [seen["url"]]
        assert seen["violations"] == []
        assert seen["scripts"] == seen["handlers"] == seen["overflow"] == 0
        assert seen["clipped"] == seen["overlaps"] == []
        assert len(seen["landmarks"]) == 14
    from pypdf import PdfReader

    for printed in tmp_path.glob("*.pdf"):
        box = PdfReader(printed).pages[0].mediabox
        assert (round(box.width), round(box.height)) == (595, 842)
