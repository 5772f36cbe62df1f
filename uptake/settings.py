"""What a user can choose about a run; printed in every result."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from math import inf

METHODS = (
    "fixed-2.0",
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
TASKS = ("auto", "head-neck", "lesions", "psma", "response")
ENGINES = ("auto", "torch", "openvino", "openvino-int8", "onnxruntime", "tensorrt")
_BUNDLE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")


@dataclass(frozen=True, slots=True)
class SegmentationSettings:
    """How first lesions are found without a network: by threshold, or by incremental components.

    Parameters
    ----------
    method
        One of ``METHODS``.
    minimum_volume_ml
        Smaller regions are dropped.
    floor_suv
        Where the percent and adaptive methods look for candidates: SUV at or above this.
    incremental_floor_suv
        Lowest SUVmax that makes a region of the incremental method: 1, or the liver's mean where the tumour
        burden is high.
    connectivity
        6, 18 or 26 neighbours.
    liver_mean_sul, liver_sd_sul
        The liver's SUL mean and standard deviation, needed by ``percist-liver`` alone, g/ml.
    """

    method: str = "fixed-4.0"
    minimum_volume_ml: float = 0.5
    floor_suv: float = 4.0
    incremental_floor_suv: float = 1.0
    connectivity: int = 26
    liver_mean_sul: float | None = None
    liver_sd_sul: float | None = None

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise ValueError(f"unknown method {self.method!r}; choose one of {', '.join(METHODS)}")
        if self.connectivity not in (6, 18, 26):
            raise ValueError(f"connectivity is 6, 18 or 26, not {self.connectivity}")
        if not 0 <= self.minimum_volume_ml < inf:
            raise ValueError(f"minimum_volume_ml must not be negative, not {self.minimum_volume_ml}")
        if not 0 < self.floor_suv < inf or not 0 < self.incremental_floor_suv < inf:
            raise ValueError("floor_suv and incremental_floor_suv must be positive")
        if self.method == "percist-liver":
            if self.liver_mean_sul is None or self.liver_sd_sul is None:
                raise ValueError("percist-liver needs liver_mean_sul and liver_sd_sul")
            if not 0 < self.liver_mean_sul < inf or not 0 <= self.liver_sd_sul < inf:
                raise ValueError("percist-liver needs a positive liver_mean_sul and no negative liver_sd_sul")


@dataclass(frozen=True, slots=True)
class NetworkSettings:
    """Which network finds the lesions, if any, and what runs it.

    Parameters
    ----------
    bundle
        The folder's name of a model bundle; empty for no network: then ``SegmentationSettings`` counts.
    engine
        One of ``ENGINES``; ``auto`` is the fastest that is present and agrees with torch.
    minimum_volume_ml
        Smaller regions are dropped (Nikulin 2023).
    fast
        Fewer patches: they overlap by half at most, whatever the bundle says.
    """

    bundle: str = ""
    engine: str = "auto"
    minimum_volume_ml: float = 0.1
    fast: bool = False

    def __post_init__(self) -> None:
        if self.bundle and not _BUNDLE_NAME.fullmatch(self.bundle):
            raise ValueError(f"a model bundle is named by its folder's name alone, not {self.bundle!r}")
        if self.engine not in ENGINES:
            raise ValueError(f"unknown engine {self.engine!r}; choose one of {', '.join(ENGINES)}")
        if not 0 <= self.minimum_volume_ml < inf:
            raise ValueError(f"minimum_volume_ml must not be negative, not {self.minimum_volume_ml}")
        if self.fast not in (True, False):
            raise ValueError("fast is true or false")


@dataclass(frozen=True, slots=True)
class RunSettings:
    """Everything a run can be told.

    Parameters
    ----------
    segmentation, network
        How regions are found.
    hottest_pictured
        How many lesions are drawn.
    task
        One of ``TASKS``; ``auto`` chooses by tracer and body part.
    structure_set
        Whether an RT Structure Set is written; None for where the task is ``head-neck``.
    """

    segmentation: SegmentationSettings = field(default_factory=SegmentationSettings)
    network: NetworkSettings = field(default_factory=NetworkSettings)
    hottest_pictured: int = 6
    task: str = "auto"
    structure_set: bool | None = None

    def __post_init__(self) -> None:
        if self.task not in TASKS:
            raise ValueError(f"unknown task {self.task!r}; choose one of {', '.join(TASKS)}")
        if self.structure_set not in (None, True, False):
            raise ValueError("structure_set is true, false or null")
