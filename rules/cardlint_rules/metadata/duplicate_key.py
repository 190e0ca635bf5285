"""``metadata/duplicate-key``."""

from __future__ import annotations

from collections.abc import Iterator

from cardlint.card.card import Card
from cardlint.card.compose import YamlProblem
from cardlint.card.nodes import Field, Value
from cardlint.findings import Edit, Finding, Fix, Severity
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule


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

    def check(self, repo: Repository) -> Iterator[Finding]:
        front = repo.card.front_matter
        for problem in front.problems if front else ():
            if problem.code == "duplicate-key" and front:
                yield self._said(problem, front.partial, repo.card)

    def _said(self, problem: YamlProblem, root: Value | None, card: Card) -> Finding:
        key, first = problem.span.text, problem.related[0]
        one, two = _values(root, first.start, problem.span.start)
        same = one is not None and two is not None and one.value.data == two.value.data
        return self.finding(
            f"The key {key} stands a second time, first in line {first.line}; the Hub refuses the card.",
            problem.span.location(card.path),
            next_step="Take one of the two out." if same else "Keep the one that is right.",
            evidence={"key": key, "first_line": first.line, "same_value": same},
            related=(first.location(card.path),),
            fix=_without(two, card) if same and two else None,
        )


def _values(root: Value | None, *starts: int) -> list[Field | None]:
    found: dict[int, Field] = {}
    for value in root.walk() if root else ():
        for field in value.fields:
            if field.key.span.start in starts:
                found[field.key.span.start] = field
    return [found.get(start) for start in starts]


def _without(field: Field, card: Card) -> Fix | None:
    """Take out the lines of a field, where it has its lines to itself."""
    begin, _end = card.lines.bounds(field.key.span.start)
    _begin, end = card.lines.bounds(max(field.value.span.end - 1, field.key.span.start))
    around = card.text[begin : field.key.span.start] + card.text[field.value.span.end : end]
    if around.strip():
        return None  # a list item, a comment or a neighbor in brackets stands there too
    title = f"Take out the second {field.name}"
    return Fix(title, (Edit(card.path, begin, end, ""),), safe=True)
