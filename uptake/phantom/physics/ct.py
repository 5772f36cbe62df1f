"""CT of a painted body: soft edges, tissue texture, quantum noise, and streaks of thick bodies and of metal."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import correlate1d

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
_AIR = np.array([_AIR_BELOW_HU, _NOISE_IN_AIR], np.float32)


_EDGE_REACH_SIGMAS = 3.0

_Kernels = tuple[NDArray[np.float32], NDArray[np.float32]]


@dataclass(frozen=True, slots=True, eq=False)
class _Slice:
    """What all slices of one scan share."""

    texture_hu: NDArray[np.float32]
    voxel_cm: tuple[float, float]
    edge_kernels: _Kernels
    texture_kernels: _Kernels
    noise_kernels: _Kernels
    noise_hu: float
    streaks: float

    @property
    def longest(self) -> int:
        """Of the kernels along a row."""
        return max(len(each[1]) for each in (self.edge_kernels, self.texture_kernels, self.noise_kernels))


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
    from uptake.phantom.physics import ct_loop  # numba is slow to import: here, once, before the threads

    del ct_loop
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
    from uptake.phantom.physics.ct_loop import add_texture, correlate, scale_noise

    rays, rng = random
    values, numbers = painted.values[z], painted.materials[z]
    between, room = np.empty_like(hu), np.empty(hu.shape[1] + shared.longest, np.float32)
    correlate(values, shared.edge_kernels, True, between, room, hu)
    from_side, from_front = _paths_cm(values, shared.voxel_cm)
    scale = shared.noise_hu**2
    by_row = 0.5 * scale * np.exp(_MODULATION * _WATER_PER_CM * (from_side - _REFERENCE_PATH_CM))
    by_column = 0.5 * scale * np.exp(_MODULATION * _WATER_PER_CM * (from_front - _REFERENCE_PATH_CM))
    noise = rng.standard_normal(hu.shape, np.float32)
    correlate(noise, shared.noise_kernels, False, between, room, noise)
    scale_noise(hu, by_row, by_column, _AIR, noise)
    texture = rng.standard_normal(hu.shape, np.float32)
    correlate(texture, shared.texture_kernels, False, between, room, texture)
    add_texture(texture, numbers, shared.texture_hu, noise)
    if shared.streaks > 0:
        _add_row_streaks(rng, numbers, from_side, shared, noise)
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


def _add_row_streaks(
    rng: np.random.Generator,
    numbers: NDArray[np.uint8],
    from_side: NDArray[np.float32],
    shared: _Slice,
    noise: NDArray[np.float32],
) -> None:
    """Add streaks along the rows that rays cross at length, and the dark band that beam hardening leaves there."""
    height, width = numbers.shape
    knots = max(2, round(width * shared.voxel_cm[1] * 10 / _STREAK_LENGTH_MM) + 1)
    coarse = rng.standard_normal((height, knots), np.float32)
    rows = np.flatnonzero(from_side > _STREAKS_ABOVE_CM)
    if not len(rows):
        return
    excess = np.expm1(_WATER_PER_CM * _MODULATION * (from_side[rows, None] - _STREAKS_ABOVE_CM))
    strength = np.minimum(shared.streaks * _STREAK_HU * excess, _LARGEST_STREAK_HU)
    dark = np.minimum(shared.streaks * _DARK_HU * excess, _LARGEST_STREAK_HU / 3)
    coarse = correlate1d(coarse, shared.noise_kernels[0], 0, mode="wrap")[rows]
    at = np.linspace(0, knots - 1, width, dtype=np.float32)
    left = np.minimum(at.astype(int), knots - 2)
    share = at - left.astype(np.float32)
    streaks = coarse[:, left] * (1 - share) + coarse[:, left + 1] * share
    noise[rows] += (numbers[rows] > 0) * (streaks * strength - dark)


def _shared(scanner: ScannerPlan, geometry: ImageGeometry, texture_hu: NDArray[np.float32], streaks: float) -> _Slice:
    _, y_mm, x_mm = geometry.spacing_mm
    volume = float(np.prod(scanner.ct_spacing_mm))
    return _Slice(
        texture_hu=texture_hu,
        voxel_cm=(y_mm / 10, x_mm / 10),
        edge_kernels=(_edge_kernel(y_mm), _edge_kernel(x_mm)),
        texture_kernels=_kernels(_TEXTURE_FWHM_MM, y_mm, x_mm),
        noise_kernels=_kernels(_NOISE_FWHM_MM, y_mm, x_mm),
        noise_hu=_REFERENCE_NOISE_HU * float(np.sqrt(_REFERENCE_VOXEL_MM3 / volume)),
        streaks=streaks,
    )


def _kernels(fwhm_mm: float, y_mm: float, x_mm: float) -> _Kernels:
    sigma = fwhm_mm / FWHM_PER_SIGMA
    return correlating_kernel(sigma / y_mm).astype(np.float32), correlating_kernel(sigma / x_mm).astype(np.float32)


def _edge_kernel(step_mm: float) -> NDArray[np.float32]:
    sigma = _EDGE_FWHM_MM / FWHM_PER_SIGMA / step_mm
    reach = int(_EDGE_REACH_SIGMAS * sigma + 0.5)
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    kernel: NDArray[np.float32] = (weights / weights.sum()).astype(np.float32)
    return kernel
