"""Small digital volumes whose truth is known."""

import numpy as np
from numpy.typing import NDArray

from uptake.geometry import ImageGeometry
from uptake.volume import SuvVolume


def volume(array: NDArray[np.float32], spacing_mm: tuple[float, float, float] = (4.0, 4.0, 4.0)) -> SuvVolume:
    """``array`` as SUV on a grid that starts at the origin."""
    return SuvVolume(np.ascontiguousarray(array, dtype=np.float32), ImageGeometry(array.shape, spacing_mm, (0, 0, 0)))


def ellipsoid(
    shape: tuple[int, int, int],
    centre: tuple[float, float, float],
    radii: float | tuple[float, float, float],
) -> NDArray[np.bool_]:
    """Voxels whose centre lies within ``radii`` (voxels) of ``centre``."""
    grid = np.indices(shape).astype(float)
    sizes = np.broadcast_to(radii, (3,))
    return sum(((grid[a] - centre[a]) / sizes[a]) ** 2 for a in range(3)) <= 1.0


def body_with_spheres(noise: float = 0.0) -> tuple[SuvVolume, NDArray[np.bool_]]:
    """A body of SUV 0.8 with two arms in air, 4 mm voxels; three spheres of SUV 10, 8 and 6; and the body's truth."""
    shape = (40, 60, 90)
    z = np.arange(shape[0])[:, None, None]
    trunk = ellipsoid(shape, (20, 30, 45), (1e9, 20, 28)) & (z >= 0)
    arms = ellipsoid(shape, (20, 30, 8), (1e9, 5, 5)) | ellipsoid(shape, (20, 30, 82), (1e9, 5, 5))
    truth = trunk | arms
    array = np.where(truth, np.float32(0.8), np.float32(0.0))
    for centre, value in (((10, 30, 45), 8.0), ((30, 25, 35), 10.0), ((20, 35, 60), 6.0)):
        array[ellipsoid(shape, centre, 3.0)] = value
    if noise:
        array = np.abs(array + np.random.default_rng(7).normal(0, noise, shape))
    return volume(array.astype(np.float32)), truth
