"""How much of a lesion's contrast a blur leaves: the exact values of a uniform ball under a Gaussian.

The uptake asked for is what will be measured; from it follows the uptake to paint.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import hypot, pi, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy import special

from uptake.geometry import Vector
from uptake.phantom.physics.resolution import FWHM_PER_SIGMA, image_fwhm_mm
from uptake.phantom.plan import ScannerPlan

_PEAK_RADIUS_MM = (3000.0 / (4.0 * pi)) ** (1.0 / 3.0)


@dataclass(frozen=True, slots=True)
class Recovery:
    """Shares (0 to 1) of a ball's contrast left in its middle, in a 1 ml sphere there, and on average inside it."""

    maximum: float
    peak: float
    mean: float


def radius_of(volume_ml: float) -> float:
    """Radius of a ball, in mm."""
    return float((3000.0 * volume_ml / (4.0 * pi)) ** (1.0 / 3.0))


def blur_sigma_mm(scanner: ScannerPlan, centre_mm: Vector, breath_mm: float) -> float:
    """Standard deviation of the whole blur at a place of the body: scanner, filter, voxel and breathing."""
    fwhm = image_fwhm_mm(scanner, hypot(centre_mm[0], centre_mm[1]), voxels=True)
    # Breathing moves what is about the diaphragm by its full path, and less the farther it is; only along z.
    moving = max(0.0, 1.0 - abs(centre_mm[2] - 400.0) / 220.0)
    return sqrt((fwhm / FWHM_PER_SIGMA) ** 2 + (moving * breath_mm) ** 2 / 12.0 / 3.0)


def recovery(volume_ml: float, sigma_mm: float) -> Recovery:
    """What a Gaussian of ``sigma_mm`` leaves of a uniform ball.

    References
    ----------
    Kessler RM, Ellis JR, Eden M, J Comput Assist Tomogr 1984;8:514-522 (the closed form for the middle of a sphere).
    """
    return _recovery(round(volume_ml, 3), round(sigma_mm, 2))


@lru_cache(maxsize=4096)
def _recovery(volume_ml: float, sigma_mm: float) -> Recovery:
    radius = radius_of(volume_ml)
    at = np.linspace(0.01, max(radius, _PEAK_RADIUS_MM), 160)
    profile = ball_profile(at, radius, sigma_mm)
    return Recovery(float(profile[0]), _mean_within(at, profile, _PEAK_RADIUS_MM), _mean_within(at, profile, radius))


def ball_profile(distance_mm: NDArray[np.float64], radius_mm: float, sigma_mm: float) -> NDArray[np.float64]:
    """Value at some distances (above 0) from the middle of a ball of value 1 after a Gaussian blur."""
    near, far = radius_mm - distance_mm, radius_mm + distance_mm
    root = sqrt(2.0) * sigma_mm
    error = (special.erf(near / root) + special.erf(far / root)) / 2
    tail = np.exp(-((near / root) ** 2)) - np.exp(-((far / root) ** 2))
    return np.asarray(error - sigma_mm / (distance_mm * sqrt(2.0 * pi)) * tail)


def _mean_within(at: NDArray[np.float64], profile: NDArray[np.float64], radius_mm: float) -> float:
    inside = np.append(at[at < radius_mm], radius_mm)
    values = np.interp(inside, at, profile)
    return float(3.0 * np.trapezoid(values * inside**2, inside) / radius_mm**3)
