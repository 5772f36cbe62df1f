"""What a PET header says about how its voxels become SUV, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class TagValue:
    """One header value that a number rests on: ``(gggg,eeee)``, keyword or private name, value as found."""

    tag: str
    keyword: str
    value: str


@dataclass(frozen=True, slots=True, eq=False)
class SuvConversion:
    """Factors from rescaled voxels to body-weight SUV, with the evidence they rest on.

    Parameters
    ----------
    factors
        float64 ``(slices,)`` in the order of the series' slices: SUVbw = rescaled voxel x factor, g/ml.
    branch
        The road taken through the rules, in words (for example ``"BQML, START, reference time from SeriesDateTime"``).
    tags
        The header values used.
    warnings
        What was repaired, ignored or disagreed with.
    sul_factor
        SUL (Janmahasatian) = SUVbw x this; None without height, weight or sex, with ``sul_note`` saying why.
    sul_note
        Why there is no SUL, or that a mean of both sexes was taken; empty where neither applies.
    """

    factors: NDArray[np.float64]
    branch: str
    tags: tuple[TagValue, ...]
    warnings: tuple[str, ...] = ()
    sul_factor: float | None = None
    sul_note: str = ""

    @property
    def factor(self) -> float:
        """The factor of the first slice (most series have one factor for all)."""
        return float(self.factors[0])


@dataclass(frozen=True, slots=True)
class SliceTiming:
    """Times of one PET slice; None where the header is silent."""

    acquired: datetime | None
    frame_reference_time_s: float | None
    frame_duration_s: float | None


@dataclass(frozen=True, slots=True)
class PetAcquisition:
    """The header values of a PET series that SUV rests on, typed but not yet judged.

    Absent values are None or empty. ``slices`` follows the order of the headers it was read from. Numbers keep the
    header's unit in their name where it is fixed; ``weight`` and ``dose`` are as found, since real headers hold
    grams and megabecquerels there. All times are on the scanner's clock, without a time zone.

    Parameters
    ----------
    injected
        Start of the injection; where ``injected_time_only``, its time of day on the date of the scan.
    nuclide
        The radionuclide's meaning in DICOM CID 4020 (for example ``"^18^Fluorine"``), empty where it is not coded.
    decay_reference
        The instant voxels are decay-corrected to where the header states it (enhanced PET); None elsewhere.
    rescale_slopes, rescale_intercepts
        Per slice, from stored values to rescaled voxels.
    unit_scales
        Per slice, what a rescaled voxel is multiplied by to be in ``units``; empty means 1 everywhere.
    enhanced
        Whether it was read from an enhanced multi-frame object, whose attributes have other names.
    tags
        Every value read, in order; a conversion keeps those that it used.
    """

    series: str
    units: str
    suv_type: str
    corrections: frozenset[str]
    decay_correction: str
    weight: float | None
    height_m: float | None
    sex: str
    dose: float | None
    half_life_s: float | None
    tracer: str
    injected: datetime | None
    injected_time_only: bool
    series_start: datetime | None
    ge_scan_start: datetime | None
    philips_suv_factor: float | None
    philips_activity_factor: float | None
    slices: tuple[SliceTiming, ...]
    tags: tuple[TagValue, ...]
    warnings: tuple[str, ...] = field(default=())
    nuclide: str = ""
    decay_reference: datetime | None = None
    rescale_slopes: tuple[float, ...] = ()
    rescale_intercepts: tuple[float, ...] = ()
    unit_scales: tuple[float, ...] = ()
    enhanced: bool = False
