"""Screenshots of the report, compared: a translation must not break the layout."""

from __future__ import annotations

from pathlib import Path

import pytest

from cardlint.report.compliance import html
from tests.compliance.test_report import COMMITS, LANGUAGES, document
from tests.kit import browser

ALIKE = 0.15
"""Share of the ink that stands in other columns, up to which the layout counts as the same."""


def difference(one: Path, other: Path) -> float:
    """How much of the ink of two screenshots stands in other columns: margins and tables, not letters."""
    image = pytest.importorskip("PIL.Image")
    profiles = []
    for path in (one, other):
        with image.open(path) as opened:
            gray = opened.convert("L").resize((48, 1), image.Resampling.BOX).tobytes()
        ink = [255 - value for value in gray]
        profiles.append([value / sum(ink) for value in ink])
    moved: float = sum(abs(a - b) for a, b in zip(*profiles, strict=True))
    return moved / 2


@pytest.mark.slow
def test_translations_keep_the_layout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each language beside English; without the style sheet the same comparison fails."""
    if reason := browser.why_not():
        pytest.skip(reason)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1781400000")
    pages, shots = [], {}
    for commit in COMMITS:
        for language in (*LANGUAGES, "broken"):
            text = html.render(document(commit, "en" if language == "broken" else language))
            if language == "broken":
                text = text.replace(b"max-width: 60rem", b"max-width: 20rem")
            file = tmp_path / f"{commit}-{language}.html"
            file.write_bytes(text)
            shots[commit, language] = file.with_suffix(".png")
            pages.append(
                {"url": file.as_uri(), "screenshot": str(file.with_suffix(".png")), "axe": False}
            )
    browser.visit(pages, tmp_path)
    for commit in COMMITS:
        english = shots[commit, "en"]
        found = {
            name: difference(english, shots[commit, name]) for name in ("pt-BR", "es", "broken")
        }
        assert max(found["pt-BR"], found["es"]) <= ALIKE < found["broken"], found
