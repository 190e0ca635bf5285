"""``claims/results-without-source``."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cardlint.card import sections, tables
from cardlint.card.body import Block, Table
from cardlint.card.card import Card
from cardlint.card.nodes import Kind, Value
from cardlint.card.sections import Topic
from cardlint.card.words import has_any
from cardlint.findings import Confidence, Finding, Severity
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule

SOURCE = re.compile(
    r"harness|lm[-_ ]?eval|lighteval|opencompass|open[-_ ]?llm|leaderboard|evalplus|bigcode-evaluation|simple-evals|vlmevalkit|lmms|mteb|beir|seqeval|jiwer|"
    r"sacrebleu|compute_metrics|evaluate\b|eval(?:uation)? (?:set|script|code|data|split|framework|suite|results? on)|test (?:set|split|data)|validation (?:set|split)|"
    r"dev set|held[- ]out|scripts?\b|notebook|colab|reproduc|github\.com|gitlab\.com|arxiv|paper|technical report|blog|wandb|tensorboard|\.py\b|reported (?:by|in)|source:|"
    r"conjunto de (?:teste|prueba|valida\w+)|script de|artigo|artículo|论文|测试集|验证集|评测脚本|训练日志|\[\d+\]|et al",
    re.IGNORECASE,
)
LEAST = 3
"""Numbers in a table before it is taken for results."""


class ResultsWithoutSource(Rule):
    """Results are given without saying where they come from.

    ## What it checks
    A table of scores in a section on evaluation, in a card that names no script, harness, test
    set, paper, leaderboard or repository anywhere; and results of `model-index` without a `source`
    in such a card.

    ## Why it matters
    A number that nobody can reproduce is a claim, not a result.

    ## Example
    ```markdown
    # Evaluation
    | Benchmark | Score |
    |---|---|
    | MMLU | 71.2 |
    ```

    ## How to fix
    Link the script or the log, or name the harness, its version and the settings.

    ## Sources
    - Hub documentation, "Evaluation results": `source` of a result
    - NIST AI 600-1, MS-2.5-001
    """

    id = "claims/results-without-source"
    severity = Severity.INFO
    confidence = Confidence.MEDIUM
    needs = frozenset({Fact.CARD})
    frameworks = ("nist-ai-600-1:evaluation", "g7-sbom-ai:evaluation")

    def check(self, repo: Repository) -> Iterator[Finding]:
        card = repo.card
        index = _unsourced(card)
        if (not has_any(card, "|", "<table") and index is None) or SOURCE.search(card.body):
            return
        found = _results(card)
        if found is not None:
            yield self.finding(
                "The card gives scores and names no script, harness, test set, paper or log they come from.",
                card.location(found.start, found.end),
                next_step="Link the evaluation script or log, or name the harness and its settings.",
                evidence={"table": tables.words(found)},
            )
            return
        if index is not None:
            yield self.finding(
                "The results of model-index have no source, and the text names none.",
                index.span.location(card.path),
                next_step="Add `source: {name: …, url: …}` to the results.",
            )


def _results(card: Card) -> Block | None:
    """The first cell of the first table of scores below a heading on evaluation."""
    if not has_any(card, "|", "<table"):
        return None
    starts = [
        (s.heading.start, Topic.EVALUATION in sections.about(s.title))
        for s in sections.sections(card.markdown)
    ]
    for table in card.markdown.tables:
        if not table.header:
            continue
        above = [on for start, on in starts if start < table.header[0].start]
        if above and above[-1] and _is_scores(table):
            return table.header[0]
    return None


def _is_scores(table: Table) -> bool:
    lines = [*tables.by_column(table)] or [*tables.by_row(table)]
    scores = [s for line in lines if not tables.NO_SCORE.search(line.label) for _, s in line.scores]
    return sum("." in s.text or s.unit == "%" for s in scores) >= LEAST


def _unsourced(card: Card) -> Value | None:
    matter = card.front_matter
    index = matter.get("model-index") if matter else None
    if matter is None or index is None or index.kind is not Kind.LIST:
        return None
    results = [r for m in index.items if (v := m.get("results")) for r in v.items]
    if not results or any(r.get("source") for r in results):
        return None
    field = matter.field("model-index")
    return field.key if field else None
