"""The instant to which a PET's voxels are decay-corrected."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from uptake.acquisition import PetAcquisition, SliceTiming
from uptake.errors import SuvRefused
from uptake.suv.decay import mean_count_time_s

_SAME_INSTANT = timedelta(seconds=1)  # times are often written without their fraction
_DATES_LIMIT = timedelta(hours=24)
_ONE_REFERENCE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class ReferenceTime:
    """Decay reference per slice, the road to it in words, the keywords used, and warnings."""

    times: tuple[datetime, ...]
    road: str
    used: tuple[str, ...]
    warnings: tuple[str, ...] = ()


def earliest_acquisition(acquisition: PetAcquisition) -> datetime | None:
    """Start of the first slice's acquisition; None where no slice has one."""
    return min((timing.acquired for timing in acquisition.slices if timing.acquired), default=None)


def start_reference(acquisition: PetAcquisition, half_life_s: float) -> ReferenceTime:
    """Decay reference of a series whose DecayCorrection is START.

    In this order: SeriesDateTime if it is not later than the earliest acquisition (else it is a time of
    post-processing); GE's private scan time; each slice's own frame.

    Raises
    ------
    SuvRefused
        If the header leaves the reference open.

    References
    ----------
    QIBA FDG-PET/CT Profile, vendor-neutral SUV pseudo-code; DICOM PS3.3 C.8.9.1 (Decay Correction) and C.8.9.4
    (Frame Reference Time).
    """
    slices = len(acquisition.slices)
    if acquisition.decay_reference is not None:
        instants = (acquisition.decay_reference,) * slices
        return ReferenceTime(instants, "DecayCorrectionDateTime", ("DecayCorrectionDateTime",))
    if acquisition.enhanced:
        raise SuvRefused(
            "the instant of decay correction is absent.",
            remedy="Export the series with it, or as single-frame objects.",
            series=acquisition.series,
            attribute="DecayCorrectionDateTime (0018,9701)",
        )
    earliest = earliest_acquisition(acquisition)
    if earliest is None:
        raise SuvRefused(
            "no slice has an acquisition time, so SeriesTime may be one of post-processing.",
            remedy="Export the original series with its acquisition times.",
            series=acquisition.series,
            attribute="AcquisitionTime (0008,0032)",
        )
    private, warnings = _private_scan_start(acquisition, earliest)
    series_start = acquisition.series_start
    used = ("SeriesDate", "SeriesTime", "AcquisitionDate", "AcquisitionTime")
    if series_start is not None and earliest - series_start > _DATES_LIMIT:
        raise SuvRefused(
            f"the series starts at {series_start}, but its first slice is acquired at {earliest}.",
            remedy="Correct the dates, one of which seems to have been shifted without the other.",
            series=acquisition.series,
            attribute="SeriesDate (0008,0021)",
        )
    if series_start is not None and series_start <= earliest + _SAME_INSTANT:
        return ReferenceTime((series_start,) * slices, "SeriesDateTime", used, warnings)
    if private is not None and private <= earliest + _SAME_INSTANT:
        road = "GE scan time (SeriesDateTime is later than the acquisition)"
        return ReferenceTime((private,) * slices, road, (*used, "GEScanDateTime"), warnings)
    framed = _frame_references(acquisition, half_life_s)
    return ReferenceTime(framed.times, framed.road, (*used, *framed.used), warnings + framed.warnings)


def starts_are_the_scans(acquisition: PetAcquisition) -> bool:
    """Whether slices of different frames all have one acquisition time: that of the scan, not of their own frame."""
    starts = [each.acquired for each in acquisition.slices if each.acquired]
    offsets_s = [each.frame_reference_time_s for each in acquisition.slices if each.frame_reference_time_s is not None]
    if not starts or not offsets_s:
        return False
    several_frames = max(offsets_s) - min(offsets_s) > _ONE_REFERENCE.total_seconds()
    return several_frames and max(starts) - min(starts) <= _SAME_INSTANT


