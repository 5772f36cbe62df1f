"""A simple digital body: superellipsoid organs and spherical lesions of known SUV and HU."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from uptake.geometry import IDENTITY_AXES, ImageGeometry, Vector
from uptake.volume import CtVolume, SuvVolume

_AIR_HU = -1000.0
_CT_NOISE_HU = 12.0
_SIGMA_PER_FWHM = 1 / 2.3548


@dataclass(frozen=True, slots=True)
class Organ:
    """A superellipsoid ``|x/a|^n + |y/b|^n + |z/c|^n <= 1``; 2 is an ellipsoid, larger is boxier.

    ``centre_mm`` and ``half_axes_mm`` are LPS ``(x, y, z)``.
    """

    name: str
    centre_mm: Vector
    half_axes_mm: Vector
    suv: float
    hu: float
    exponent: int = 2


@dataclass(frozen=True, slots=True)
class Sphere:
    """A lesion: LPS centre, diameter, and the SUV before the scanner's blur."""

    name: str
    centre_mm: Vector
    diameter_mm: float
    suv: float

    def as_organ(self) -> Organ:
        """The same as a soft-tissue organ."""
        radius = self.diameter_mm / 2
        return Organ(self.name, self.centre_mm, (radius, radius, radius), self.suv, 45.0)


@dataclass(frozen=True, slots=True)
class DemoTruth:
    """What the digital patient is made of; the lesions come after the organs and replace them where they lie."""

    spheres: tuple[Sphere, ...]
    organs: tuple[Organ, ...]


# The head's top is at z = 0; x runs to the left, y to the back. Later organs replace earlier ones.
DEMO_BODY = DemoTruth(
    organs=(
        Organ("trunk", (0, 0, -530), (175, 110, 310), 0.8, 40, 5),
        Organ("right leg", (-85, 0, -850), (80, 85, 120), 0.7, 45, 4),
        Organ("left leg", (85, 0, -850), (80, 85, 120), 0.7, 45, 4),
        Organ("neck", (0, 10, -220), (60, 62, 70), 0.8, 40, 3),
        Organ("head", (0, 0, -115), (80, 98, 112), 0.8, 40),
        Organ("skull", (0, 0, -105), (74, 91, 98), 0.8, 900),
        Organ("brain", (0, 0, -102), (67, 84, 82), 8.0, 35),
        Organ("right lung", (-88, 0, -380), (62, 80, 120), 0.4, -820),
        Organ("left lung", (88, 0, -380), (62, 80, 120), 0.4, -820),
        Organ("heart", (30, -35, -430), (48, 42, 50), 2.0, 45),
        Organ("liver", (-80, -5, -560), (80, 85, 70), 2.2, 60),
        Organ("spleen", (115, 40, -550), (32, 42, 48), 1.8, 50),
        Organ("right kidney", (-70, 55, -660), (26, 26, 50), 3.2, 35),
        Organ("left kidney", (70, 55, -650), (26, 26, 50), 3.2, 35),
        Organ("bladder", (0, -45, -800), (38, 32, 30), 15.0, 8),
        Organ("spine", (0, 70, -530), (18, 18, 290), 1.3, 350, 6),
    ),
    spheres=(
        Sphere("left supraclavicular node", (60, 10, -255), 16, 12.0),
        Sphere("right lung nodule", (-95, 0, -350), 12, 10.0),
        Sphere("mediastinal node", (-5, 5, -375), 20, 9.0),
        Sphere("liver lesion", (-95, -15, -550), 26, 8.0),
        Sphere("lumbar vertebra", (0, 70, -640), 30, 7.0),
        Sphere("right iliac mass", (-75, 10, -750), 40, 6.0),
    ),
)


def paint_suv(
    truth: DemoTruth, geometry: ImageGeometry, random: np.random.Generator, *, fwhm_mm: float = 6.0, noise: float = 0.08
) -> SuvVolume:
    """The body as a PET scanner of ``fwhm_mm`` resolution would show it.

    Parameters
    ----------
    truth
        What to paint.
    geometry
        Grid of the PET; axial, with ``IDENTITY_AXES``.
    random
        Source of the noise.
    fwhm_mm
        Full width at half maximum of the Gaussian point spread, millimetres.
    noise
        Standard deviation at SUV 1, g/ml; it grows with the square root of SUV, as counting noise does.

    Raises
    ------
    ValueError
        If the grid is not axial.
    """
    sigma = [fwhm_mm * _SIGMA_PER_FWHM / spacing for spacing in geometry.spacing_mm]
    suv = np.zeros(geometry.shape, np.float32)
    for organ in (*truth.organs, *(lesion.as_organ() for lesion in truth.spheres)):
        _paint(suv, geometry, organ, organ.suv)
    suv = ndimage.gaussian_filter(suv, sigma)
    grain = ndimage.gaussian_filter(random.standard_normal(geometry.shape, np.float32), sigma)
    suv += noise * np.sqrt(suv) * grain / grain.std()
    return SuvVolume(suv.clip(min=0), geometry)


def paint_ct(truth: DemoTruth, geometry: ImageGeometry, random: np.random.Generator) -> CtVolume:
    """The body in Hounsfield units, with white noise, on an axial grid (ValueError on another)."""
    hu = np.full(geometry.shape, _AIR_HU, np.float32)
    for organ in (*truth.organs, *(lesion.as_organ() for lesion in truth.spheres)):
        _paint(hu, geometry, organ, organ.hu)
    hu += _CT_NOISE_HU * random.standard_normal(geometry.shape, np.float32)
    return CtVolume(hu.clip(min=-1024), geometry)


def _paint(array: NDArray[np.float32], geometry: ImageGeometry, organ: Organ, value: float) -> None:
    """Blend ``value`` in; voxels on the surface get the share that lies inside, so that volumes are right."""
    if geometry.axes != IDENTITY_AXES:
        raise ValueError("the digital body is painted on axial grids only")
    half = np.asarray(organ.half_axes_mm)
    margin = half + geometry.spacing_mm[::-1]
    corners = geometry.index((np.asarray(organ.centre_mm) - margin, np.asarray(organ.centre_mm) + margin))
    low = np.maximum(np.floor(corners.min(axis=0)).astype(int), 0)
    high = np.minimum(np.ceil(corners.max(axis=0)).astype(int) + 1, geometry.shape)
    if np.any(high <= low):
        return
    box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    # On an axial grid the coordinates are separable: one vector per axis instead of three volumes.
    terms = []
    for axis in range(3):
        indices = np.zeros((high[axis] - low[axis], 3))
        indices[:, axis] = np.arange(low[axis], high[axis])
        x_y_z = 2 - axis
        offset = geometry.position_mm(indices)[:, x_y_z] - organ.centre_mm[x_y_z]
        shape = [1, 1, 1]
        shape[axis] = -1
        terms.append((np.abs(offset / half[x_y_z]) ** organ.exponent).astype(np.float32).reshape(shape))
    radius = (terms[0] + terms[1] + terms[2]) ** (1 / organ.exponent)
    voxel = float(np.cbrt(np.prod(geometry.spacing_mm)))
    inside = np.clip(0.5 + (1 - radius) * half.min() / voxel, 0, 1)
    array[box] += inside * (value - array[box])
