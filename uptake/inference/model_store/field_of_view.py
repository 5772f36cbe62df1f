"""Which part of an exam a network is shown."""

from __future__ import annotations

from dataclasses import dataclass

RANGES = ("whole", "head_neck")


@dataclass(frozen=True, slots=True)
class FieldOfView:
    """Which part of an exam a network is shown.

    Parameters
    ----------
    axial
        ``whole``, or ``head_neck`` for the region that ``uptake.inference.head_neck_field`` finds.
    centre_crop_mm
        Sides (y, x) of the central transaxial crop in millimetres; None for the whole plane.
    """

    axial: str = "whole"
    centre_crop_mm: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        if self.axial not in RANGES:
            raise ValueError(f"axial {self.axial!r} is unknown; known are {', '.join(RANGES)}")
        if self.centre_crop_mm is not None:
            object.__setattr__(self, "centre_crop_mm", tuple(float(side) for side in self.centre_crop_mm))
            if len(self.centre_crop_mm) != 2 or not all(10.0 <= side <= 2000.0 for side in self.centre_crop_mm):
                raise ValueError("centre_crop_mm must be two sides (y, x) of 10 to 2000 mm")


WHOLE = FieldOfView()
