"""Weight, administered activity, half-life and injection time: judged before any of them is used."""

from __future__ import annotations

from datetime import datetime, timedelta

from uptake.acquisition import PetAcquisition
from uptake.errors import SuvRefused
from uptake.suv.decay import HALF_LIVES_S

_GRAMS_ABOVE = 1000.0
_MBQ_BELOW = 1.0e4
_WEIGHT_KG = (0.5, 500.0)
_ACTIVITY_MBQ_PER_KG = (0.05, 100.0)
_GUESSED_MBQ_PER_KG = 0.5  # "10" can be mCi as well as MBq: the reading as MBq must make a usual activity
_HALF_LIFE_TOLERANCE = 0.03
UNDATABLE_HALF_LIFE_S = 11.5 * 3600.0
_SHORTEST_UPTAKE_S = 60.0
_LONGEST_UPTAKE_HALF_LIVES = 10.0


def weight_kg(acquisition: PetAcquisition) -> tuple[float, tuple[str, ...]]:
    """Body weight in kilograms and what was repaired on the way.

    Raises
    ------
    SuvRefused
        If the weight is absent, not positive, or no patient's.
    """
    weight = acquisition.weight
    if weight is None or weight <= 0:
        found = "absent or unreadable" if weight is None else f"{weight:g}"
        raise _refusal(
            acquisition, "PatientWeight (0010,1030)", f"the body weight is {found}.", "Enter it in kilograms."
        )
    warnings: tuple[str, ...] = ()
    kilograms = weight
    if weight > _GRAMS_ABOVE:
        kilograms = weight / 1000.0
        warnings = (f"PatientWeight {weight:g} is taken as grams: {kilograms:g} kg",)
    if not _WEIGHT_KG[0] <= kilograms <= _WEIGHT_KG[1]:
        reason = f"a body weight of {kilograms:g} kg is not plausible."
        raise _refusal(acquisition, "PatientWeight (0010,1030)", reason, "Enter it in kilograms.")
    return kilograms, warnings


def dose_bq(acquisition: PetAcquisition, patient_kg: float) -> tuple[float, tuple[str, ...]]:
    """Administered activity in becquerels and what was repaired on the way.

    Raises
    ------
    SuvRefused
        If the activity is absent, not positive, or far from anything that is injected.
    """
    attribute = "RadionuclideTotalDose (0018,1074)"
    dose = acquisition.dose
    if dose is None or dose <= 0:
        found = "absent or unreadable" if dose is None else f"{dose:g}"
        raise _refusal(acquisition, attribute, f"the administered activity is {found}.", "Enter it in becquerels.")
    guessed = dose < _MBQ_BELOW
    becquerels = dose * 1.0e6 if guessed else dose
    per_kg = becquerels / 1.0e6 / patient_kg
    lowest = _GUESSED_MBQ_PER_KG if guessed else _ACTIVITY_MBQ_PER_KG[0]
    if not lowest <= per_kg <= _ACTIVITY_MBQ_PER_KG[1]:
        as_what = "as megabecquerels" if guessed else "as becquerels"
        reason = f"{dose:g} read {as_what} makes {per_kg:.3g} MBq/kg, which is not plausible."
        raise _refusal(acquisition, attribute, reason, "Enter the administered activity in becquerels.")
    warnings = (f"RadionuclideTotalDose {dose:g} is taken as MBq: {becquerels:g} Bq",) if guessed else ()
    return becquerels, warnings


def half_life_s(acquisition: PetAcquisition) -> float:
    """Half-life in seconds as the header has it.

    Raises
    ------
    SuvRefused
        If it is absent, not positive, or not that of the coded radionuclide.
    """
    attribute = "RadionuclideHalfLife (0018,1075)"
    found = acquisition.half_life_s
    if found is None or found <= 0:
        value = "absent or unreadable" if found is None else f"{found:g}"
        raise _refusal(acquisition, attribute, f"the half-life is {value}.", "Enter it in seconds.")
    known = HALF_LIVES_S.get(acquisition.nuclide)
    if known is not None and abs(found / known - 1.0) > _HALF_LIFE_TOLERANCE:
        reason = f"{found:g} s is not the half-life of {acquisition.nuclide}, which is {known:g} s."
        raise _refusal(acquisition, attribute, reason, "Correct the half-life or the radionuclide.")
    return found


def injection_time(
    acquisition: PetAcquisition, scanned: datetime, half_life: float
) -> tuple[datetime, tuple[str, ...]]:
    """When the activity was injected, on the scanner's clock, and what was repaired on the way.

    Parameters
    ----------
    acquisition
        The header.
    scanned
        The instant that must follow the injection: the decay reference or the start of the scan.
    half_life
        Half-life in seconds.

    Raises
    ------
    SuvRefused
        If the time is absent, cannot be dated, or does not precede the scan by a plausible uptake time.
    """
    injected = acquisition.injected
    warnings: tuple[str, ...] = ()
    attribute = "RadiopharmaceuticalStartDateTime (0018,1078)"
    if acquisition.injected_time_only:
        attribute = "RadiopharmaceuticalStartTime (0018,1072)"
    remedy = "Correct the injection time, with its date, in RadiopharmaceuticalStartDateTime (0018,1078)."
    if injected is None:
        raise _refusal(acquisition, attribute, "the injection time is absent or unreadable.", remedy)
    if acquisition.injected_time_only:
        if half_life >= UNDATABLE_HALF_LIFE_S:
            reason = f"a time without a date is not enough for a half-life of {half_life / 3600:.1f} h."
            raise _refusal(acquisition, attribute, reason, remedy)
        if injected > scanned:
            injected -= timedelta(days=1)
            warnings = ("the injection's time of day falls after the scan, so it is dated one day earlier",)
    uptake_s = (scanned - injected).total_seconds()
    if uptake_s < 0:
        reason = f"the injection at {injected} falls after the scan at {scanned}."
    elif uptake_s < _SHORTEST_UPTAKE_S:
        reason = (
            f"the injection at {injected} and the scan at {scanned} coincide: either the injection time was copied "
            "from the scan or this is a dynamic scan, and the decay between them is unknown."
        )
    elif uptake_s > _LONGEST_UPTAKE_HALF_LIVES * half_life:
        reason = (
            f"the injection at {injected} is {uptake_s / 3600:.1f} h before the scan at {scanned}, more than "
            f"{_LONGEST_UPTAKE_HALF_LIVES:g} half-lives, when nothing is left to measure."
        )
    else:
        return injected, warnings
    raise _refusal(acquisition, attribute, reason, remedy)


def _refusal(acquisition: PetAcquisition, attribute: str, reason: str, remedy: str) -> SuvRefused:
    return SuvRefused(reason, remedy=remedy, series=acquisition.series, attribute=attribute)
