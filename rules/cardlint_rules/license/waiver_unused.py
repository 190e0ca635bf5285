"""``license/waiver-unused``."""

from __future__ import annotations

from cardlint.licensing.waivers import State
from cardlint_rules.license._waivers import WaiverRule


class WaiverUnused(WaiverRule):
    """A waiver settles nothing.

    ## What it checks
    Each `[[waivers]]` table names a rule and a subject of which there is a finding in this
    repository. Where one settings file serves several repositories, this is not judged.

    ## Why it matters
    A waiver that fits nothing hides the next finding that it happens to fit. Often the name of the
    upstream changed, or the finding was mended.

    ## Example
    ```toml
    [[waivers]]
    rule = "license/noncommercial-dropped"
    subject = "org/base-v1"   # the card names org/base-v2
    reason = "licensed"
    statement = "Commercial license no. 12"
    ```

    ## How to fix
    Remove the table, or correct its rule and subject.

    ## Sources
    - cardlint's settings, `[[waivers]]`; the habit of clarifications bound to a file's hash is
      cargo-deny's
    """

    id = "license/waiver-unused"
    state = State.UNUSED
    advice = "Remove it, or correct its rule and subject."
