"""``license/threshold-applies``."""

from __future__ import annotations

from collections.abc import Iterator

from cardlint.findings import Finding, Severity
from cardlint.licensing.upstream_terms import Review
from cardlint.repository import Repository
from cardlint_licenses import License, Topic
from cardlint_rules.license import _at
from cardlint_rules.license._edges import EdgeRule, join


class ThresholdApplies(EdgeRule):
    """A license sets a threshold of users or revenue, or a territory.

    ## What it checks
    The declared license, or that of an ancestor, has conditions that depend on who uses the model:
    monthly active users (Llama, Qwen, Hunyuan), revenue (Stability, LFM), or where (Hunyuan, the
    multimodal Llama models). Nothing is wrong; a user needs to know.

    ## Why it matters
    "Open" by its name, and closed to some: a public body or a company must know before it builds
    on the model, and a derivative inherits it.

    ## Example
    A fine-tune of Llama 3.1: more than 700 million monthly active users need a license from Meta.

    ## How to fix
    Say it in the card, where readers look for it.

    ## Sources
    - Llama 3.1 Community License Agreement, section 2
    - The sections of other licenses are in `cardlint_licenses`, each with its source and date
    """

    id = "license/threshold-applies"
    severity = Severity.INFO
    profiles = frozenset({"strict", "public-sector"})

    def judge(self, repo: Repository, found: Review) -> Iterator[Finding]:
        holders: dict[str, tuple[License, list[str]]] = {
            x.id: (x, ["this model"]) for x in repo.licenses.licenses
        }
        for terms in found.terms:
            for license_ in terms.licenses:
                holders.setdefault(license_.id, (license_, []))[1].append(terms.parent)
        for license_, whose in holders.values():
            for condition in (*license_.on(Topic.THRESHOLD), *license_.on(Topic.TERRITORY)):
                yield self.finding(
                    f"{license_.name}, {condition.section} ({join(whose)}): {condition.summary}",
                    _at.license_field(repo),
                    next_step="Say it in the card.",
                    evidence={
                        "license": license_.id,
                        "section": condition.section,
                        "topic": condition.topic.value,
                        "fact": condition.confidence,
                        "verified": license_.verified.isoformat(),
                    },
                )
