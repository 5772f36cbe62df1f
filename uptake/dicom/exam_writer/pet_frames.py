"""When each PET slice was acquired, and what its voxels are for an SUV of 1."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import exp, expm1, log

import numpy as np
from numpy.typing import NDArray
from pydicom.valuerep import DSfloat

from uptake.dicom.exam_writer.exam import ExamHeader, Injection, Protocol
from uptake.dicom.exam_writer.pixel_encoding import Stored
from uptake.dicom.exam_writer.values import decimal
from uptake.dicom.exam_writer.vendors import HABITS, PHILIPS_SUV_PER_COUNT
from uptake.geometry import ImageGeometry

_TABLE_MOVES_S = 3.0
_STORED_MAXIMUM = 32767


@dataclass(frozen=True, slots=True)
class PetFrame:
    """The bed position of one slice.

    Parameters
    ----------
    start
        Of its acquisition.
    reference_s
        Frame Reference Time, since the start of the scan.
    decay_factor
        What the frame's mean activity was multiplied with; None without decay correction.
    per_suv
        Rescaled voxel of SUV 1, in the series' Units.
    """

    start: datetime
    reference_s: float
    decay_factor: float | None
    per_suv: float


def bq_per_suv(header: ExamHeader, injection: Injection, when: datetime) -> float:
    """Bq/ml of SUV 1 at ``when``: what is left of the activity over the body weight, at 1 g/ml."""
    return injection.activity_bq * injection.remaining(when) / (header.weight_kg * 1000.0)


def corrected_to(injection: Injection, protocol: Protocol) -> datetime:
    """The instant of decay correction of a series whose voxels are corrected."""
    return injection.injected if protocol.decay_correction == "ADMIN" else protocol.scanned


def pet_frames(
    geometry: ImageGeometry, header: ExamHeader, injection: Injection, protocol: Protocol
) -> tuple[PetFrame, ...]:
    """One per slice: bed positions follow each other from the array's first slice on (thighs to head).

    Mean activity over a frame of length T is that at its start times ``(1 - e^(-λT)) / λT``, and is reached after
    ``ln(λT / (1 - e^(-λT))) / λ``.

    References
    ----------
    DICOM PS3.3 C.8.9.4.1.5 (Frame Reference Time), C.8.9.1.1.6 (Decay Correction).
    """
    slices = geometry.shape[0]
    bed_mm = protocol.bed_mm or HABITS[protocol.vendor].bed_mm
    beds = max(1, round(slices * geometry.spacing_mm[0] / bed_mm)) if bed_mm else 1
    frames = []
    for index in range(slices):
        offset_s = (index * beds // slices) * (protocol.frame_duration_s + _TABLE_MOVES_S)
        frames.append(_frame(offset_s, header, injection, protocol))
    return tuple(frames)


def _frame(offset_s: float, header: ExamHeader, injection: Injection, protocol: Protocol) -> PetFrame:
    rate_per_s = log(2.0) / injection.half_life_s
    decayed = rate_per_s * protocol.frame_duration_s
    mean_share = -expm1(-decayed) / decayed
    mean_s = -log(mean_share) / rate_per_s
    start = protocol.scanned + timedelta(seconds=offset_s)
    reference_s = offset_s + (mean_s if HABITS[protocol.vendor].mean_time else 0.0)
    if protocol.decay_correction == "NONE":
        bq, factor = bq_per_suv(header, injection, start) * mean_share, None
    else:
        instant = corrected_to(injection, protocol)
        bq = bq_per_suv(header, injection, instant)
        factor = exp(rate_per_s * ((start - instant).total_seconds() + mean_s))
    per_suv = {
        "BQML": bq,
        "GML": 1.0,
        "CNTS-SUV": 1.0 / PHILIPS_SUV_PER_COUNT,
        # The private factor is that of the instant of correction; without correction it stays the scan's.
        "CNTS-BQML": bq / counts_to_bq(header, injection, protocol),
    }[protocol.units]
    return PetFrame(start, reference_s, factor, per_suv)


def counts_to_bq(header: ExamHeader, injection: Injection, protocol: Protocol) -> float:
    """Philips' Activity Concentration Scale Factor, Bq/ml per count."""
    return PHILIPS_SUV_PER_COUNT * bq_per_suv(header, injection, corrected_to(injection, protocol))


def stored_plane(suv: NDArray[np.float32], per_suv: float) -> tuple[Stored, DSfloat]:
    """Stored values of a slice with 15 bits between 0 and its own maximum, and its Rescale Slope."""
    rescaled = suv.astype(np.float64) * per_suv
    peak = float(np.abs(rescaled).max())
    # The slope as written, after its rounding to 16 characters, is what a reader will multiply with.
    slope = decimal(peak / _STORED_MAXIMUM if peak > 0 else 1.0)
    stored = np.rint(rescaled / float(str(slope))).clip(-_STORED_MAXIMUM, _STORED_MAXIMUM)
    return stored.astype(np.int16), slope
