"""Every way in which cardlint can fail, in one tree.

::

    CardlintError               something the person at the keyboard can mend; exit code 2
    ├── UsageError              a wrong option, setting or file name
    └── Unavailable             a fact that cannot be had: becomes "not checked, because …"
        ├── NotFound            no such repository, revision or file
        ├── AccessDenied        gated or private, and the token (if any) does not open it
        ├── Offline             the network was not asked, on request
        ├── Unreachable         the network was asked and did not answer in time
        ├── OverBudget          the answer would cost more bytes, requests or time than allowed
        └── Malformed           what came back cannot be read as what it claims to be

An :class:`Unavailable` is a result, not an accident: the engine turns it into a
:class:`~cardlint.findings.NotChecked` and the run goes on.
"""

from __future__ import annotations


class CardlintError(Exception):
    """An error with a remedy.

    Args:
        message: what happened, with the user's own values.
        remedy: one next step, or ``None`` where there is none.
    """

    def __init__(self, message: str, *, remedy: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy


class UsageError(CardlintError):
    """The command line, a settings file or a path is wrong."""


class Unavailable(CardlintError):  # noqa: N818  # it is a result ("not checked"), not an error
    """A fact cannot be had; the message is the reason."""


class NotFound(Unavailable):
    """No such repository, revision or file."""


class AccessDenied(Unavailable):
    """The repository is gated or private."""


class Offline(Unavailable):
    """The network was not asked because the user said so."""


class Unreachable(Unavailable):
    """The network was asked and did not answer in time."""


class OverBudget(Unavailable):
    """The answer would cost more bytes, requests or time than allowed."""


class Malformed(Unavailable):
    """The bytes are not what they claim to be."""
