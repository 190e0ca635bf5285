"""``license/name-prefix-missing``."""

from __future__ import annotations

from collections.abc import Iterator

from cardlint.findings import Finding, Json, Severity
from cardlint.licensing import kept
from cardlint.licensing.kept import Papers
from cardlint.licensing.upstream_terms import Terms
from cardlint.repository import Repository
from cardlint_licenses import Condition, License, Reuse, Topic
from cardlint_rules.license._edges import WordsRule, join


class NamePrefixMissing(WordsRule):
    """A parent's license asks the model's name to begin with a word, and it does not.

    ## What it checks
    Models made with Llama 3.1 and later begin with "Llama", with Llama 3.0 with "Llama 3", with
    EXAONE with "EXAONE", with HyperCLOVA X with "HyperCLOVA X". The name in the repository's id and
    the card's title are looked at; case and punctuation do not count, and the licensor's own name
    may stand before it ("Meta-Llama-3-…"). A quantized copy is told as information.

    ## Why it matters
    It is an explicit condition, and the one that versions differ in: the prefix of Llama 3.0 is not
    that of 3.1.

    ## Example
    `org/DNA-8B`, a fine-tune of `meta-llama/Llama-3.1-8B`.

    ## How to fix
    Rename the repository (the Hub redirects the old name) and the title.

    ## Sources
    - Meta Llama 3 Community License Agreement, 1.b.i; Llama 3.1 Community License Agreement, 1.b.i
    - EXAONE AI Model License 1.1-NC, 2.1(c); HyperCLOVA X SEED Model License, 3.1
    """

    id = "license/name-prefix-missing"
    severity = Severity.WARNING
    topic = Topic.NAME_PREFIX

    def words(
        self,
        repo: Repository,
        papers: Papers,  # noqa: ARG002  # names are looked at, not papers
        license_: License,
        condition: Condition,
        terms: list[Terms],
    ) -> Iterator[Finding]:
        prefix = condition.text or ""
        names = {}
        if repo.id:
            names["repository"] = repo.id.rpartition("/")[2]
        for title in kept.titles(repo):
            names["title"] = title
        wrong: dict[str, Json] = {
            what: name for what, name in names.items() if not kept.begins_with(name, prefix)
        }
        if "repository" not in wrong and ("repository" in names or not wrong):
            return  # a title may begin with a greeting; the id is the name
        shown = join([f"“{name}”" for name in wrong.values()])
        yield self.missing(
            repo,
            license_,
            condition,
            terms,
            said=f"The {license_.name} of {join([t.label for t in terms])} asks the model's name "
            f"to begin with “{prefix}” ({condition.section}); it is {shown}.",
            next_step=f"Rename the model so that its name begins with “{prefix}”.",
            more={"names": wrong},
            usual=Severity.INFO if all(t.reuse is Reuse.QUANTIZED for t in terms) else None,
        )
