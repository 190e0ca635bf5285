"""``claims/context-length-differs``."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cardlint.card import claims
from cardlint.card.words import has_any
from cardlint.findings import Confidence, Finding, Severity
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule
from cardlint_rules.claims import _files

SLACK = 1.1
"""128k is said of 128,000 and of 131,072 tokens."""
_N = r"(?P<n>\d{1,3}(?:,\d{3})+|\d+(?:\.\d+)?)\s*-?\s*(?P<u>[kKM](?![a-zA-Z])|million\b|milhão|milhões|tokens\b)"
CLAIM = re.compile(
    rf"\b(?:context|contexto)(?:[ -](?:length|window|size)|\s+(?:de|longo))?s?(?:\*\*)?\s*(?:[:：|=]|of|is|up to|de|with)?(?:\*\*)?\s*(?:up to |até |hasta |about |of )?{_N}"
    rf"|{_N.replace('?P<n>', '?P<n2>').replace('?P<u>', '?P<u2>')}(?:[ -]tokens?)?\s+(?:context|de contexto)",
    re.IGNORECASE,
)
_STRETCHED = re.compile(
    r"yarn|rope[ _-]?scaling|\bntk\b|extrapolat|interpolat|dynamic scaling|self-?extend|longrope|dual chunk|streaming",
    re.IGNORECASE,
)
_TRAINED_ON = re.compile(r"\btrain\w*(?:\s+[\w*-]+){0,4}\s*$", re.IGNORECASE)
"""The context of the training, which need not be that of the model."""
_KEYS = (
    "max_position_embeddings",
    "n_positions",
    "max_sequence_length",
    "seq_length",
    "max_seq_len",
    "n_ctx",
)


class ContextLengthDiffers(Rule):
    """The card claims a longer context than the config allows.

    ## What it checks
    "Context length: 128K", "a context of 1.01M tokens" and the like, against
    `max_position_embeddings` (or its older names) of `config.json`, times the factor of its
    `rope_scaling`. Only a claim above the config is told, and not where the card explains how the
    context is stretched (YaRN, rope scaling, …).

    ## Why it matters
    Beyond the configured length most models give nonsense, and most servers refuse.

    ## Example
    "Context: 1M tokens" beside `"max_position_embeddings": 262144`.

    ## How to fix
    Give the configured length, or the setting that reaches the longer one.

    ## Sources
    - transformers, `PretrainedConfig.max_position_embeddings` and `rope_scaling`
    """

    id = "claims/context-length-differs"
    severity = Severity.INFO
    confidence = Confidence.MEDIUM
    needs = frozenset({Fact.CARD, Fact.FILES})
    frameworks = ("eu-gpai-documentation-form:modalities",)

    def check(self, repo: Repository) -> Iterator[Finding]:
        card = repo.card
        if not has_any(card, "context") or not CLAIM.search(card.body):
            return
        length = _configured(repo)
        if length is None or _STRETCHED.search(card.body):
            return
        for sentence in claims.sentences(card.markdown, CLAIM):
            match = CLAIM.search(sentence.text)
            if match is None or _TRAINED_ON.search(sentence.text[: match.start()]):
                continue
            claimed = _tokens(match)
            if claimed <= length * SLACK:
                continue
            yield self.finding(
                f"The card says a context of {int(claimed):,} tokens; config.json allows {length:,}.",
                sentence.location(card, match),
                next_step="Give the configured length, or the setting that reaches the longer one.",
                evidence={"claimed": claimed, "configured": length},
            )
            return


def _configured(repo: Repository) -> int | None:
    config = _files.config(repo)
    found = [n for k in _KEYS if (n := _files.integer(config.get(k)))]
    if not found:
        return None
    scaling = config.get("rope_scaling")
    factor = scaling.get("factor") if isinstance(scaling, dict) else None
    stretch = float(factor) if isinstance(factor, int | float) and 1 <= factor <= 1024 else 1.0
    return int(max(found) * stretch)


def _tokens(match: re.Match[str]) -> float:
    number = float((match["n"] or match["n2"]).replace(",", ""))
    unit = (match["u"] or match["u2"]).lower()[0]
    return number * {"k": 1_000, "m": 1_000_000}.get(unit, 1)
