"""A PET acquisition in memory, with a knob for every header value.

An hour after 350 MBq of F-18 for 70 kg and 1.75 m: two frames of two minutes, three minutes apart, decay-corrected to
the start of the series, which is the start of the first frame.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from uptake.acquisition import PetAcquisition, SliceTiming
from uptake.suv.decay import mean_count_time_s

START = datetime(2020, 5, 17, 10, 30, 0)
INJECTED = START - timedelta(hours=1)
HALF_LIFE_S = 6586.2
DOSE_BQ = 350.0e6
WEIGHT_KG = 70.0
FRAME_S = 120.0
FRAME_STARTS_S = (0.0, 180.0)


def timings(*, starts_s=FRAME_STARTS_S, duration_s=FRAME_S, reference_s=None) -> tuple[SliceTiming, ...]:
    """Frames starting ``starts_s`` after START; their reference times are those of DICOM unless given."""
    mean_s = mean_count_time_s(duration_s, HALF_LIFE_S)
    given = [start + mean_s for start in starts_s] if reference_s is None else reference_s
    pairs = zip(starts_s, given, strict=True)
    return tuple(SliceTiming(START + timedelta(seconds=start), each, duration_s) for start, each in pairs)


def acquisition(**changes) -> PetAcquisition:
    plain = PetAcquisition(
        series="PT series 3 'PET AC' (2 slices)",
        units="BQML",
        suv_type="",
        corrections=frozenset(("ATTN", "DECY", "SCAT")),
        decay_correction="START",
        weight=WEIGHT_KG,
        height_m=1.75,
        sex="M",
        dose=DOSE_BQ,
        half_life_s=HALF_LIFE_S,
        tracer="FDG",
        injected=INJECTED,
        injected_time_only=False,
        series_start=START,
        ge_scan_start=None,
        philips_suv_factor=None,
        philips_activity_factor=None,
        slices=timings(),
        tags=(),
        nuclide="^18^Fluorine",
        rescale_slopes=(1.0, 1.0),
        rescale_intercepts=(0.0, 0.0),
    )
    return replace(plain, **changes)
