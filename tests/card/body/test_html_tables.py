"""Tables written in HTML, read as pipe tables are."""

from __future__ import annotations

from cardlint.card.card import Card

ROW = "<tr><td>MMLU</td><td>\n  <b>61.5</b>\n</td></tr>"


def test_cells_are_where_they_stand() -> None:
    """Header and rows, with exact places, end tags or not."""
    card = Card(f"text\n\n<table>\n<tr><th>Task<th align='left'>Ours</tr>\n{ROW}\n</table>\n")
    (table,) = card.markdown.tables
    assert [c.text for c in table.header] == ["Task", "Ours"]
    assert [c.text for c in table.rows[0]] == ["MMLU", "<b>61.5</b>"]
    for cell in (*table.header, *table.rows[0]):
        assert card.text[cell.start : cell.end] == cell.text


def test_what_cannot_be_aligned_is_left_out() -> None:
    """Cells that span several, nested tables, tables in code and tables that do not end."""
    head = "<table><tr><th>a</th><th>b</th></tr>"
    for text in (
        f"{head}<tr><td colspan=2>x</td></tr></table>",
        f"{head}<tr><td><table><tr><td>x</td></tr></table></td><td>y</td></tr></table>",
        f"```html\n{head}{ROW}</table>\n```",
        f"{head}{ROW}",
    ):
        assert Card(text).markdown.tables == ()


def test_both_kinds_come_in_order() -> None:
    """The HTML table stands first here."""
    html = f"<table><tr><th>a</th><th>b</th></tr>{ROW}</table>"
    card = Card(f"{html}\n\n| c | d |\n|---|---|\n| 1 | 2 |\n")
    assert [t.header[0].text for t in card.markdown.tables] == ["a", "c"]
