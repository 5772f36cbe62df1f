"""What a run looks for: what was asked, what was chosen, and why."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TaskChoice:
    """The task of a run.

    Parameters
    ----------
    asked
        One of ``settings.TASKS``.
    chosen
        ``head-neck``, or ``lesions`` for regions by a threshold or by a network that was named.
    bundle
        The model bundle that is used; empty for none.
    why
        The reason for the choice, in words; no patient data.
    """

    asked: str
    chosen: str
    bundle: str
    why: str

    def __post_init__(self) -> None:
        if not self.asked or not self.chosen or not self.why:
            raise ValueError("a task needs what was asked, what was chosen and why")
