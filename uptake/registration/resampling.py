"""A volume on another grid: linear for images, nearest for labels, through SimpleITK."""

from __future__ import annotations

from typing import Any

import numpy as np
import SimpleITK
from numpy.typing import NDArray

from uptake.geometry import ImageGeometry
from uptake.volume import AIR_HU, CtVolume, LabelMap, SuvVolume

_MARGIN_VOXELS = 2


def to_sitk(array: NDArray[Any], geometry: ImageGeometry) -> Any:
    """A ``SimpleITK.Image`` with the voxels of a ``(z, y, x)`` array at their LPS place.

    Raises
    ------
    ValueError
        If the array's shape is not the geometry's.
    """
    if array.shape != geometry.shape:
        raise ValueError(f"the array has shape {array.shape}, its geometry {geometry.shape}")
    image = SimpleITK.GetImageFromArray(array)
    image.SetOrigin(geometry.origin_mm)
    image.SetSpacing(geometry.spacing_mm[::-1])
    image.SetDirection(_direction(geometry))
    return image


def from_sitk(image: Any) -> tuple[NDArray[Any], ImageGeometry]:
    """The ``(z, y, x)`` array of a three-dimensional ``SimpleITK.Image`` and its geometry (inverse of ``to_sitk``)."""
    columns = np.asarray(image.GetDirection(), dtype=np.float64).reshape(3, 3).T[::-1]
    axes = tuple((float(x), float(y), float(z)) for x, y, z in columns)
    x, y, z = image.GetOrigin()
    spacing, size = image.GetSpacing(), image.GetSize()
    geometry = ImageGeometry(
        shape=(size[2], size[1], size[0]),
        spacing_mm=(spacing[2], spacing[1], spacing[0]),
        origin_mm=(x, y, z),
        axes=(axes[0], axes[1], axes[2]),
    )
    return SimpleITK.GetArrayFromImage(image), geometry


def resample_suv(suv: SuvVolume, onto: ImageGeometry) -> SuvVolume:
    """The SUV at every voxel centre of another grid, linear; 0 outside the source."""
    return SuvVolume(_resample(suv.array, suv.geometry, onto, SimpleITK.sitkLinear, 0.0), onto)


def resample_ct(ct: CtVolume, onto: ImageGeometry) -> CtVolume:
    """The Hounsfield units at every voxel centre of another grid, linear; air (-1024 HU) outside the source."""
    return CtVolume(_resample(ct.array, ct.geometry, onto, SimpleITK.sitkLinear, AIR_HU), onto)


def resample_labels(labels: LabelMap, onto: ImageGeometry) -> LabelMap:
    """The label at every voxel centre of another grid, nearest neighbour; background outside the source."""
    return LabelMap(_resample(labels.array, labels.geometry, onto, SimpleITK.sitkNearestNeighbor, 0.0), onto)


def _direction(geometry: ImageGeometry) -> list[float]:
    # SimpleITK counts axes x, y, z and keeps each axis's direction in a column.
    columns: list[float] = np.asarray(geometry.axes, dtype=np.float64)[::-1].T.ravel().tolist()
    return columns


def _resample(
    array: NDArray[Any], geometry: ImageGeometry, onto: ImageGeometry, interpolator: int, outside: float
) -> NDArray[Any]:
    needed = _needed_part(geometry, onto)
    if needed is None:
        return np.full(onto.shape, outside, dtype=array.dtype)
    part = array[needed]
    corner = geometry.position_mm([axis.start for axis in needed])
    part_geometry = ImageGeometry(
        shape=(part.shape[0], part.shape[1], part.shape[2]),
        spacing_mm=geometry.spacing_mm,
        origin_mm=(float(corner[0]), float(corner[1]), float(corner[2])),
        axes=geometry.axes,
    )
    resampler = SimpleITK.ResampleImageFilter()
    resampler.SetSize(onto.shape[::-1])
    resampler.SetOutputOrigin(onto.origin_mm)
    resampler.SetOutputSpacing(onto.spacing_mm[::-1])
    resampler.SetOutputDirection(_direction(onto))
    resampler.SetInterpolator(interpolator)
    resampler.SetDefaultPixelValue(outside)
    image = resampler.Execute(to_sitk(part, part_geometry))
    return np.asarray(SimpleITK.GetArrayFromImage(image), dtype=array.dtype)


def _needed_part(geometry: ImageGeometry, onto: ImageGeometry) -> tuple[slice, slice, slice] | None:
    """The box of source voxels that the target grid touches, or None where they do not meet.

    SimpleITK copies its input, so a slice through a whole-body CT would otherwise cost the whole CT.
    """
    corners = np.array(np.meshgrid(*[(0, n - 1) for n in onto.shape], indexing="ij")).reshape(3, -1).T
    indices = geometry.index(onto.position_mm(corners))
    start = np.maximum(np.floor(indices.min(axis=0)).astype(int) - _MARGIN_VOXELS, 0)
    stop = np.minimum(np.ceil(indices.max(axis=0)).astype(int) + _MARGIN_VOXELS + 1, geometry.shape)
    if np.any(stop <= start):
        return None
    return slice(start[0], stop[0]), slice(start[1], stop[1]), slice(start[2], stop[2])
