"""``license/waiver-expired``."""

from __future__ import annotations

from cardlint.licensing.waivers import State
from cardlint_rules.license._waivers import WaiverRule


class WaiverExpired(WaiverRule):
    """A waiver has passed its last day.

    ## What it checks
    The date `expires` of each `[[waivers]]` table is today (UTC) or later. From the day after, the
    waiver does not count, and the finding it settled is told again.

    ## Why it matters
    A right for a year is no right in the second. The end is written down so that somebody looks.

    ## Example
    ```toml
    [[waivers]]
    rule = "license/noncommercial-dropped"
    subject = "org/base"
    reason = "licensed"
    statement = "Commercial license no. 12"
    expires = 2026-01-31
    ```
    on 1 February 2026.

    ## How to fix
    Renew the right and set its new date, or mend the finding.

    ## Sources
    - cardlint's settings, `[[waivers]]`; the habit of clarifications bound to a file's hash is
      cargo-deny's
    """

    id = "license/waiver-expired"
    state = State.EXPIRED
    advice = "Renew the right and set its new date, or mend what it settled."
