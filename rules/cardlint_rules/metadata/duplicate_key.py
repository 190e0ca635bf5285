"""``metadata/duplicate-key``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cardlint.card.card import Card
from cardlint.card.nodes import Field
from cardlint.card.problems import YamlProblem
from cardlint.findings import Edit, Finding, Fix, NotChecked, Severity
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule
from cardlint_rules.metadata._front_matter import bounded, clip


class DuplicateKey(Rule):
    """A key stands twice in the front matter.

    ## What it checks
    No map of the front matter has the same key twice. `1` and `"1"` are the same key to the Hub.

    ## Why it matters
    The Hub refuses the card (duplicated mapping key). Python programs read the last value and say
    nothing, so that a card made with them may lose the first one unseen.

    ## Example
    ```yaml
    license: mit
    license: apache-2.0
    ```

    ## How to fix
    ```yaml
    license: apache-2.0
    ```

    ## Sources
    - YAML 1.2.2, section 3.2.1.3, "Node Comparison": keys are unique
    - js-yaml 4, `lib/loader.js`, "duplicated mapping key"
    """

    id = "metadata/duplicate-key"
    severity = Severity.ERROR
    needs = frozenset({Fact.CARD})
    frameworks = ("hf:metadata",)

    def check(self, repo: Repository) -> Iterator[Finding | NotChecked]:
        yield from bounded(self._twice(repo.card), self.id, "the front matter")

    def _twice(self, card: Card) -> Iterator[Finding]:
        front = card.front_matter
        problems = [p for p in front.problems if p.code == "duplicate-key"] if front else []
        root = front.partial if front and problems else None
        fields = {
            f.key.span.start: f for value in (root.walk() if root else ()) for f in value.fields
        }
        for problem in problems:
            yield self._said(problem, fields, card)

    def _said(self, problem: YamlProblem, fields: Mapping[int, Field], card: Card) -> Finding:
        key, first = clip(problem.span.text), problem.related[0]
        one, two = fields.get(first.start), fields.get(problem.span.start)
        same = one is not None and two is not None and one.value.data == two.value.data
        return self.finding(
            f"The key {key} stands a second time, first in line {first.line}; "
            "the Hub refuses the card.",
            problem.span.location(card.path),
            next_step="Take one of the two out." if same else "Keep the one that is right.",
            evidence={"key": key, "first_line": first.line, "same_value": same},
            related=(first.location(card.path),),
            fix=_without(two, card) if same and two else None,
        )


def _without(field: Field, card: Card) -> Fix | None:
    """Take out the lines of a field, where it has its lines to itself."""
    begin, _end = card.lines.bounds(field.key.span.start)
    _begin, end = card.lines.bounds(max(field.value.span.end - 1, field.key.span.start))
    around = card.text[begin : field.key.span.start] + card.text[field.value.span.end : end]
    if around.strip():
        return None  # a list item, a comment or a neighbor in brackets stands there too
    title = f"Take out the second {field.name}"
    return Fix(title, (Edit(card.path, begin, end, ""),), safe=True)
