"""PET of a painted body without noise: what the scanner's resolution and the breathing leave of it."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray
from scipy.special import erf

from uptake.geometry import IDENTITY_AXES, ImageGeometry
from uptake.phantom.physics.counts import Counts, with_noise
from uptake.phantom.physics.resolution import FWHM_PER_SIGMA, image_fwhm_mm
from uptake.phantom.plan import ScannerPlan
from uptake.volume import SuvVolume

__all__ = ["Counts", "blurred", "with_noise"]

_CLASS_MM = 6.0
_CLASSES = 64
_REACH_SIGMAS = 3.6


def blurred(
    fine: SuvVolume,
    scanner: ScannerPlan,
    geometry: ImageGeometry,
    *,
    axis_mm: tuple[float, float],
    motion_mm: NDArray[np.float32] | None = None,
) -> SuvVolume:
    """A PET without noise: averaged over its voxels, and blurred by resolution, filter and breathing.

    The resolution is a Gaussian that widens with the distance from the axis. It is applied along z, y and x in turn,
    which is exact along z and, as it changes by about a hundredth per centimetre, nearly so in the plane. Breathing
    moves what lies at a height evenly over its path. The painting has averaged over fine voxels already; that much
    variance is taken off the blur.

    Parameters
    ----------
    fine
        Painted uptake on an axial grid finer than ``geometry``. It goes on beyond its first and last slice as they
        are, and is 0 beside the grid.
    geometry
        The image's axial grid.
    axis_mm
        Patient x and y of the scanner's axis.
    motion_mm
        The whole path of breathing along z, by slice of ``fine``; None for none.

    Raises
    ------
    ValueError
        If a grid is not axial, or ``motion_mm`` has not one value per slice.
    """
    if fine.geometry.axes != IDENTITY_AXES or geometry.axes != IDENTITY_AXES:
        raise ValueError("PET is blurred on axial grids")
    if motion_mm is not None and motion_mm.shape != fine.geometry.shape[:1]:
        raise ValueError(f"motion_mm has shape {motion_mm.shape}, not one value for {fine.geometry.shape[0]} slices")
    from uptake.phantom.physics.blur_loop import blur_along_x, blur_along_y, blur_along_z  # numba is slow to import

    # Body coordinates (z, y, x) of voxel centres; distances from the axis in the plane.
    fine_mm, image_mm = _centres_mm(fine.geometry), _centres_mm(geometry)
    path = np.zeros(geometry.shape[0])
    if motion_mm is not None:
        path = np.interp(image_mm[0], fine_mm[0], motion_mm.astype(np.float64))
    first_z, weights_z = _weights(scanner, fine.geometry, geometry, 0, path)
    first_y, weights_y = _weights(scanner, fine.geometry, geometry, 1)
    first_x, weights_x = _weights(scanner, fine.geometry, geometry, 2)
    classes = [
        _classes(y, x, axis_mm)
        for y, x in ((fine_mm[1], fine_mm[2]), (image_mm[1], fine_mm[2]), (image_mm[1], image_mm[2]))
    ]
    image = np.empty(geometry.shape, np.float32)
    array = np.ascontiguousarray(fine.array)

    def one(z: int) -> None:
        plane = np.zeros(array.shape[1:], np.float32)
        blur_along_z(array, int(first_z[z]), weights_z[z], classes[0], plane)
        rows = np.zeros((geometry.shape[1], array.shape[2]), np.float32)
        blur_along_y(plane, first_y, weights_y, classes[1], rows)
        blur_along_x(rows, first_x, weights_x, classes[2], image[z])

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(one, range(geometry.shape[0])))
    return SuvVolume(image, geometry)


def _centres_mm(geometry: ImageGeometry) -> tuple[NDArray[np.float64], ...]:
    return tuple(
        geometry.origin_mm[2 - axis] + geometry.spacing_mm[axis] * np.arange(geometry.shape[axis], dtype=np.float64)
        for axis in range(3)
    )


def _classes(y_mm: NDArray[np.float64], x_mm: NDArray[np.float64], axis_mm: tuple[float, float]) -> NDArray[np.uint8]:
    radius = np.hypot(y_mm[:, None] - axis_mm[1], x_mm[None, :] - axis_mm[0])
    return np.minimum(np.rint(radius / _CLASS_MM), _CLASSES - 1).astype(np.uint8)


def _weights(
    scanner: ScannerPlan,
    fine: ImageGeometry,
    image: ImageGeometry,
    axis: int,
    path_mm: NDArray[np.float64] | None = None,
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Along one axis, the fine voxel of the first tap by image voxel, and weights ``(image voxel, tap, class)``."""
    fine_step, step = fine.spacing_mm[axis], image.spacing_mm[axis]
    fwhm = np.array([image_fwhm_mm(scanner, number * _CLASS_MM) for number in range(_CLASSES)])
    sigma = np.sqrt(np.maximum((fwhm / FWHM_PER_SIGMA) ** 2 - fine_step**2 / 12, (fine_step / 4) ** 2))
    path = np.zeros(image.shape[axis]) if path_mm is None else path_mm
    half = _REACH_SIGMAS * sigma.max() + step / 2 + path.max() / 2
    taps = int(2 * half / fine_step) + 2
    centre = image.origin_mm[2 - axis] + step * np.arange(image.shape[axis])
    first = np.ceil((centre - half - fine.origin_mm[2 - axis]) / fine_step).astype(np.int32)
    tap_mm = fine.origin_mm[2 - axis] + fine_step * (first[:, None] + np.arange(taps))
    away = (tap_mm - centre[:, None])[:, :, None]
    # A voxel's average of what is spread evenly over the path: two boxes and a Gaussian. The second antiderivative
    # of the Gaussian, differenced over both boxes, is their convolution.
    wide, narrow = step, np.maximum(path, 1e-2)[:, None, None]
    weights = np.zeros(away.shape[:2] + sigma.shape)
    for side in (-1, 1):
        for other in (-1, 1):
            u = (away + side * wide / 2 + other * narrow / 2) / (sigma * np.sqrt(2))
            weights += side * other * sigma * (u * erf(u) + np.exp(-u * u) / np.sqrt(np.pi))
    weights = np.maximum(weights, 0)
    weights /= weights.sum(axis=1, keepdims=True)
    return first, np.ascontiguousarray(weights, np.float32)
