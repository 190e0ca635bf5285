"""``metadata/yaml-version-difference``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cardlint.card.nodes import Kind, Value
from cardlint.card.scalars import Reading, differ
from cardlint.findings import Finding, Fix, NotChecked, Severity
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule
from cardlint_rules.metadata._front_matter import bounded, clip, evident, replace, unread, written


class YamlVersionDifference(Rule):
    """A value means one thing to the Hub and another to Python.

    ## What it checks
    No value or key without quotes is read differently by the Hub (js-yaml, YAML 1.2) and by Python
    programs (PyYAML, YAML 1.1): `no`, `off`, `yes`, `on`; `1:30`; `012`; `1e3`; and no value holds one
    of the characters U+0085, U+2028 and U+2029, which end a line in YAML 1.1 only.

    ## Why it matters
    `language: no` is Norwegian to the Hub and False to Python; a score of `1e-3` is a number to the Hub
    and a text to Python. Both say that the card is in order.

    ## Example
    ```yaml
    language: no
    ```

    ## How to fix
    ```yaml
    language: "no"
    ```

    ## Sources
    - YAML 1.2.2, section 10.3, "Core Schema"; YAML 1.1, "bool", "int" and "float" types
    - huggingface_hub, issue 797 (`no` becomes False)
    """

    id = "metadata/yaml-version-difference"
    severity = Severity.WARNING

    needs = frozenset({Fact.CARD})
    frameworks = ("hf:metadata",)

    def check(self, repo: Repository) -> Iterator[Finding | NotChecked]:
        front = repo.card.front_matter
        if front is None:
            return
        yield from unread(front)
        yield from bounded(self._differing(front.special), self.id, "the front matter")
        for problem in front.problems:
            if problem.code == "line-break":
                yield self.finding(
                    f"{problem.message}.",
                    problem.span.location(),
                    next_step="Take the character out.",
                    evidence={"character": problem.message[:6]},
                )

    def _differing(self, values: Sequence[Value]) -> Iterator[Finding]:
        for value in values:
            readings = differ(value.text)
            if readings:
                hub, python = readings
                yield self.finding(
                    f"{written(value)} is {_words(hub)} to the Hub and {_words(python)} to Python.",
                    value.span.location(),
                    next_step="Put it in quotes if it is text."
                    if hub[0] is Kind.STR
                    else "Write it so that both read the same.",
                    evidence={
                        "text": evident(value.text),
                        "hub": evident(hub[1]),
                        "python": evident(python[1]),
                    },
                    fix=_same(value, hub),
                )


def _words(reading: Reading) -> str:
    kind, data = reading
    if kind is Kind.STR:
        return f'the text "{clip(str(data))}"'
    if kind is Kind.BOOL:
        return "true" if data else "false"
    return f"the {'date' if kind is Kind.DATE else 'number'} {data}"


def _same(value: Value, hub: Reading) -> Fix | None:
    """What both read as the Hub reads it now."""
    kind, data = hub
    if kind is Kind.STR:
        return replace(value.span, f'"{value.text}"', "Put it in quotes", safe=True)
    text = repr(data)
    if kind is Kind.FLOAT and "e" in text and "." not in text:
        text = text.replace("e", ".0e")  # YAML 1.1 wants the point
    if kind in (Kind.INT, Kind.FLOAT) and differ(text) is None:
        return replace(value.span, text, f"Write {text}", safe=True)
    return None
