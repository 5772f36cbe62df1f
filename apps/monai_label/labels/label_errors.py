"""Why a label is not taken."""

from __future__ import annotations

from uptake.errors import InputRefused


class LabelRefused(InputRefused):
    """The label does not fit the exam: another exam, another grid, unknown values, or a file that is no SEG."""


class ConflictRefused(InputRefused):
    """Somebody else saved a newer version of this exam's label; nothing was overwritten."""

    def __init__(self, expected: int, current: int) -> None:
        self.expected = expected
        self.current = current
        super().__init__(
            f"This exam's label is at version {current}, and yours was made on version {expected}.",
            remedy="Load the newer label, join the two, and submit again.",
        )
