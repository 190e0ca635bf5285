"""When two Hub ids may stand for one model."""

from __future__ import annotations

import pytest

from cardlint.lineage import names


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("org/Model-7B", "Org/model-7b"),
        ("gpt2", "openai-community/gpt2"),
        ("unsloth/gemma-2-9b-bnb-4bit", "google/gemma-2-9b"),
        ("TheBloke/Llama-2-7B-GPTQ", "meta-llama/Llama-2-7b-hf"),
        ("org/model-7b-Q4_K_M-GGUF", "org/model-7b"),
    ],
)
def test_one_model_under_two_names(one: str, other: str) -> None:
    """Case, owner and the ending that names an encoding do not make another model."""
    assert names.alike(one, other)
    assert names.among(one, ["x/y", other])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("org/model-7b", "org/model-7b-instruct"),
        ("org/model-7b", "org/model-13b"),
        ("a/GGUF", "b/AWQ"),
    ],
)
def test_two_models(one: str, other: str) -> None:
    """Everything else in a name does."""
    assert not names.alike(one, other)
