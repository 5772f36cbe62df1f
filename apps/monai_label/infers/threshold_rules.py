"""The thresholds that a click can grow to, each under its published name."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from apps.monai_label.infers.clicks import Voxel, as_sent
from apps.monai_label.infers.growing import box_around, region_at_or_above, region_of_maximum
from apps.monai_label.infers.infer_errors import ClickRefused, RequestRefused
from apps.monai_label.infers.placed_labels import Part
from uptake.errors import InputRefused
from uptake.exam import PreparedExam
from uptake.regions.thresholds import percist_liver_threshold

_LIVER_RADIUS_MM = 15.0  # a sphere of 3 cm
_LIVER_SUV = (0.5, 10.0)
_MOST_SUL = 20.0


@dataclass(frozen=True, slots=True)
class Rule:
    """One threshold.

    Parameters
    ----------
    name
        The tool's, as it is listed.
    title
        In words.
    fraction
        Of the maximum; None for a fixed one.
    suv
        Fixed, g/ml; None where the exam's liver says it (PERCIST), or there is a fraction.
    """

    name: str
    title: str
    fraction: float | None = None
    suv: float | None = None

    @property
    def needs_liver(self) -> bool:
        """Whether it is PERCIST's."""
        return self.fraction is None and self.suv is None


RULES = (
    Rule("region_41_percent", "41 % of the maximum", fraction=0.41),
    Rule("region_45_percent", "45 % of the maximum", fraction=0.45),
    Rule("region_50_percent", "50 % of the maximum", fraction=0.50),
    Rule("region_suv_2_5", "SUV 2.5", suv=2.5),
    Rule("region_suv_4_0", "SUV 4.0", suv=4.0),
    Rule("region_percist", "PERCIST: SUL 1.5 x liver mean + 2 SD"),
)


@dataclass(frozen=True, slots=True)
class LiverSul:
    """Mean and standard deviation of SUL in the liver, g/ml."""

    mean: float
    sd: float

    def __post_init__(self) -> None:
        if not 0 < self.mean <= _MOST_SUL or not 0 <= self.sd <= _MOST_SUL:
            raise RequestRefused(
                "The liver's mean SUL must be above 0, its standard deviation not negative, and both at most 20 g/ml.",
                remedy="Measure them in a sphere of 3 cm in the right lobe, or click there.",
            )


def liver_at(prepared: PreparedExam, click: Voxel) -> LiverSul:
    """Mean and standard deviation of SUL in a sphere of 3 cm around a click in the liver's right lobe.

    Voxels count whose centre lies in the sphere.

    Raises
    ------
    ClickRefused
        If the sphere leaves the exam, or its mean SUV is below 0.5 or above 10, which no liver has.
    InputRefused
        If the exam has no SUL.

    References
    ----------
    Wahl et al., J Nucl Med 2009, 50 Suppl 1:122S-150S.
    """
    factor = prepared.conversion.sul_factor
    if factor is None:
        raise InputRefused(
            f"PERCIST's threshold is a SUL, and this exam has none: {prepared.conversion.sul_note or 'not known why'}.",
            remedy="Choose a tool that works on SUV, or complete the header.",
        )
    grid = prepared.suv.geometry
    room = [min(at, size - 1 - at) * step for at, size, step in zip(click, grid.shape, grid.spacing_mm, strict=True)]
    if min(room) < _LIVER_RADIUS_MM:
        raise ClickRefused(
            f"The sphere of 3 cm around the click {as_sent(click)} leaves the exam.",
            remedy="Click in the middle of the liver's right lobe.",
        )
    box = box_around(click, _LIVER_RADIUS_MM, grid)
    z, y, x = (
        (np.arange(side.start, side.stop) - at) * step
        for side, at, step in zip(box, click, grid.spacing_mm, strict=True)
    )
    inside = z[:, None, None] ** 2 + y[:, None] ** 2 + x**2 <= _LIVER_RADIUS_MM**2
    values = prepared.suv.array[box][inside].astype(np.float64)
    if not _LIVER_SUV[0] <= values.mean() <= _LIVER_SUV[1]:
        raise ClickRefused(
            f"Around the click {as_sent(click)} the mean SUV is {values.mean():.2f}, which is no liver's.",
            remedy="Click in the middle of the liver's right lobe.",
        )
    return LiverSul(float(values.mean() * factor), float(values.std(ddof=1) * factor))


def threshold_suv(rule: Rule, prepared: PreparedExam, liver: LiverSul | None) -> float | None:
    """The SUV of a fixed rule for an exam; None for a share of the maximum.

    Raises
    ------
    RequestRefused
        If PERCIST's lacks the liver.
    InputRefused
        If it lacks a SUL.
    """
    if not rule.needs_liver:
        return rule.suv
    if liver is None:
        raise RequestRefused(
            "PERCIST's threshold needs the liver, and nothing was said of it.",
            remedy="Click in the liver's right lobe under the label liver_reference, or set liver_mean_sul and "
            "liver_sd_sul in the tool's options.",
        )
    return percist_liver_threshold(
        liver_mean_sul=liver.mean, liver_sd_sul=liver.sd, sul_factor=prepared.conversion.sul_factor
    )


def region(rule: Rule, prepared: PreparedExam, click: Voxel, level_suv: float | None) -> Part:
    """The region of a rule at a click; ``level_suv`` as ``threshold_suv`` gave it. Errors as in ``growing``."""
    if rule.fraction is not None:
        return region_of_maximum(prepared.suv, click, rule.fraction)
    if level_suv is None:
        raise ValueError(f"{rule.name} needs a threshold")
    return region_at_or_above(prepared.suv, click, level_suv)
