"""``identity/template-hardcodes-name``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from cardlint.errors import Unavailable
from cardlint.findings import Confidence, Finding, NotChecked, Severity
from cardlint.identity.template import Statement
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule

_ALSO = {
    "通义千问": "qwen",
    "千问": "qwen",
    "文心一言": "ernie",
    "智谱清言": "glm",
    "混元": "hunyuan",
    "豆包": "doubao",
}
"""Names that makers give the same models in Chinese."""


class TemplateHardcodesName(Rule):
    r"""The chat template tells the model who it is.

    ## What it checks
    Sentences such as "You are NAME" in the chat template (`tokenizer_config.json`,
    `chat_template.jinja`, `chat_template.json`) and in default system prompts, in nine languages.
    The template is read as text and never run. The name is held against the repository's own id
    and those of its parents: its own or a parent's is a remark, another one is a warning.

    ## Why it matters
    Asked who it is, the model then repeats the template. Such answers say nothing about the
    weights; whoever tests them must leave the sentence out. And a name that is neither the
    model's own nor a declared parent's was left there by somebody.

    ## Example
    ```jinja
    {{- '<|im_start|>system\nYou are Rio, a model made by the city.<|im_end|>\n' }}
    ```

    ## How to fix
    Leave the name to the system prompt of the application, or say in the card that the template
    sets it.

    ## Sources
    - transformers documentation, Chat templates
    - nex-agi/Nex-N2-Pro, issue 4 (June 2026): identity questions with the sentence removed
    """

    id = "identity/template-hardcodes-name"
    severity = Severity.WARNING
    needs = frozenset({Fact.IDENTITY, Fact.LINEAGE})
    frameworks = ("g7-sbom-ai:bases",)

    def check(self, repo: Repository) -> Iterator[Finding | NotChecked]:
        yield from repo.identity.gaps
        for said in repo.identity.statements:
            whose, severity, confidence = _whose(said, repo)
            made = f", made by {said.maker}" if said.maker else ""
            yield self.finding(
                f'The chat template tells the model that it is "{said.name}"{made}: {whose}.',
                said.location,
                severity=severity,
                confidence=confidence,
                next_step="Leave the name to the system prompt, or say in the card that it is set here.",
                evidence={
                    "text": said.text,
                    "name": said.name,
                    "maker": said.maker,
                    "whose": whose,
                },
            )


def _whose(said: Statement, repo: Repository) -> tuple[str, Severity, Confidence]:
    own = repo.id
    if own and _matches(said.name, [own]):
        return "its own name", Severity.INFO, Confidence.CERTAIN
    parent = _matches(said.name, repo.lineage.named) or _matches(said.name, _ancestors(repo))
    if parent:
        return f"the name of {parent}", Severity.INFO, Confidence.HIGH
    if own is None:
        return "whose name that is cannot be told", Severity.INFO, Confidence.CERTAIN
    return "neither its own name nor a declared parent's", Severity.WARNING, Confidence.MEDIUM


def _ancestors(repo: Repository) -> Sequence[str]:
    try:
        return repo.upstream.ancestors
    except Unavailable:
        return ()


def _matches(name: str, ids: Sequence[str]) -> str | None:
    """The first id that holds the name's first word, letters and digits only."""
    word = _ALSO.get(name, name.split(maxsplit=1)[0])
    bare = _letters(word)
    stem = _letters(re.split(r"[-\d]", word)[0]) or bare
    return next(
        (i for i in ids if bare in _letters(i) or (len(stem) > 2 and stem in _letters(i))), None
    )


def _letters(text: str) -> str:
    return re.sub(r"[\W_]", "", text.casefold())
