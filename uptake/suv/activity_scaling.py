"""From activity concentration in Bq/ml to body-weight SUV, by how the voxels' decay was corrected."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from uptake.acquisition import PetAcquisition
from uptake.errors import SuvRefused
from uptake.suv.administration import UNDATABLE_HALF_LIFE_S, dose_bq, half_life_s, injection_time, weight_kg
from uptake.suv.decay import frame_decay_correction, remaining_fraction
from uptake.suv.reference_time import earliest_acquisition, start_reference, starts_are_the_scans

_FRAME_TIMES = (
    "AcquisitionDate", "AcquisitionTime", "ActualFrameDuration", "FrameAcquisitionDateTime", "FrameAcquisitionDuration",
)  # fmt: skip
_INJECTION = ("RadiopharmaceuticalStartDateTime", "RadiopharmaceuticalStartTime")


@dataclass(frozen=True, slots=True, eq=False)
class Scaling:
    """Factors ``(slices,)`` to SUVbw, the branch in words, the keywords used, and warnings."""

    factors: NDArray[np.float64]
    branch: str
    used: tuple[str, ...]
    warnings: tuple[str, ...] = ()


def activity_scaling(acquisition: PetAcquisition) -> Scaling:
    """Factors from Bq/ml to SUVbw: body weight over the activity that the voxels' instant leaves of the dose.

    Raises
    ------
    SuvRefused
        If weight, activity, half-life or a time is absent or not plausible, or DecayCorrection unknown.

    References
    ----------
    DICOM PS3.3 C.8.9.1.1.6 (Decay Correction); QIBA FDG-PET/CT Profile, SUV pseudo-code.
    """
    kilograms, weight_warnings = weight_kg(acquisition)
    dose, dose_warnings = dose_bq(acquisition, kilograms)
    correction = acquisition.decay_correction
    decay = {"ADMIN": _admin_decay, "START": _start_decay, "NONE": _no_decay}.get(correction)
    if decay is None:
        raise SuvRefused(
            f"DecayCorrection is {correction or 'absent'}, not START, ADMIN or NONE.",
            remedy="Use a series that says how its decay was corrected.",
            series=acquisition.series,
            attribute="DecayCorrection (0054,1102)",
        )
    part = decay(acquisition)
    return Scaling(
        factors=part.factors * (kilograms * 1000.0 / dose),
        branch=f"BQML, {correction}{part.branch}",
        used=("DecayCorrection", "PatientWeight", "RadionuclideTotalDose", *part.used),
        warnings=(*weight_warnings, *dose_warnings, *part.warnings),
    )


def _start_decay(acquisition: PetAcquisition) -> Scaling:
    half_life = half_life_s(acquisition)
    reference = start_reference(acquisition, half_life)
    # Where a header names its decay reference, that may be the injection itself: the scan is what must follow it.
    scanned = earliest_acquisition(acquisition) if acquisition.decay_reference else None
    injected, warnings = injection_time(acquisition, scanned or min(reference.times), half_life)
    if min(reference.times) < injected:
        raise SuvRefused(
            f"voxels are decay-corrected to {min(reference.times)}, before the injection at {injected}.",
            remedy="Correct the times in the header.",
            series=acquisition.series,
            attribute="DecayCorrectionDateTime (0018,9701)",
        )
    decayed = [remaining_fraction((time - injected).total_seconds(), half_life) for time in reference.times]
    return Scaling(
        factors=1.0 / np.asarray(decayed, dtype=np.float64),
        branch=f", reference time from {reference.road}",
        used=("RadionuclideHalfLife", *_INJECTION, *reference.used),
        warnings=(*reference.warnings, *warnings),
    )


def _admin_decay(acquisition: PetAcquisition) -> Scaling:
    """Voxels and activity are both of the time of injection: no decay to undo, the times are only checked."""
    scanned = earliest_acquisition(acquisition)
    used: tuple[str, ...] = ()
    if acquisition.injected is None or scanned is None or acquisition.half_life_s is None:
        warnings: tuple[str, ...] = ("the injection or scan time is absent, so their order is not checked",)
    elif acquisition.injected_time_only and acquisition.half_life_s >= UNDATABLE_HALF_LIFE_S:
        warnings = ("the injection's date is absent, so its order to the scan is not checked",)
    else:
        _, warnings = injection_time(acquisition, scanned, half_life_s(acquisition))
        used = ("RadionuclideHalfLife", *_INJECTION, "AcquisitionDate", "AcquisitionTime")
    return Scaling(np.ones(len(acquisition.slices)), "", used, warnings)


def _no_decay(acquisition: PetAcquisition) -> Scaling:
    """Voxels hold each frame's mean activity: bring it to the frame's start, then to the injection."""
    half_life = half_life_s(acquisition)
    scanned = earliest_acquisition(acquisition)
    if scanned is None or any(not timing.acquired or not timing.frame_duration_s for timing in acquisition.slices):
        raise SuvRefused(
            "voxels are not decay-corrected, and a slice lacks its acquisition time or frame duration.",
            remedy="Use a decay-corrected series, or export the frame times.",
            series=acquisition.series,
            attribute="AcquisitionTime (0008,0032) or ActualFrameDuration (0018,1242)",
        )
    if starts_are_the_scans(acquisition):
        raise SuvRefused(
            "voxels are not decay-corrected, and slices of different frames all have the scan's acquisition time.",
            remedy="Use a decay-corrected series, or export the frame times.",
            series=acquisition.series,
            attribute="AcquisitionTime (0008,0032)",
        )
    injected, warnings = injection_time(acquisition, scanned, half_life)
    factors = [
        frame_decay_correction(timing.frame_duration_s, half_life)
        / remaining_fraction((timing.acquired - injected).total_seconds(), half_life)
        for timing in acquisition.slices
        if timing.acquired and timing.frame_duration_s
    ]
    used = ("RadionuclideHalfLife", *_INJECTION, *_FRAME_TIMES)
    return Scaling(np.asarray(factors), ", decay undone per frame", used, warnings)
