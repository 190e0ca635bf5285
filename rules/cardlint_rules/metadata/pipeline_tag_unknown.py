"""``metadata/pipeline-tag-unknown``."""

from __future__ import annotations

from collections.abc import Iterator

from cardlint.card import vocabulary
from cardlint.card.nodes import Kind, Value
from cardlint.findings import Finding, Severity
from cardlint_rules.metadata._front_matter import (
    FrontMatterRule,
    evident,
    replace,
    rewrite,
    written,
)


class PipelineTagUnknown(FrontMatterRule):
    """`pipeline_tag` is not a task that the Hub knows.

    ## What it checks
    `pipeline_tag` is one of the Hub's tasks. A word at most two letters away from one is a spelling
    error; another word may be a task that is newer than cardlint's list, or a subtask
    (`sentiment-analysis`), which belongs under `tags`.

    ## Why it matters
    The task decides under which filter the model is found, which widget is shown and which code is
    suggested. An unknown one leads to none of them.

    ## Example
    ```yaml
    pipeline_tag: text-genration
    ```

    ## How to fix
    ```yaml
    pipeline_tag: text-generation
    ```

    ## Sources
    - @huggingface/tasks, `pipelines.ts`
    - Hub documentation, Tasks
    """

    id = "metadata/pipeline-tag-unknown"
    severity = Severity.ERROR

    def judge(self, root: Value) -> Iterator[Finding]:
        value = root.get("pipeline_tag")
        tags = vocabulary.pipeline_tags()
        if value is None or value.kind is not Kind.STR or value.text in tags:
            return
        close = vocabulary.nearest(value.text, tags)
        parent = next((tag for tag, parts in tags.items() if value.text in parts), None)
        if parent:
            step = f"Write {parent}, and {value.text} under tags."
        elif close:
            step = f"Did you mean {close}?"
        else:
            step = "Choose one of the Hub's tasks: https://huggingface.co/tasks"
        yield self.finding(
            f"{written(value) or 'An empty text'} is not a task that the Hub knows.",
            value.span.location(),
            next_step=step,
            severity=Severity.ERROR if close else Severity.WARNING,
            evidence={"pipeline_tag": evident(value.text), "vocabulary_date": vocabulary.date()},
            fix=replace(value.span, rewrite(value, close), f"Write {close}", safe=True)
            if close
            else None,
        )
