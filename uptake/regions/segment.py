"""The one entrance to all methods that find first lesions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from uptake.geometry import Vector
from uptake.regions.body_mask import body_mask
from uptake.regions.incremental_components import incremental_components
from uptake.regions.labelling import hottest_first
from uptake.regions.thresholds import (
    adaptive_threshold,
    fixed_threshold,
    percent_of_maximum,
    percist_liver_threshold,
)
from uptake.settings import SegmentationSettings
from uptake.volume import LabelMap, SuvVolume

PHYSIOLOGICAL_CAVEAT = (
    "Regions are found by uptake alone. Physiological uptake (brain, heart, kidneys, bladder, bowel and the like) is "
    "not excluded, so regions and totals are not tumour until a reader has removed it."
)


def segment(suv: SuvVolume, settings: SegmentationSettings, *, sul_factor: float | None = None) -> LabelMap:
    """Regions of high uptake inside the body, numbered 1, 2, ... by falling SUVmax (equal ones by voxel index).

    Parameters
    ----------
    suv
        Body-weight SUV, g/ml.
    settings
        Method, smallest volume, floor and connectivity.
    sul_factor
        SUL = SUV x this; only ``percist-liver`` needs it.

    Returns
    -------
    LabelMap
        Regions of at least ``settings.minimum_volume_ml``, on the PET grid. Physiological uptake is among them
        (``PHYSIOLOGICAL_CAVEAT``).

    Raises
    ------
    InputRefused
        If the method needs a SUL that the exam does not have, or finds more regions than can be numbered.
    """
    body = body_mask(suv)
    box = (ndimage.find_objects(body.astype(np.uint8)) or [(slice(0, 1),) * 3])[0]
    inside = np.where(body[box], suv.array[box], np.float32(-np.inf))
    labels = np.zeros(suv.array.shape, dtype=np.uint16)
    labels[box] = hottest_first(
        _regions(inside, suv.geometry.spacing_mm, settings, sul_factor),
        inside,
        voxel_volume_ml=suv.geometry.voxel_volume_ml,
        minimum_volume_ml=settings.minimum_volume_ml,
    )
    return LabelMap(labels, suv.geometry)


def _regions(
    inside: NDArray[np.float32], spacing_mm: Vector, settings: SegmentationSettings, sul_factor: float | None
) -> NDArray[np.int32]:
    """Raw regions of the chosen method on the body's box, ``-inf`` outside the body."""
    kind, _, number = settings.method.partition("-")
    near = settings.connectivity
    if kind == "fixed":
        return fixed_threshold(inside, threshold_suv=float(number), connectivity=near)
    if kind == "percent":
        return percent_of_maximum(inside, fraction=float(number) / 100, floor_suv=settings.floor_suv, connectivity=near)
    if kind == "adaptive":
        return adaptive_threshold(inside, spacing_mm=spacing_mm, floor_suv=settings.floor_suv, connectivity=near)
    if kind == "incremental":
        return incremental_components(inside, floor_suv=settings.incremental_floor_suv, connectivity=near)
    liver = settings.liver_mean_sul, settings.liver_sd_sul
    if liver[0] is None or liver[1] is None:
        raise ValueError("percist-liver needs liver_mean_sul and liver_sd_sul")
    threshold = percist_liver_threshold(liver_mean_sul=liver[0], liver_sd_sul=liver[1], sul_factor=sul_factor)
    return fixed_threshold(inside, threshold_suv=threshold, connectivity=near)
