"""A phantom like NEMA's for image quality: six hot spheres and a lung insert in a body of SUV 1.

Spheres have no walls, so that their SUV is known up to the surface.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, erf, exp, log, pi, radians, sin, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from uptake.geometry import ImageGeometry, Vector
from uptake.phantom.reference_objects.expectation import Expectation
from uptake.phantom.reference_objects.solids import prism, sphere
from uptake.volume import CtVolume, SuvVolume

SPHERES_MM = (10.0, 13.0, 17.0, 22.0, 28.0, 37.0)
CONTRAST = 4.0
_RING_MM = 57.2
_LUNG_MM = 50.0
_LUNG_HU = -700.0
_BODY_Z_MM = (-68.0, 112.0)
_ROUND_MM, _CORNER_MM, _MIDDLE_Y_MM = 147.0, 77.0, 35.0
_PET = ImageGeometry((100, 124, 157), (2.0, 2.0, 2.0), (-156.0, -124.0, -78.0))
_CT = ImageGeometry((100, 164, 208), (2.0, 1.5, 1.5), (-155.25, -122.25, -78.0))


@dataclass(frozen=True, slots=True)
class NemaImage:
    """How sharp and how noisy a phantom is.

    Parameters
    ----------
    name
        Of the exam's folder.
    fwhm_mm
        Of the Gaussian that blurs it.
    noise
        Standard deviation of the background, as a share of its mean; correlated over ``fwhm_mm``.
    """

    name: str
    fwhm_mm: float = 0.0
    noise: float = 0.0


IMAGES = (NemaImage("sharp"), NemaImage("blurred", 6.0), NemaImage("noisy", 6.0, 0.1))


def nema_pet(image: NemaImage, rng: np.random.Generator) -> SuvVolume:
    """SUV of the phantom: 1 in the body, 4 in the spheres, 0 in the lung insert.

    References
    ----------
    NEMA NU 2-2018 section 7 (sphere diameters, ring, contrast of 4); IEC 61675-1 (outline of the body phantom).
    """
    body = prism(_PET, _body, *_BODY_Z_MM)
    suv = body - prism(_PET, _lung, *_BODY_Z_MM)
    for diameter_mm, centre_mm in sphere_centres():
        suv += (CONTRAST - 1.0) * sphere(_PET, centre_mm, diameter_mm)
    if image.fwhm_mm:
        suv = _blurred(suv, image.fwhm_mm)
    if image.noise:
        grain = _blurred(rng.standard_normal(_PET.shape, dtype=np.float32), image.fwhm_mm)
        suv += image.noise / grain.std() * grain * np.sqrt(np.maximum(suv, 0.0))
        np.maximum(suv, 0.0, out=suv)
    return SuvVolume(np.ascontiguousarray(suv, dtype=np.float32), _PET)


def nema_ct() -> CtVolume:
    """CT of the phantom: water, with the lung insert, in air."""
    lung = prism(_CT, _lung, *_BODY_Z_MM)
    hu = 1000.0 * (prism(_CT, _body, *_BODY_Z_MM) - 1.0) + _LUNG_HU * lung
    return CtVolume(np.ascontiguousarray(hu, dtype=np.float32), _CT)


def sphere_centres() -> tuple[tuple[float, Vector], ...]:
    """Diameter and centre of each sphere: round the lung insert, in the plane z = 0, the smallest to the left.

    Centres are moved from NEMA's ring by less than a millimetre to those of voxels, which then hold a sphere's peak.
    """
    return tuple(
        (diameter_mm, (_on_grid(cos(radians(60.0 * index))), _on_grid(sin(radians(60.0 * index))), 0.0))
        for index, diameter_mm in enumerate(SPHERES_MM)
    )


def _on_grid(share: float) -> float:
    return 2.0 * round(_RING_MM * share / 2.0)


def recovery_at_centre(diameter_mm: float, fwhm_mm: float) -> float:
    """Share of a sphere's contrast that a three-dimensional Gaussian leaves at its centre.

    ``erf(R / (√2 σ)) - √(2/π) (R / σ) exp(-R² / 2σ²)``: the Gaussian's integral over the sphere.
    """
    if fwhm_mm <= 0:
        return 1.0
    radii = diameter_mm / 2.0 / _sigma_mm(fwhm_mm)
    return erf(radii / sqrt(2.0)) - sqrt(2.0 / pi) * radii * exp(-(radii**2) / 2.0)


def nema_expected(image: NemaImage, exam: str) -> list[Expectation]:
    """What the phantom must measure; a voxel's own extent is part of the blur."""
    rows = []
    noise = 4.0 * image.noise  # four standard deviations
    width_mm = sqrt(image.fwhm_mm**2 + 8.0 * log(2.0) * _PET.spacing_mm[0] ** 2 / 12.0) if image.fwhm_mm else 0.0
    for diameter_mm, centre_mm in sphere_centres():
        centre = 1.0 + (CONTRAST - 1.0) * recovery_at_centre(diameter_mm, width_mm)
        tolerance = 0.001 + (0.01 * (centre - 1.0) if image.fwhm_mm else 0.0) + noise * sqrt(centre)
        name = f"sphere {diameter_mm:g} mm"
        rows.append(Expectation(exam, name, *centre_mm, diameter_mm, "suv_at_centre", centre, tolerance))
    # Some fifty independent grains of noise lie in a ball of 40 mm.
    background = Expectation(exam, "background", 0.0, 80.0, 70.0, 40.0, "suv_mean", 1.0, 0.001 + noise / sqrt(50.0))
    return [*rows, background, Expectation(exam, "lung insert", 0.0, 0.0, 0.0, _LUNG_MM, "suv_at_centre", 0.0, 0.001)]


def _body(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.bool_]:
    """A half disc to the front; behind it a flat back with round corners."""
    back = y - _MIDDLE_Y_MM
    beside = np.maximum(np.abs(x) - (_ROUND_MM - _CORNER_MM), 0.0)
    return np.where(back < 0, x**2 + back**2 <= _ROUND_MM**2, beside**2 + back**2 <= _CORNER_MM**2)


def _lung(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.bool_]:
    return np.asarray(x**2 + y**2 <= (_LUNG_MM / 2.0) ** 2)


def _blurred(array: NDArray[np.float32], fwhm_mm: float) -> NDArray[np.float32]:
    return np.asarray(ndimage.gaussian_filter(array, _sigma_mm(fwhm_mm) / _PET.spacing_mm[0]), dtype=np.float32)


def _sigma_mm(fwhm_mm: float) -> float:
    return fwhm_mm / sqrt(8.0 * log(2.0))
