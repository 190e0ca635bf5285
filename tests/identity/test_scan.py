"""Who a chat template says the model is."""

from __future__ import annotations

import time

import pytest

from cardlint.identity.scan import sentences


@pytest.mark.parametrize(
    ("template", "name", "maker"),
    [
        ("You are Qwen, created by Alibaba Cloud. You are kind.", "Qwen", "Alibaba Cloud"),
        ("{{- 'system\\nYou are DeepSeek-V3, an AI' }}", "DeepSeek-V3", None),
        (
            "You are Mistral Small 3, made by Mistral AI, a start-up.",
            "Mistral Small 3",
            "Mistral AI",
        ),
        ("Você é Rio, um modelo criado pela Prefeitura do Rio.", "Rio", "Prefeitura do Rio"),
        ("Eres Latxa.", "Latxa", None),
        ("Tu es Lucie.", "Lucie", None),
        ("Ты — Сайга.", "Сайга", None),
        ("系统：你是通义千问，由阿里云开发。", "通义千问", "阿里云"),
        ("你是一个名为 ChatGLM 的人工智能助手。", "ChatGLM", None),
    ],
)
def test_a_name_is_found(template: str, name: str, maker: str | None) -> None:
    """In nine languages, also behind the escaped line end of a string in the template."""
    assert [(n, m) for _, _, n, m in sentences(template)] == [(name, maker)]


@pytest.mark.parametrize(
    "template",
    [
        "You are a helpful assistant.",
        "You are {{ name }}.",
        "You are NOT allowed to answer.",
        "You are An Expert.",
        "You are 18.",
        "{{ 'Are you ChatGPT?' }}",
        "",
    ],
)
def test_nobody_is_named(template: str) -> None:
    """Roles, placeholders, shouting and questions are no names."""
    assert list(sentences(template)) == []


def test_a_hostile_template_costs_little() -> None:
    """A megabyte of near matches is read in linear time."""
    start = time.perf_counter()
    list(sentences("You are " + "A " * 300_000 + "You are " * 50_000))
    assert time.perf_counter() - start < 5
