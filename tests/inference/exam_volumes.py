"""A small PET and CT for the networks' grids: smooth uptake in a torso, off the centre."""

import numpy as np
from scipy.ndimage import gaussian_filter

from tests.inference.seeded_predictors import noise, torso
from uptake.geometry import ImageGeometry
from uptake.volume import CtVolume, SuvVolume

PET_GRID = ImageGeometry((27, 25, 29), (3.0, 4.07, 4.07), (-41.3, -60.2, 811.5))
CT_GRID = ImageGeometry((31, 52, 55), (2.5, 2.1, 2.1), (-44.0, -62.0, 812.0))
AXES = {
    "feet first": ((0.0, 0.0, -1.0), (0.0, 1.0, 0.0), (-1.0, 0.0, 0.0)),
    "prone": ((0.0, 0.0, 1.0), (0.0, -1.0, 0.0), (-1.0, 0.0, 0.0)),
    "sagittal": ((1.0, 0.0, 0.0), (0.0, 0.0, -1.0), (0.0, -1.0, 0.0)),
}


def pet_volume(grid: ImageGeometry = PET_GRID, seed: int = 0) -> SuvVolume:
    """Body of about 2 g/ml with hot spots; exactly 0 in a margin around it."""
    body = torso(grid.shape)
    suv = gaussian_filter(np.where(body, 2.0 + 1.5 * noise(grid.shape, seed), 0.0), 0.8).clip(min=0)
    return SuvVolume(np.where(suv > 0.02, suv, 0.0).astype(np.float32), grid)


def ct_volume(grid: ImageGeometry = CT_GRID, seed: int = 1) -> CtVolume:
    """Soft tissue in air, noisy."""
    hu = np.where(torso(grid.shape), 40.0, -1000.0) + 30.0 * noise(grid.shape, seed)
    return CtVolume(gaussian_filter(hu, 1.0).astype(np.float32), grid)


def stored_otherwise(array: np.ndarray, grid: ImageGeometry, axes) -> tuple[np.ndarray, ImageGeometry]:
    """The same voxels at the same places, in an array that runs along ``axes``."""
    cosines = np.asarray(axes) @ np.asarray(grid.axes).T
    along, sign = np.abs(cosines).argmax(axis=1), cosines.sum(axis=1)
    corner = [0, 0, 0]
    for axis, way in zip(along, sign, strict=True):
        corner[axis] = grid.shape[axis] - 1 if way < 0 else 0
    shape, spacing = (tuple(each[a] for a in along) for each in (grid.shape, grid.spacing_mm))
    stored = ImageGeometry(shape, spacing, tuple(map(float, grid.position_mm(corner))), axes)
    view = array.transpose(along)[tuple(slice(None, None, -1 if way < 0 else None) for way in sign)]
    return np.ascontiguousarray(view), stored
