"""Scores in the cells of tables, and topics of sections."""

from __future__ import annotations

import pytest

from cardlint.card import claims, sections, tables
from cardlint.card.body import Block, BlockKind
from cardlint.card.card import Card
from cardlint.card.sections import Topic


def cell(text: str) -> Block:
    """A cell of a table."""
    return Block(BlockKind.CELL, text, (0,), len(text))


@pytest.mark.parametrize(
    ("text", "value", "unit", "bold"),
    [
        ("94.6", 94.6, "", False),
        ("**94.6**", 94.6, "", True),
        ("<b>71,5%</b>", 71.5, "%", True),
        ("1,024", 1024.0, "", False),
        ("50.1 ± 0.3", 50.1, "", False),
        ("50.1 (±0.3)", 50.1, "", False),
        ("−3.5", -3.5, "", False),
        ("`0.88`†", 0.88, "", False),
        ("[61.2](https://example.org)", 61.2, "", False),
        ("7B", 7.0, "B", False),
    ],
)
def test_a_cell_with_one_number(text: str, value: float, unit: str, bold: bool) -> None:  # noqa: FBT001  # a table of cases
    """Marks, error bars, footnotes and links around a number do not hide it."""
    found = tables.score(cell(text))
    assert found is not None
    assert (found.value, found.unit, found.bold) == (value, unit, bold)


@pytest.mark.parametrize(
    "text", ["", "-", "n/a", "Qwen2.5-7B", "71.2 / 68.0", "v1.5", "2024-05-01"]
)
def test_a_cell_without(text: str) -> None:
    """Words, pairs, versions and dates are no scores."""
    assert tables.score(cell(text)) is None


@pytest.mark.parametrize(
    ("title", "topic"),
    [
        ("Intended uses & limitations", Topic.INTENDED_USE),
        ("🚫 Out-of-Scope Use", Topic.OUT_OF_SCOPE),
        ("3. Bias, Risks, and Limitations", Topic.LIMITATIONS),
        ("Limitações", Topic.LIMITATIONS),
        ("Sesgos y riesgos", Topic.LIMITATIONS),
        ("Dados de treinamento", Topic.TRAINING_DATA),
        ("Datos de entrenamiento", Topic.TRAINING_DATA),
        ("Avaliação", Topic.EVALUATION),
        ("[Results](#x)", Topic.EVALUATION),
        ("Licença", Topic.LICENSE),
        ("BibTeX", Topic.CITATION),
        ("Cómo citar", Topic.CITATION),
        ("Contato", Topic.CONTACT),
        ("Usos previstos", Topic.INTENDED_USE),
    ],
)
def test_a_title_speaks_of_its_topic(title: str, topic: Topic) -> None:
    """Numbers, emoji, accents and languages do not matter."""
    assert topic in sections.about(sections.plain(title))


def test_a_title_that_speaks_of_nothing() -> None:
    """A "house" is no "use", and "Model description" is no topic."""
    assert sections.about("the house of models") == frozenset()
    assert sections.about("model description") == frozenset()


def test_names_tell_this_model_from_its_parent() -> None:
    """A parent whose name is part of this model's, and the other way round."""
    who = claims.Names(own=("Qwen2.5-7B-Instruct-City",), parents=("Qwen/Qwen2.5-7B",))
    assert who.is_own("Qwen2.5-7B-Instruct-City")
    assert who.is_own("Ours")
    assert not who.is_own("Qwen2.5-7B")
    assert not who.is_own("Qwen2.5-7B-Instruct")
    assert who.is_own("Qwen2.5 7B Instruct City v1")
    assert who.parent("Qwen2.5 7B (base)") == "Qwen/Qwen2.5-7B"
    assert who.parent("Base model") == "Qwen/Qwen2.5-7B"
    assert who.parent("Llama-3-8B") is None


def test_own_scores_of_rows_and_of_columns() -> None:
    """The model may be a row or a column."""
    row = Card("| Model | MMLU |\n|---|---|\n| mine-7b | 61.5 |\n| x | 1.0 |\n")
    column = Card("| Task | mine-7b | x |\n|---|---|---|\n| MMLU | 61.5 | 1.0 |\n")
    who = claims.Names(own=("mine-7b",), parents=())
    for card in (row, column):
        assert {k: s.value for k, s in claims.own_scores(card, who).items()} == {"mmlu": 61.5}
