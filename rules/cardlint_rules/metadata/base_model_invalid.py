"""``metadata/base-model-invalid``."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cardlint.card.nodes import Kind, Value
from cardlint.findings import Finding, Severity
from cardlint.source.interface import is_repo_id
from cardlint_rules.metadata._front_matter import (
    FrontMatterRule,
    kind,
    one_or_many,
    replace,
    rewrite,
    written,
)

_BARE = re.compile(r"[A-Za-z0-9_][\w.-]{0,95}", re.ASCII)
"""An id without an organization: the first models of the Hub (`gpt2`) have such."""
_URL = re.compile(
    r"(?:https?://)?(?:www\.)?(?:huggingface\.co|hf\.co)/(?:models/)?([\w.-]+/[\w.-]+)"
    r"(?:/(?:tree|blob|resolve)/[^\s?#]*)?/?(?:[?#]\S*)?",
    re.ASCII,
)
_NOT_MODELS = ("datasets/", "spaces/", "papers/", "collections/", "docs/", "blog/")
_LOCAL = re.compile(r"(?:[./~\\]|[A-Za-z]:[\\/])|.*[\\/].*[\\/]")


class BaseModelInvalid(FrontMatterRule):
    """A `base_model` is not the id of a model on the Hub.

    ## What it checks
    `base_model` is one id, or a list of ids, written as `org/name` (a few old models have no
    organization). Local paths, addresses, free text and empty values are none.

    ## Why it matters
    The Hub refuses the card (`"base_model" with value "…" is not valid`). Training programs write
    the local folder they loaded from, so that the upload fails at its very end; and a lineage that
    names a folder on somebody's disk cannot be followed by anybody.

    ## Example
    ```yaml
    base_model: /home/me/models/Qwen3-4B
    ```

    ## How to fix
    ```yaml
    base_model: Qwen/Qwen3-4B
    ```

    ## Sources
    - Hub documentation, Model Cards, "Specifying a base model"
    - transformers, issues 33922 and 32212; trl, issue 1873; peft, issue 2124 (local paths refused)
    """

    id = "metadata/base-model-invalid"
    severity = Severity.ERROR

    def judge(self, root: Value) -> Iterator[Finding]:
        field = root.field("base_model")
        for index, value in one_or_many(field.value) if field else ():
            name = f"base_model{index}"
            if value.kind is Kind.STR:
                if not (is_repo_id(value.text) or _BARE.fullmatch(value.text)):
                    yield self._text(name, value)
            elif value.kind is Kind.NULL:
                where = (
                    value if value.span.start < value.span.end else field.key if field else value
                )
                yield self.finding(
                    f"{name} is empty: the Hub refuses the card.",
                    where.span.location(),
                    next_step="Write the id of the base model as org/name, or take the line out.",
                    evidence={"base_model": None},
                )
            else:
                yield self.finding(
                    f"{name} is {kind(value)}, not the id of a model: {written(value)}.",
                    value.span.location(),
                    next_step="Write base_model as one org/name, or as a list of them.",
                    evidence={"base_model": value.data},
                )

    def _text(self, name: str, value: Value) -> Finding:
        text = value.text.strip()
        address = _URL.fullmatch(text)
        said, step, fix = "is free text", "Write the id of the model as org/name.", None
        if address and not address[1].startswith(_NOT_MODELS) and is_repo_id(address[1]):
            said, step = "is an address", f"Write {address[1]}."
            fix = replace(value.span, rewrite(value, address[1]), f"Write {address[1]}", safe=True)
        elif "://" in text or address:
            said = "is an address, but not of a model on the Hub"
        elif _LOCAL.match(text):
            said = "is a path on a disk"
            step = "Write the id of the model that was loaded from there, as org/name."
        return self.finding(
            f"{name} {said}, not the id of a model on the Hub: {written(value) or '(empty)'}.",
            value.span.location(),
            next_step=step,
            evidence={"base_model": text},
            fix=fix,
        )
