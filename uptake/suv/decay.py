"""Radioactive decay: the arithmetic that every branch of the conversion shares."""

from __future__ import annotations

import math
from types import MappingProxyType

HALF_LIVES_S = MappingProxyType(
    {
        "^11^Carbon": 1221.8,
        "^13^Nitrogen": 597.9,
        "^15^Oxygen": 122.24,
        "^18^Fluorine": 6586.2,
        "^64^Copper": 45721.0,
        "^68^Gallium": 4063.0,
        "^82^Rubidium": 75.45,
        "^89^Zirconium": 282276.0,
        "^124^Iodine": 360806.0,
    }
)
"""Half-lives in seconds by their DICOM CID 4020 meaning; they check a header's value and never stand in for it.

References: M.-M. Bé et al., Table of Radionuclides, BIPM Monographie 5.
"""


def decay_constant_per_s(half_life_s: float) -> float:
    """Decay constant λ in 1/s."""
    return math.log(2.0) / half_life_s


def remaining_fraction(elapsed_s: float, half_life_s: float) -> float:
    """Part of an activity that is left after ``elapsed_s`` seconds."""
    return math.exp2(-elapsed_s / half_life_s)


def mean_count_time_s(duration_s: float, half_life_s: float) -> float:
    """Seconds from a frame's start at which the activity equals the frame's mean activity.

    ``ln(λT / (1 - e^(-λT))) / λ``: a little before the middle of the frame.

    References
    ----------
    QIBA FDG-PET/CT Profile, SUV pseudo-code ("average count rate time within frame").
    """
    if duration_s <= 0:
        return 0.0
    rate = decay_constant_per_s(half_life_s)
    decayed = rate * duration_s
    return math.log(decayed / -math.expm1(-decayed)) / rate


def frame_decay_correction(duration_s: float, half_life_s: float) -> float:
    """Factor from a frame's mean activity to the activity at its start, ``λT / (1 - e^(-λT))``."""
    if duration_s <= 0:
        return 1.0
    decayed = decay_constant_per_s(half_life_s) * duration_s
    return decayed / -math.expm1(-decayed)
