"""A PET scanner's resolution, and what it leaves of a sphere's contrast."""

from __future__ import annotations

from math import erf, exp, hypot, log, pi, sqrt

from uptake.phantom.plan import ScannerPlan

FWHM_PER_SIGMA = 2 * sqrt(2 * log(2))
_EDGE_MM = 200.0
_FARTHEST = 1.6


def image_fwhm_mm(scanner: ScannerPlan, radius_mm: float, *, voxels: bool = False) -> float:
    """Resolution of the image at a distance from the scanner's axis, the filter included.

    Parameters
    ----------
    radius_mm
        From the axis. The FWHM grows in proportion to it, as far as 320 mm.
    voxels
        Count the averaging over a voxel too, as a Gaussian of the same variance and the mean size.

    Returns
    -------
    float
        FWHM, millimetres.
    """
    share = min(radius_mm / _EDGE_MM, _FARTHEST)
    fwhm = hypot(scanner.fwhm_mm + share * (scanner.fwhm_edge_mm - scanner.fwhm_mm), scanner.filter_mm)
    if not voxels:
        return fwhm
    z, y, x = scanner.pet_spacing_mm
    variance = (z * z + y * y + x * x) / 3 / 12
    return hypot(fwhm, FWHM_PER_SIGMA * sqrt(variance))


def sphere_recovery(radius_mm: float, fwhm_mm: float, at_mm: float = 0.0) -> float:
    """Share of a uniform sphere's contrast that a Gaussian blur leaves at ``at_mm`` from its centre.

    Exact: the convolution of a ball with an isotropic Gaussian.

    Returns
    -------
    float
        Between 0 and 1: (image - background) / (sphere - background).

    References
    ----------
    Kessler RM et al., J Comput Assist Tomogr 1984;8:514-522 (recovery of a sphere blurred by a Gaussian).
    """
    sigma = fwhm_mm / FWHM_PER_SIGMA
    scale = sqrt(2) * sigma
    if at_mm < 1e-3 * sigma:
        ratio = radius_mm / scale
        return erf(ratio) - 2 / sqrt(pi) * ratio * exp(-ratio * ratio)
    inner, outer = (radius_mm - at_mm) / scale, (radius_mm + at_mm) / scale
    ends = exp(-inner * inner) - exp(-outer * outer)
    return (erf(inner) + erf(outer)) / 2 - sigma / (at_mm * sqrt(2 * pi)) * ends
