"""When two Hub ids stand for one model, as far as names can tell."""

from __future__ import annotations

import re
from collections.abc import Iterable

# What re-packagers append: the same model in another encoding.
_ENCODING = re.compile(
    r"(?:[-_.](?:hf|gguf|ggml|gptq|awq|exl2|mlx|onnx|bnb|unsloth|dynamic|int[48]|fp16|fp8|bf16|[2348]-?bits?|q\d\w*))+$"
)


def tail(id_: str) -> str:
    """The last part of an id, lower case, without endings that only name an encoding."""
    name = id_.rpartition("/")[2].casefold()
    return _ENCODING.sub("", name) or name


def alike(one: str, other: str) -> bool:
    """Whether two ids may stand for one model: the same id, or the same name under another owner.

    Owners move and mirror (``gpt2`` and ``openai-community/gpt2``, ``unsloth/…-bnb-4bit``); to call
    such a pair different would accuse wrongly.
    """
    return one.casefold() == other.casefold() or tail(one) == tail(other)


def among(id_: str, ids: Iterable[str]) -> bool:
    """Whether ``id_`` may be one of ``ids``."""
    return any(alike(id_, other) for other in ids)
