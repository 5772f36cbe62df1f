"""How a training stands, in our words and as MONAI Label's clients read it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

RUNNING, DONE, ERROR, STOPPED = "RUNNING", "DONE", "ERROR", "STOPPED"
_CLIENTS_KNOW = {STOPPED: ERROR}


@dataclass(frozen=True, slots=True)
class TrainStatus:
    """One training.

    Parameters
    ----------
    number
        Counts the server's trainings.
    model
        Which.
    state
        ``RUNNING``, ``DONE``, ``ERROR`` or ``STOPPED``.
    stage
        In words.
    done
        Share, 0 to 1.
    begun, ended
        Seconds since 1970; ``ended`` 0 while it runs.
    details
        Lines for people, oldest first; no patient data.
    promoted
        The version that it brought into use; None if it did not.
    """

    number: int
    model: str
    state: str
    stage: str = ""
    done: float = 0.0
    begun: float = 0.0
    ended: float = 0.0
    details: tuple[str, ...] = ()
    promoted: int | None = None

    def to_task(self) -> dict[str, Any]:
        """As ``/train/`` answers."""
        return {
            "id": f"train-{self.number}",
            "method": "train",
            "status": _CLIENTS_KNOW.get(self.state, self.state),
            "state": self.state,
            "request": {"model": self.model},
            "model": self.model,
            "stage": self.stage,
            "progress": round(100 * self.done, 1),
            "start_ts": _clock(self.begun),
            "end_ts": _clock(self.ended) if self.ended else None,
            "details": list(self.details),
            "promoted": self.promoted,
        }


def _clock(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))
