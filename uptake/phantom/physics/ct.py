"""CT of a painted body: soft edges, tissue texture, quantum noise, and streaks of thick bodies and of metal."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import correlate1d, gaussian_filter

from uptake.geometry import ImageGeometry
from uptake.phantom.body.materials import materials
from uptake.phantom.body.painting import Painted
from uptake.phantom.physics.counts import correlating_kernel
from uptake.phantom.physics.metal import Rays, fillings, implants, put_metal
from uptake.phantom.physics.resolution import FWHM_PER_SIGMA
from uptake.phantom.plan import ScannerPlan
from uptake.volume import CtVolume

_EDGE_FWHM_MM = 1.2
_TEXTURE_FWHM_MM = 4.0
_NOISE_FWHM_MM = 1.4
_WATER_PER_CM = 0.19
# Half of what a thicker body would add to the noise is taken back by the tube current.
_MODULATION = 0.5
_REFERENCE_PATH_CM = 30.0
_REFERENCE_VOXEL_MM3 = 3.0 * 1.37 * 1.37
_REFERENCE_NOISE_HU = 15.0
_STREAKS_ABOVE_CM = 33.0
_STREAK_HU = 20.0
_DARK_HU = 7.0
_LARGEST_STREAK_HU = 90.0
_STREAK_LENGTH_MM = 90.0
_RANGE_HU = (-1024.0, 3071.0)
_AIR_BELOW_HU = -900.0
_NOISE_IN_AIR = 0.35


@dataclass(frozen=True, slots=True, eq=False)
class _Slice:
    """What all slices of one scan share."""

    texture_hu: NDArray[np.float32]
    voxel_cm: tuple[float, float]
    edge: tuple[float, float]
    texture_kernels: tuple[NDArray[np.float64], NDArray[np.float64]]
    noise_kernels: tuple[NDArray[np.float64], NDArray[np.float64]]
    noise_hu: float
    streaks: float


def acquired(
    painted: Painted, scanner: ScannerPlan, *, streaks: float, metal: bool, rng: np.random.Generator
) -> CtVolume:
    """The CT of a body painted in Hounsfield units, noise and artefacts included.

    Noise grows with what the rays cross (water of 0.19/cm at CT energies), half of it taken back by tube current
    modulation, and as the square root of the voxel becomes smaller. Where rays from side to side cross much more
    (shoulders, hips), rows are streaked and dark.

    Parameters
    ----------
    painted
        On the scanner's CT grid; not changed.
    streaks
        Strength of the horizontal streaks, 0 to 1.
    metal
        Puts dental fillings into some of the teeth. Metal that is painted throws streaks in any case.
    rng
        Each slice draws from a stream of its own.

    Returns
    -------
    CtVolume
        Hounsfield units, -1024 to 3071.

    References
    ----------
    Barrett JF, Keat N, Radiographics 2004;24:1679-1691 (photon starvation, beam hardening, metal).
    """
    known = materials()
    texture_hu = np.zeros(len(known) + 1, np.float32)
    for material in known.values():
        texture_hu[material.number] = material.hu_texture
    shared = _shared(scanner, painted.geometry, texture_hu, streaks)
    rays = implants(painted, known["metal"].number, rng)
    if metal:
        rays = (*rays, *fillings(painted, known["tooth"].number, rng))
    streams = rng.spawn(painted.geometry.shape[0])
    hu = np.empty(painted.geometry.shape, np.float32)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(lambda z: _scan(painted, z, shared, (rays, streams[z]), hu[z]), range(hu.shape[0])))
    return CtVolume(hu, painted.geometry)


def _scan(
    painted: Painted,
    z: int,
    shared: _Slice,
    random: tuple[tuple[Rays, ...], np.random.Generator],
    hu: NDArray[np.float32],
) -> None:
    rays, rng = random
    values, numbers = painted.values[z], painted.materials[z]
    gaussian_filter(values, shared.edge, output=hu, truncate=3.0)
    from_side, from_front = _paths_cm(values, shared.voxel_cm)
    half = 0.5 * np.exp(_MODULATION * _WATER_PER_CM * (from_side - _REFERENCE_PATH_CM))[:, None]
    other = 0.5 * np.exp(_MODULATION * _WATER_PER_CM * (from_front - _REFERENCE_PATH_CM))[None, :]
    deviation = shared.noise_hu * np.sqrt(half + other)
    deviation[hu < _AIR_BELOW_HU] *= _NOISE_IN_AIR
    noise = _correlated(rng, hu.shape, shared.noise_kernels)
    noise *= deviation
    texture = _correlated(rng, hu.shape, shared.texture_kernels)
    texture *= shared.texture_hu[numbers]
    noise += texture
    if shared.streaks > 0:
        body = numbers > 0
        noise += body * _row_streaks(rng, hu.shape, from_side, shared)
    hu += noise
    for ray in rays:
        put_metal(hu, ray, z)
    np.clip(hu, *_RANGE_HU, out=hu)


def _paths_cm(
    values: NDArray[np.float32], voxel_cm: tuple[float, float]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Water that rays from side to side cross, by row, and rays from front to back, by column."""
    water = np.clip(values, -1000.0, 1000.0) / 1000.0 + 1.0
    return water.sum(axis=1) * np.float32(voxel_cm[1]), water.sum(axis=0) * np.float32(voxel_cm[0])


