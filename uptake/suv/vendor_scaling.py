"""From what a scanner writes (Bq/ml, counts, normalised SUV) to factors to body-weight SUV."""

from __future__ import annotations

import numpy as np

from uptake.acquisition import PetAcquisition
from uptake.errors import SuvRefused
from uptake.suv.activity_scaling import Scaling, activity_scaling
from uptake.suv.administration import weight_kg
from uptake.suv.height import plausible_height_m
from uptake.suv.normalisation import NORMALISING_MASS_KG, body_surface_cm2


def scaling(acquisition: PetAcquisition) -> Scaling:
    """Choose the branch by Units and follow it.

    Raises
    ------
    SuvRefused
        If Units has no way to SUV, or what its way needs is absent or contradictory.

    References
    ----------
    DICOM PS3.3 C.8.9.1 (Units, SUV Type, Decay Correction); QIBA SUV pseudo-code (Philips private attributes).
    """
    branches = {"BQML": activity_scaling, "CNTS": _counts, "GML": _grams, "CM2ML": _surface}
    if acquisition.units not in branches:
        raise SuvRefused(
            f"Units {acquisition.units or '(empty)'} cannot be turned into SUV.",
            remedy="Use the series in BQML, or in GML.",
            series=acquisition.series,
            attribute="Units (0054,1001)",
        )
    _require_corrections(acquisition)
    return branches[acquisition.units](acquisition)


def _require_corrections(acquisition: PetAcquisition) -> None:
    applied = acquisition.corrections
    listed = ", ".join(sorted(applied)) or "empty"
    undecayed = acquisition.decay_correction == "NONE"
    if "ATTN" not in applied:
        reason = f"not attenuation-corrected (corrections are {listed})."
        remedy = "Use the attenuation-corrected series."
    elif not undecayed and "DECY" not in applied:
        reason = f"not decay-corrected (CorrectedImage is {listed}), though DecayCorrection is not NONE."
        remedy = "Use a series whose decay correction is stated without contradiction."
    elif undecayed and "DECY" in applied:
        reason = "CorrectedImage says DECY, but DecayCorrection is NONE."
        remedy = "Use a series whose decay correction is stated without contradiction."
    else:
        return
    attribute = "CorrectedImage (0028,0051)"
    if acquisition.enhanced:
        attribute = "AttenuationCorrected (0018,9759), DecayCorrected (0018,9758)"
    raise SuvRefused(reason, remedy=remedy, series=acquisition.series, attribute=attribute)


def _counts(acquisition: PetAcquisition) -> Scaling:
    """Philips: private factors lead from counts to SUV, or to Bq/ml."""
    suv_factor, activity_factor = acquisition.philips_suv_factor, acquisition.philips_activity_factor
    if suv_factor:
        _require_corrected_decay(acquisition)
        _require_positive(acquisition, suv_factor, "Philips SUV Scale Factor (7053,1000)")
        factors = np.full(len(acquisition.slices), suv_factor)
        return Scaling(factors, "CNTS, Philips SUV scale factor", ("PhilipsSUVScaleFactor",))
    if activity_factor:
        _require_positive(acquisition, activity_factor, "Philips Activity Concentration Scale Factor (7053,1009)")
        then = activity_scaling(acquisition)
        return Scaling(
            factors=then.factors * activity_factor,
            branch=f"CNTS, Philips activity concentration scale factor, then {then.branch}",
            used=("PhilipsActivityConcentrationScaleFactor", *then.used),
            warnings=then.warnings,
        )
    raise SuvRefused(
        "Units CNTS needs Philips' private scale factors (7053,1000) or (7053,1009), and neither is there.",
        remedy="Export the series with its private attributes, or in BQML.",
        series=acquisition.series,
        attribute="Units (0054,1001)",
    )


def _grams(acquisition: PetAcquisition) -> Scaling:
    _require_corrected_decay(acquisition)
    slices, kind = len(acquisition.slices), acquisition.suv_type
    if kind in ("", "BW"):
        said = kind or "(empty)"
        return Scaling(np.ones(slices), f"GML, SUVType {said}: already body-weight SUV", ("SUVType",))
    if kind not in NORMALISING_MASS_KG:
        raise SuvRefused(
            f"SUVType {kind} is not one that Units GML can have.",
            remedy="Use the series in BQML, or as body-weight SUV.",
            series=acquisition.series,
            attribute="SUVType (0054,1006)",
        )
    kilograms, height, warnings = _body(acquisition)
    if acquisition.sex not in ("M", "F"):
        raise SuvRefused(
            f"SUVType {kind} cannot be undone for a PatientSex of {acquisition.sex or '(empty)'}.",
            remedy="Enter the sex that the scanner used, or use the series in BQML.",
            series=acquisition.series,
            attribute="PatientSex (0010,0040)",
        )
    name, mass_of = NORMALISING_MASS_KG[kind]
    mass = mass_of(kilograms, height, acquisition.sex)
    if mass <= 0:
        raise SuvRefused(
            f"{name} is {mass:.1f} kg for this weight and height, so SUVType {kind} cannot be undone.",
            remedy="Use the series in BQML.",
            series=acquisition.series,
            attribute="SUVType (0054,1006)",
        )
    used = ("SUVType", "PatientWeight", "PatientSize", "PatientSex")
    return Scaling(np.full(slices, kilograms / mass), f"GML, SUVType {kind}: {name} undone", used, warnings)


def _surface(acquisition: PetAcquisition) -> Scaling:
    _require_corrected_decay(acquisition)
    if acquisition.suv_type not in ("", "BSA"):
        raise SuvRefused(
            f"SUVType {acquisition.suv_type} contradicts Units CM2ML.",
            remedy="Use the series in BQML.",
            series=acquisition.series,
            attribute="SUVType (0054,1006)",
        )
    kilograms, height, warnings = _body(acquisition)
    factor = kilograms * 1000.0 / body_surface_cm2(kilograms, height)
    factors = np.full(len(acquisition.slices), factor)
    used = ("SUVType", "PatientWeight", "PatientSize")
    return Scaling(factors, "CM2ML: body surface (Du Bois) undone", used, warnings)


def _body(acquisition: PetAcquisition) -> tuple[float, float, tuple[str, ...]]:
    kilograms, warnings = weight_kg(acquisition)
    height, why = plausible_height_m(acquisition.height_m, kilograms)
    if height is None:
        raise SuvRefused(
            f"the voxels are normalised by height, and {why}.",
            remedy="Enter the height in metres, or use the series in BQML.",
            series=acquisition.series,
            attribute="PatientSize (0010,1020)",
        )
    return kilograms, height, warnings


def _require_corrected_decay(acquisition: PetAcquisition) -> None:
    if acquisition.decay_correction == "NONE":
        raise SuvRefused(
            f"Units {acquisition.units} as SUV contradicts DecayCorrection NONE.",
            remedy="Use a decay-corrected series.",
            series=acquisition.series,
            attribute="DecayCorrection (0054,1102)",
        )


def _require_positive(acquisition: PetAcquisition, factor: float, attribute: str) -> None:
    if not (np.isfinite(factor) and factor > 0):
        raise SuvRefused(
            f"the scale factor is {factor:g}.",
            remedy="Export the series in BQML.",
            series=acquisition.series,
            attribute=attribute,
        )
