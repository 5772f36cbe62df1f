"""A PET's header to SUV factors with their evidence, and its voxels to an SUV volume."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from uptake.acquisition import PetAcquisition, SuvConversion
from uptake.errors import SuvRefused
from uptake.geometry import ImageGeometry
from uptake.suv.administration import weight_kg
from uptake.suv.height import plausible_height_m
from uptake.suv.normalisation import NORMALISING_MASS_KG, body_surface_cm2, suv_to_sul
from uptake.suv.vendor_scaling import scaling
from uptake.volume import SuvVolume

_ALWAYS_USED = (
    "Units",
    "CorrectedImage",
    "DecayCorrection",
    "TimezoneOffsetFromUTC",
    # and where enhanced PET says the same
    "MeasurementUnitsCodeSequence",
    "RealWorldValueSlope",
    "AttenuationCorrected",
    "DecayCorrected",
)
_BODY = ("PatientWeight", "PatientSize", "PatientSex")


def convert(acquisition: PetAcquisition) -> SuvConversion:
    """Factors from rescaled voxels to body-weight SUV, or a refusal.

    Raises
    ------
    SuvRefused
        If the header does not allow an SUV; the message names the attribute and what to do.
    """
    scaled = scaling(acquisition)
    factors = scaled.factors
    if acquisition.unit_scales:
        factors = factors * np.asarray(acquisition.unit_scales, dtype=np.float64)
    if not (np.all(np.isfinite(factors)) and np.all(factors > 0)):
        raise SuvRefused(
            "the factor to SUV is not a positive number.",
            remedy="Check weight, activity and times in the header.",
            series=acquisition.series,
        )
    sul_factor, sul_note = sul_factor_of(acquisition)
    wanted = {*_ALWAYS_USED, *scaled.used, *(_BODY if sul_factor is not None else ())}
    return SuvConversion(
        factors=factors,
        branch=scaled.branch,
        tags=tuple(tag for tag in acquisition.tags if tag.keyword in wanted),
        warnings=(*acquisition.warnings, *scaled.warnings),
        sul_factor=sul_factor,
        sul_note=sul_note,
    )


def to_suv(rescaled: NDArray[np.float32], geometry: ImageGeometry, conversion: SuvConversion) -> SuvVolume:
    """Body-weight SUV volume from rescaled voxels; the array is scaled in place and becomes the volume's.

    Parameters
    ----------
    rescaled
        float32 ``(z, y, x)`` in the header's Units, slices in the order of the conversion's factors.
    geometry
        The array's grid.
    conversion
        Factors, ``(slices,)``.

    Raises
    ------
    ValueError
        If there are not as many factors as slices.
    """
    if conversion.factors.shape != rescaled.shape[:1]:
        raise ValueError(f"{conversion.factors.shape[0]} factors for {rescaled.shape[0]} slices")
    array = rescaled if rescaled.flags.writeable else rescaled.copy()
    array *= conversion.factors.astype(np.float32)[:, None, None]
    return SuvVolume(array, geometry)


def sul_factor_of(acquisition: PetAcquisition) -> tuple[float | None, str]:
    """Factor from SUVbw to SUL (Janmahasatian), and a note: why there is none, or that both sexes were averaged."""
    try:
        kilograms, _ = weight_kg(acquisition)
    except SuvRefused as refusal:
        return None, f"no SUL: {refusal.reason}"
    height, why = plausible_height_m(acquisition.height_m, kilograms)
    if height is None:
        return None, f"no SUL: {why}"
    sex = acquisition.sex
    note = "" if sex in ("M", "F") else f"PatientSex is {sex or 'empty'}: SUL is the mean of both sexes' formulas"
    return suv_to_sul(kilograms, height, sex), note


def normalisation_factors(acquisition: PetAcquisition) -> dict[str, tuple[float, ...]]:
    """By SUVType, factors from SUVbw to the SUV of that type; several where the type is ambiguous, none where unknown.

    A plain ``LBM`` is written for James with 120 and with 128 alike.
    """
    factors: dict[str, tuple[float, ...]] = {"BW": (1.0,), "BSA": (), **dict.fromkeys(NORMALISING_MASS_KG, ())}
    try:
        kilograms, _ = weight_kg(acquisition)
    except SuvRefused:
        return factors
    height, _ = plausible_height_m(acquisition.height_m, kilograms)
    if height is None:
        return factors
    factors["BSA"] = (body_surface_cm2(kilograms, height) / (kilograms * 1000.0),)
    if acquisition.sex in ("M", "F"):
        for suv_type, (_, mass_kg) in NORMALISING_MASS_KG.items():
            mass = mass_kg(kilograms, height, acquisition.sex)
            factors[suv_type] = (mass / kilograms,) if mass > 0 else ()
        factors["LBM"] += factors["LBMJAMES128"]
    return factors