def _private_scan_start(acquisition: PetAcquisition, earliest: datetime) -> tuple[datetime | None, tuple[str, ...]]:
    private = acquisition.ge_scan_start
    if private is None or abs(private - earliest) <= _DATES_LIMIT:
        return private, ()
    days = abs(private - earliest).total_seconds() / 86400
    return None, (f"GE private scan time (0009,100D) is {days:.1f} days from the acquisition: not used",)


def _frame_references(acquisition: PetAcquisition, half_life_s: float) -> ReferenceTime:
    """Reference per slice from its acquisition, frame reference time and duration."""
    slices = acquisition.slices
    if not any(timing.frame_reference_time_s for timing in slices):
        return _single_start(acquisition)
    starts: list[datetime] = []
    references_s: list[float] = []
    means_s: list[float] = []
    for timing in slices:
        start, reference_s, mean_s = _complete(acquisition, timing, half_life_s)
        starts.append(start)
        references_s.append(reference_s)
        means_s.append(mean_s)
    used = ("FrameReferenceTime", "ActualFrameDuration")
    # A frame's mean time cannot precede it. So where the first frame's reference time does not reach its mean, the
    # scanner counts to the start of the frames (GE does).
    first = references_s.index(min(references_s))
    from_start = references_s[first] < means_s[first] / 2
    offsets = [(0.0 if from_start else mean) - reference for mean, reference in zip(means_s, references_s, strict=True)]
    times = tuple(start + timedelta(seconds=offset) for start, offset in zip(starts, offsets, strict=True))
    spread = max(times) - min(times)
    if spread > _ONE_REFERENCE and (from_start or starts_are_the_scans(acquisition)):
        raise _contradiction(acquisition, spread)
    warnings: tuple[str, ...] = ()
    if spread > _ONE_REFERENCE:
        warnings = (f"slices are decay-corrected to instants {spread.total_seconds():.0f} s apart",)
    road = "frame start" if from_start else "frame mean time"
    return ReferenceTime(times, f"{road} less FrameReferenceTime, per slice", used, warnings)


def _complete(acquisition: PetAcquisition, timing: SliceTiming, half_life_s: float) -> tuple[datetime, float, float]:
    if timing.acquired is None:
        attribute = "AcquisitionTime (0008,0032)"
    elif timing.frame_reference_time_s is None:
        attribute = "FrameReferenceTime (0054,1300)"
    elif timing.frame_duration_s is None or timing.frame_duration_s <= 0:
        attribute = "ActualFrameDuration (0018,1242)"
    else:
        mean_s = mean_count_time_s(timing.frame_duration_s, half_life_s)
        return timing.acquired, timing.frame_reference_time_s, mean_s
    raise SuvRefused(
        "absent on a slice, and SeriesTime is later than the acquisition, so the decay reference is unknown.",
        remedy="Export the original series with its frame times.",
        series=acquisition.series,
        attribute=attribute,
    )


def _single_start(acquisition: PetAcquisition) -> ReferenceTime:
    """Without frame reference times, the one start that all slices share is the reference."""
    starts = [timing.acquired for timing in acquisition.slices]
    known = [start for start in starts if start is not None]
    spread = max(known) - min(known)
    if len(known) < len(starts) or spread > _SAME_INSTANT:
        raise _contradiction(acquisition, spread)
    return ReferenceTime(
        (min(known),) * len(starts), "AcquisitionDateTime (no FrameReferenceTime)", ("FrameReferenceTime",)
    )


def _contradiction(acquisition: PetAcquisition, spread: timedelta) -> SuvRefused:
    return SuvRefused(
        f"SeriesTime is later than the acquisition, and the slices' own times leave {spread.total_seconds():.0f} s "
        "open between decay references that should be one.",
        remedy="Export the original series, with its series time and private attributes.",
        series=acquisition.series,
        attribute="FrameReferenceTime (0054,1300)",
    )
