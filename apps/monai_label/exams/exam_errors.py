"""Why an exam cannot be had."""

from __future__ import annotations

from uptake.errors import InputRefused, UptakeError


class UnknownExam(InputRefused):
    """No exam of this source has that image id."""


class PacsUnavailable(UptakeError):
    """The PACS did not answer, also not when it was asked again; nothing was lost, and it may be asked later."""

    def __init__(self, what: str, *, remedy: str = "Try again when the PACS answers; nothing was lost.") -> None:
        self.remedy = remedy
        super().__init__(f"{what} {remedy}")


def unknown_exam() -> UnknownExam:
    """The error for an identifier that no listed exam has; it is not repeated."""
    return UnknownExam("No exam has that image id.", remedy="Ask the server's datastore for its images.")