def _row_streaks(
    rng: np.random.Generator, shape: tuple[int, ...], from_side: NDArray[np.float32], shared: _Slice
) -> NDArray[np.float32]:
    """Streaks along the rows that rays cross at length, and the dark band that beam hardening leaves there."""
    excess = np.expm1(_WATER_PER_CM * _MODULATION * np.maximum(from_side - _STREAKS_ABOVE_CM, 0))
    strength = np.minimum(shared.streaks * _STREAK_HU * excess, _LARGEST_STREAK_HU)
    knots = max(2, round(shape[1] * shared.voxel_cm[1] * 10 / _STREAK_LENGTH_MM) + 1)
    coarse = rng.standard_normal((shape[0], knots), np.float32)
    coarse = correlate1d(coarse, shared.noise_kernels[0], 0, mode="wrap")
    at = np.linspace(0, knots - 1, shape[1], dtype=np.float32)
    left = np.minimum(at.astype(int), knots - 2)
    share = at - left
    rows = coarse[:, left] * (1 - share) + coarse[:, left + 1] * share
    dark = np.minimum(shared.streaks * _DARK_HU * excess, _LARGEST_STREAK_HU / 3)
    streaked: NDArray[np.float32] = (rows * strength[:, None] - dark[:, None]).astype(np.float32)
    return streaked


def _correlated(
    rng: np.random.Generator, shape: tuple[int, ...], kernels: tuple[NDArray[np.float64], NDArray[np.float64]]
) -> NDArray[np.float32]:
    noise = rng.standard_normal(shape, np.float32)
    for axis, kernel in enumerate(kernels):
        noise = correlate1d(noise, kernel, axis, mode="wrap")
    return noise


def _shared(scanner: ScannerPlan, geometry: ImageGeometry, texture_hu: NDArray[np.float32], streaks: float) -> _Slice:
    _, y_mm, x_mm = geometry.spacing_mm
    volume = float(np.prod(scanner.ct_spacing_mm))
    return _Slice(
        texture_hu=texture_hu,
        voxel_cm=(y_mm / 10, x_mm / 10),
        edge=(_EDGE_FWHM_MM / FWHM_PER_SIGMA / y_mm, _EDGE_FWHM_MM / FWHM_PER_SIGMA / x_mm),
        texture_kernels=_kernels(_TEXTURE_FWHM_MM, y_mm, x_mm),
        noise_kernels=_kernels(_NOISE_FWHM_MM, y_mm, x_mm),
        noise_hu=_REFERENCE_NOISE_HU * float(np.sqrt(_REFERENCE_VOXEL_MM3 / volume)),
        streaks=streaks,
    )


def _kernels(fwhm_mm: float, y_mm: float, x_mm: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    sigma = fwhm_mm / FWHM_PER_SIGMA
    return correlating_kernel(sigma / y_mm), correlating_kernel(sigma / x_mm)
