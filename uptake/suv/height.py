"""Whether a patient's height can be believed."""

from __future__ import annotations

_HEIGHT_M = (0.4, 2.5)
_BODY_MASS_INDEX = (8.0, 100.0)


def plausible_height_m(height_m: float | None, weight_kg: float) -> tuple[float | None, str]:
    """The height in metres, or None and why it cannot be used."""
    if height_m is None or height_m == 0:
        return None, "PatientSize (0010,1020) is absent"
    if not _HEIGHT_M[0] <= height_m <= _HEIGHT_M[1]:
        return None, f"a PatientSize (0010,1020) of {height_m:g} m is not plausible"
    index = weight_kg / height_m**2
    if not _BODY_MASS_INDEX[0] <= index <= _BODY_MASS_INDEX[1]:
        return None, f"PatientSize {height_m:g} m and PatientWeight {weight_kg:g} kg do not fit (BMI {index:.0f})"
    return height_m, ""
