"""A patient delineated twice: by the truth, and by the method under test."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class DelineatedPatient:
    """Truth and answer on one grid.

    Parameters
    ----------
    name
        What pairs the patient between methods; never a patient's own name.
    truth, found
        Class of every voxel, ``(z, y, x)``: 0 background, then 1, 2, ... as the caller names them.
    voxel_ml
        Volume of a voxel, ml.
    follow_up_days
        From the exam to death or to the last day known alive.
    event
        Whether the patient died then. Both or neither of the two are given.

    Raises
    ------
    ValueError
        If the grids differ, the classes are not uint8, or a number is out of its range.
    """

    name: str
    truth: NDArray[np.uint8]
    found: NDArray[np.uint8]
    voxel_ml: float
    follow_up_days: float | None = None
    event: bool | None = None

    def __post_init__(self) -> None:
        if self.truth.ndim != 3 or self.truth.shape != self.found.shape:
            raise ValueError(f"truth {self.truth.shape} and found {self.found.shape} are not on one (z, y, x) grid")
        if self.truth.dtype != np.uint8 or self.found.dtype != np.uint8:
            raise ValueError("truth and found must be uint8")
        if not (math.isfinite(self.voxel_ml) and self.voxel_ml > 0):
            raise ValueError(f"a voxel has {self.voxel_ml} ml")
        if (self.follow_up_days is None) != (self.event is None):
            raise ValueError("follow_up_days and event are given together or not at all")
        if self.follow_up_days is not None and not (math.isfinite(self.follow_up_days) and self.follow_up_days >= 0):
            raise ValueError(f"the follow-up is {self.follow_up_days} days")
