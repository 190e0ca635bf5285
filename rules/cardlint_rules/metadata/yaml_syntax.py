"""``metadata/yaml-syntax``."""

from __future__ import annotations

from collections.abc import Iterator

from cardlint.card.card import Card
from cardlint.card.front_matter import parse
from cardlint.card.problems import YamlProblem
from cardlint.findings import Edit, Finding, Fix, NotChecked, Severity
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule

MAX_TABS = 1_000
"""Tabs mended at once; each width that is tried reads the card again."""
_SAID = {
    "syntax": ("The front matter is not YAML:", "Mend the YAML here."),
    "tab": ("The front matter is not YAML:", "Put spaces in place of the tab."),
    "not-a-map": ("The front matter", "Write each field as `key: value` on a line of its own."),
}


class YamlSyntax(Rule):
    """The front matter is not YAML that can be read, or not a map.

    ## What it checks
    The block between the two `---` lines is one YAML document, and it is a map of keys and values.
    The place is that of the fault in the file. An entry that cannot be read is left out and the
    rest is read on, so that one fault does not hide the others.

    ## Why it matters
    The Hub refuses such a card with "Invalid YAML in README.md", at the end of an upload; Python
    programs raise while they load it. Some tabs are read by the Hub and refused by Python only:
    that is a warning.

    ## Example
    ```yaml
    license: "apache-2.0
    language: en
    ```

    ## How to fix
    ```yaml
    license: "apache-2.0"
    language: en
    ```

    ## Sources
    - YAML 1.2.2, section 6.1, "Indentation Spaces"
    - huggingface_hub, issues 1927 (invalid metadata) and 1950 (text of the Hub's answer)
    """

    id = "metadata/yaml-syntax"
    severity = Severity.ERROR
    needs = frozenset({Fact.CARD})
    frameworks = ("hf:metadata",)

    def check(self, repo: Repository) -> Iterator[Finding | NotChecked]:
        front = repo.card.front_matter
        for problem in front.problems if front else ():
            if problem.code in _SAID:
                yield self._said(problem, repo.card)
            elif problem.code == "too-large":
                yield NotChecked("front matter", problem.message, "Make the front matter smaller.")

    def _said(self, problem: YamlProblem, card: Card) -> Finding:
        who = "the Hub refuses the card" if problem.hub else "Python programs cannot load the card"
        before, step = _SAID[problem.code]
        return self.finding(
            f"{before} {problem.message}; {who}.",
            problem.span.location(card.path),
            next_step=step,
            severity=Severity.ERROR if problem.hub else Severity.WARNING,
            evidence={"problem": problem.message, "hub_refuses": problem.hub},
            fix=_spaces(problem, card) if problem.code == "tab" else None,
        )


def _spaces(problem: YamlProblem, card: Card) -> Fix | None:
    """Spaces for the tabs of an entry, as many for each as make it YAML again."""
    places = sorted((problem.span, *problem.related), key=lambda s: s.start)
    if len(places) > MAX_TABS:
        return None
    for width in (1, 2, 4, 8):
        edits = tuple(
            Edit(card.path, s.start, s.end, " " * (width * (s.end - s.start))) for s in places
        )
        after = parse(_edited(card.text, edits))
        left = [p for p in after.problems if p.code in _SAID] if after else [problem]
        if len(left) < sum(p.code in _SAID for p in _problems(card)):
            return Fix("Put spaces in place of the tabs", edits, safe=True)
    return None


def _edited(text: str, edits: tuple[Edit, ...]) -> str:
    ends = [0, *(e.end for e in edits)]
    kept = [text[end : e.start] + e.text for end, e in zip(ends, edits, strict=False)]
    return "".join((*kept, text[ends[-1] :]))


def _problems(card: Card) -> tuple[YamlProblem, ...]:
    return card.front_matter.problems if card.front_matter else ()
