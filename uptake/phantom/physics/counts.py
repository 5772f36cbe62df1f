"""The noise of a PET's counts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import correlate1d

from uptake.geometry import ImageGeometry
from uptake.phantom.physics.resolution import FWHM_PER_SIGMA
from uptake.phantom.plan import ScannerPlan
from uptake.volume import SuvVolume

# ScannerPlan.noise is stated for this: FDG's usual liver, 4 MBq/kg, 60 min of an 18F tracer, 120 s per bed, and a
# trunk whose mean chord is that of 75 kg.
_LIVER_SUV = 2.2
_REFERENCE_BQ_PER_KG = 4e6
_REFERENCE_UPTAKE_S = 3600.0
_REFERENCE_HALF_LIFE_S = 6586.2
_REFERENCE_FRAME_S = 120.0
_REFERENCE_PATH_CM = 22.0
_WATER_PER_CM = 0.096
# Reconstruction alone correlates noise over about this much; along the axis less than in the plane (measured in the
# livers of two exams: 6.6 mm in the plane, 3.7 mm along the axis).
_RECONSTRUCTION_MM = 3.0
_AXIAL_SHARE = 0.65
_LARGEST_VARIATION = 1.0
# Near both ends of the scan fewer rings see each slice.
_END_MM = 40.0
_END_SENSITIVITY = 0.35
# Below this nothing is counted, and dividing by less would overflow.
_LEAST_SUV = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """What decides how many counts there are.

    Parameters
    ----------
    activity_bq, weight_kg
        Injected, and the person's weight.
    uptake_s, half_life_s
        From injection to scan, and of the radionuclide.
    attenuation_cm
        How much water the photons of a pair cross, ``(z,)`` or ``(z, y, x)`` of the PET grid.
    """

    activity_bq: float
    weight_kg: float
    uptake_s: float
    half_life_s: float
    attenuation_cm: NDArray[np.float32]


def with_noise(noise_free: SuvVolume, scanner: ScannerPlan, counts: Counts, rng: np.random.Generator) -> SuvVolume:
    """The image with the noise of its counts, without bias and never negative.

    The variance is proportional to the uptake and to the photons lost on their way, and inverse to the counts; the
    values are lognormal and correlated by reconstruction and filter.

    Parameters
    ----------
    noise_free
        SUV, g/ml, on an axial grid.
    scanner
        Its ``noise`` is the coefficient of variation in the reference person's liver.

    Raises
    ------
    ValueError
        If the attenuation has neither one value per slice nor one per voxel.

    References
    ----------
    Barrett HH, Wilson DW, Tsui BMW, Phys Med Biol 1994;39:833-846 (EM images: lognormal, less noise where it is cold).
    """
    path = np.asarray(counts.attenuation_cm, np.float32)
    if path.shape == noise_free.array.shape[:1]:
        path = path[:, None, None]
    elif path.shape != noise_free.array.shape:
        raise ValueError(f"attenuation has shape {path.shape}, the image {noise_free.array.shape}")
    lost = np.exp(np.float32(_WATER_PER_CM) * (path - np.float32(_REFERENCE_PATH_CM)))
    lost = lost / _sensitivity(noise_free.geometry)[:, None, None]
    at_one = scanner.noise**2 * _LIVER_SUV / _count_ratio(scanner, counts)
    mean = noise_free.array
    variation2 = np.divide(np.float32(at_one) * lost, mean, out=np.zeros_like(mean), where=mean > _LEAST_SUV)
    np.minimum(variation2, np.float32(_LARGEST_VARIATION**2), out=variation2)
    log_variance = np.log1p(variation2, out=variation2)
    noise = _correlated(scanner, noise_free.geometry, rng)
    noise *= np.sqrt(log_variance)
    noise -= log_variance / 2
    np.exp(noise, out=noise)
    noise *= mean
    return SuvVolume(noise, noise_free.geometry)


def _count_ratio(scanner: ScannerPlan, counts: Counts) -> float:
    """Counts per SUV and volume, in terms of the reference's."""
    dose = counts.activity_bq / counts.weight_kg / _REFERENCE_BQ_PER_KG
    decay = 0.5 ** (counts.uptake_s / counts.half_life_s - _REFERENCE_UPTAKE_S / _REFERENCE_HALF_LIFE_S)
    return float(dose * decay * scanner.frame_duration_s / _REFERENCE_FRAME_S)


def _sensitivity(geometry: ImageGeometry) -> NDArray[np.float32]:
    """By slice, 1 but for the ends of the scan."""
    z_mm = np.arange(geometry.shape[0]) * geometry.spacing_mm[0]
    to_end = np.minimum(z_mm, z_mm[-1] - z_mm)
    end = min(_END_MM, float(z_mm[-1]) / 4 or 1.0)
    share: NDArray[np.float32] = (_END_SENSITIVITY + (1 - _END_SENSITIVITY) * np.clip(to_end / end, 0, 1)).astype("f4")
    return share


def _correlated(scanner: ScannerPlan, geometry: ImageGeometry, rng: np.random.Generator) -> NDArray[np.float32]:
    """Normal noise of variance 1, correlated as reconstruction and filter leave it."""
    noise = rng.standard_normal(geometry.shape, np.float32)
    in_plane = np.hypot(_RECONSTRUCTION_MM, scanner.filter_mm)
    for axis, fwhm in enumerate((_AXIAL_SHARE * in_plane, in_plane, in_plane)):
        sigma = fwhm / FWHM_PER_SIGMA / geometry.spacing_mm[axis]
        noise = correlate1d(noise, correlating_kernel(sigma), axis, mode="wrap")
    return noise


def correlating_kernel(sigma: float) -> NDArray[np.float64]:
    """Kernel that makes white noise, variance kept, as correlated as samples of noise under a Gaussian filter.

    ``sigma`` is the filter's, in voxels. The filter itself, sampled, would correlate too little where it is narrow.
    """
    reach = int(np.ceil(4 * sigma)) + 2
    lags = np.minimum(np.arange(8 * reach), 8 * reach - np.arange(8 * reach))
    power = np.fft.rfft(np.exp(-((lags / (2 * sigma)) ** 2))).real
    kernel = np.roll(np.fft.irfft(np.sqrt(np.maximum(power, 0))), reach)[: 2 * reach + 1]
    unit: NDArray[np.float64] = kernel / np.sqrt((kernel**2).sum())
    return unit
