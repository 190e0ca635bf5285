"""``license/sentence-missing``."""

from __future__ import annotations

from collections.abc import Iterator

from cardlint.findings import Finding, Severity
from cardlint.licensing.kept import Papers
from cardlint.licensing.upstream_terms import Terms
from cardlint.repository import Repository
from cardlint_licenses import Condition, License, Topic
from cardlint_rules.license._edges import WordsRule, join


class SentenceMissing(WordsRule):
    """A parent's license asks for an exact sentence in a notice file, and it is not here.

    ## What it checks
    Llama, Gemma, Qwen, Mistral, NVIDIA, Stability and other agreements ask every copy to carry a
    given sentence in a "Notice" text file. Its words are looked for, layout and case apart, in the
    license and notice files and the card. A sentence that stands in the card alone is told as
    information: the agreements name a file.

    ## Why it matters
    It is an explicit condition with an exact text, and the cheapest of all to keep.

    ## Example
    A fine-tune of Llama 3.1 without "Llama 3.1 is licensed under the Llama 3.1 Community
    License, Copyright © Meta Platforms, Inc. All Rights Reserved."

    ## How to fix
    Put the sentence into a file `NOTICE`. `cardlint notice . --write` does it.

    ## Sources
    - Llama 3.1 Community License Agreement, 1.b.iii; Gemma Terms of Use, 3.1(4)
    - The sections of other licenses are in `cardlint_licenses`, each with its source and date
    """

    id = "license/sentence-missing"
    severity = Severity.WARNING
    topic = Topic.SENTENCE

    def words(
        self,
        repo: Repository,
        papers: Papers,
        license_: License,
        condition: Condition,
        terms: list[Terms],
    ) -> Iterator[Finding]:
        text = condition.text or ""
        # The text of the license quotes the sentence: that is not the notice it asks for.
        outside = papers.where_besides(text, license_)
        parents = join([t.label for t in terms])
        if outside is None:
            yield self.missing(
                repo,
                license_,
                condition,
                terms,
                said=f"The {license_.name} of {parents} asks for the sentence “{text}” in a notice "
                f"file ({condition.section}); it is not here.",
                next_step="Put the sentence into a file NOTICE.",
            )
        elif outside == "README.md":
            found = self.missing(
                repo,
                license_,
                condition,
                terms,
                said=f"The sentence that the {license_.name} of {parents} asks for in a notice "
                f"file ({condition.section}) stands in the card alone.",
                next_step="Put the sentence into a file NOTICE as well.",
                more={"found_in": outside},
                usual=Severity.INFO,
            )
            yield found
