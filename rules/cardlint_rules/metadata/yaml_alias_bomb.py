"""``metadata/yaml-alias-bomb``."""

from __future__ import annotations

from collections.abc import Iterator

from cardlint.findings import Finding, Severity
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule
from cardlint_rules.metadata._front_matter import clip


class YamlAliasBomb(Rule):
    """Aliases multiply the front matter beyond every measure.

    ## What it checks
    Written out, all aliases (`*name`) of the front matter together add no more than 10,000 values, and
    none stands inside of what it names. cardlint counts and never writes them out.

    ## Why it matters
    A few hundred bytes of nested aliases become gigabytes in a program that writes the card as JSON,
    and a value that holds itself has no end: both stop the programs that read the card.

    ## Example
    ```yaml
    a: &a [x, x, x, x, x, x, x, x, x, x]
    b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]
    c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b]
    d: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c, *c]
    e: [*d, *d, *d, *d, *d, *d, *d, *d, *d, *d]
    ```

    ## How to fix
    Write the values out where they are meant, without `&` and `*`.

    ## Sources
    - CWE-776, "Improper Restriction of Recursive Entity References" ("billion laughs")
    - YAML 1.2.2, section 7.1, "Alias Nodes"
    """

    id = "metadata/yaml-alias-bomb"
    severity = Severity.ERROR
    needs = frozenset({Fact.CARD})
    frameworks = ("hf:metadata",)

    def check(self, repo: Repository) -> Iterator[Finding]:
        front = repo.card.front_matter
        for problem in front.problems if front else ():
            if problem.code == "alias-bomb":
                yield self.finding(
                    f"{clip(problem.span.text)}: {problem.message}.",
                    problem.span.location(repo.card.path),
                    next_step="Write the value out where it is meant, without aliases.",
                    evidence={"alias": clip(problem.span.text)},
                    related=[span.location(repo.card.path) for span in problem.related],
                )
