"""``license/waiver-changed``."""

from __future__ import annotations

from cardlint.licensing.waivers import State
from cardlint_rules.license._waivers import WaiverRule


class WaiverChanged(WaiverRule):
    """The document that a waiver was granted for has changed or is gone.

    ## What it checks
    `file` of each `[[waivers]]` table is there, below the settings file's folder, and has the
    SHA-256 that the table gives. Otherwise the waiver does not count.

    ## Why it matters
    A waiver rests on a document that somebody read. Another document is another right.

    ## Example
    ```toml
    [[waivers]]
    rule = "license/noncommercial-dropped"
    subject = "org/base"
    reason = "licensed"
    statement = "Commercial license no. 12"
    file = "legal/org.pdf"
    sha256 = "0000000000000000000000000000000000000000000000000000000000000000"
    ```

    ## How to fix
    Read the document again; if the right still stands, write its new SHA-256.

    ## Sources
    - cardlint's settings, `[[waivers]]`; the habit of clarifications bound to a file's hash is
      cargo-deny's
    """

    id = "license/waiver-changed"
    state = State.CHANGED
    advice = "Read the document again; if the right stands, write its new SHA-256."
