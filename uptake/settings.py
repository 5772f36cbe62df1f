"""What a user can choose about a run; printed in every result."""

from __future__ import annotations

from dataclasses import dataclass, field

METHODS = (
    "fixed-2.5",
    "fixed-3.0",
    "fixed-4.0",
    "percent-41",
    "percent-45",
    "percent-50",
    "adaptive",
    "percist-liver",
    "incremental",
)


@dataclass(frozen=True, slots=True)
class SegmentationSettings:
    """How first lesions are found without a network (rules 8 and 9).

    Parameters
    ----------
    method
        One of ``METHODS``.
    minimum_volume_ml
        Smaller regions are dropped.
    floor_suv
        Where the relative methods (percent, adaptive, incremental) look for candidates: SUV at or above this.
    connectivity
        6, 18 or 26 neighbours.
    liver_mean_sul, liver_sd_sul
        The liver's SUL mean and standard deviation, needed by ``percist-liver`` alone (rule 4), g/ml.
    """

    method: str = "fixed-4.0"
    minimum_volume_ml: float = 0.5
    floor_suv: float = 2.5
    connectivity: int = 26
    liver_mean_sul: float | None = None
    liver_sd_sul: float | None = None

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise ValueError(f"unknown method {self.method!r}; choose one of {', '.join(METHODS)}")
        if self.connectivity not in (6, 18, 26):
            raise ValueError(f"connectivity is 6, 18 or 26, not {self.connectivity}")
        if self.minimum_volume_ml < 0 or self.floor_suv <= 0:
            raise ValueError("minimum_volume_ml must not be negative and floor_suv must be positive")
        if self.method == "percist-liver" and (self.liver_mean_sul is None or self.liver_sd_sul is None):
            raise ValueError("percist-liver needs liver_mean_sul and liver_sd_sul")


@dataclass(frozen=True, slots=True)
class RunSettings:
    """Everything a run can be told."""

    segmentation: SegmentationSettings = field(default_factory=SegmentationSettings)
    hottest_pictured: int = 6
