"""``license/phrase-missing``."""

from __future__ import annotations

from collections.abc import Iterator

from cardlint.findings import Finding, Severity
from cardlint.licensing import kept
from cardlint.licensing.kept import Papers
from cardlint.licensing.upstream_terms import Terms
from cardlint.repository import Repository
from cardlint_licenses import Condition, License, Topic
from cardlint_rules.license._edges import WordsRule, join


class PhraseMissing(WordsRule):
    """A parent's license asks for a phrase to be displayed, and it is not found.

    ## What it checks
    "Built with Llama", "Built with Meta Llama 3", "Built with Qwen", "Powered by Stability AI" and
    the like: the words are looked for, layout and case apart, in the card and the notice files.
    Where the agreement accepts another wording, that one counts too.

    ## Why it matters
    The agreements let you display it on a related website, user interface, blog post, about page
    or documentation: it may stand where cardlint does not look. The card is the documentation that
    everybody who downloads the model sees.

    ## Example
    A fine-tune of Llama 3.1 whose card nowhere says "Built with Llama".

    ## How to fix
    Write the phrase prominently into the card.

    ## Sources
    - Llama 3.1 Community License Agreement, 1.b.i(B); Qwen LICENSE AGREEMENT, 5(b)
    - The sections of other licenses are in `cardlint_licenses`, each with its source and date
    """

    id = "license/phrase-missing"
    severity = Severity.WARNING
    topic = Topic.PHRASE

    def words(
        self,
        repo: Repository,
        papers: Papers,
        license_: License,
        condition: Condition,
        terms: list[Terms],
    ) -> Iterator[Finding]:
        if kept.phrase_present(condition, papers, license_):
            return
        texts = " or ".join(f"“{t}”" for t in (condition.text, *condition.alternatives))
        yield self.missing(
            repo,
            license_,
            condition,
            terms,
            said=f"The {license_.name} of {join([t.label for t in terms])} asks for {texts} to be "
            f"displayed ({condition.section}); neither the card nor the notices say it.",
            next_step=f"Write {texts} prominently into the card.",
        )
