"""What the rules about waivers share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from cardlint.findings import Finding, Severity
from cardlint.ignoring import Outcome
from cardlint.licensing.waivers import State
from cardlint.rule import RunRule


class WaiverRule(RunRule):
    """A rule about waivers of one state."""

    severity = Severity.WARNING
    state: ClassVar[State]
    advice: ClassVar[str]

    def review(self, outcome: Outcome) -> Iterator[Finding]:
        for judged in outcome.waivers:
            if judged.state is self.state:
                waiver = judged.waiver
                yield self.finding(
                    f"The waiver of {waiver.rule} for {waiver.subject} does not count: "
                    f"{judged.why}.",
                    waiver.at,
                    next_step=self.advice,
                    evidence={
                        "rule": waiver.rule,
                        "subject": waiver.subject,
                        "reason": waiver.reason.value,
                        "statement": waiver.statement,
                    },
                )
