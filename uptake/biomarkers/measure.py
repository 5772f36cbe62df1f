"""Everything that is measured of the regions of one exam."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from uptake.biomarkers.lesion_glycolysis import tlg_g
from uptake.biomarkers.suv_peak import MOREAU_DIAMETER_MM, ONE_ML_DIAMETER_MM, suv_peak
from uptake.biomarkers.tumour_volume import mtv_ml
from uptake.errors import InputRefused
from uptake.found_regions import FoundRegions
from uptake.geometry import ImageGeometry, Vector
from uptake.measurement import ClassTotals, Findings, LesionMeasurement, Totals
from uptake.volume import SuvVolume


def measure(
    suv: SuvVolume, regions: FoundRegions, *, sul_factor: float | None, tracking_uid_maker: Callable[[], str]
) -> Findings:
    """Measure every region, in the order of its number; then all of them, and those of each class.

    Each region is read within its own bounding box, so the work follows the regions' sizes and not their number times
    the volume's.

    Parameters
    ----------
    suv
        Body-weight SUV, g/ml.
    regions
        Regions on the same grid.
    sul_factor
        SUL = SUV x this; None leaves SULpeak empty.
    tracking_uid_maker
        Gives a new DICOM UID for each lesion.

    Raises
    ------
    InputRefused
        If a region holds voxels that are not finite.
    ValueError
        If the two grids differ.
    """
    labels = regions.labels
    if not suv.geometry.same_grid(labels.geometry):
        raise ValueError("SUV and labels must lie on the same grid")
    lesions = []
    for label, box in enumerate(ndimage.find_objects(labels.array), start=1):
        if box is not None:
            corner = np.array([side.start for side in box])
            voxels = np.argwhere(labels.array[box] == label) + corner
            lesion = _measure_region(suv, voxels, label, sul_factor, tracking_uid_maker())
            lesions.append(replace(lesion, class_name=regions.class_of(label)))
    by_class = tuple(
        ClassTotals(each, _totals([lesion for lesion in lesions if lesion.class_name == each.name]))
        for each in regions.classes
    )
    totals = _totals(lesions)
    return Findings(labels, tuple(lesions), totals, regions.method, regions.caveats, by_class, regions.weights)


def _measure_region(
    suv: SuvVolume, voxels: NDArray[np.int64], label: int, sul_factor: float | None, tracking_uid: str
) -> LesionMeasurement:
    """Measure the region of ``voxels``, indices ``(n, 3)`` in raveled order."""
    geometry = suv.geometry
    values = suv.array[tuple(voxels.T)].astype(np.float64)
    bad = int(np.count_nonzero(~np.isfinite(values)))
    if bad:
        raise InputRefused(
            f"{bad} of the {len(values)} voxels of region {label} hold no finite SUV.",
            remedy="Check the PET series' pixel data and rescale values.",
        )
    hottest = voxels[int(values.argmax())]  # the first of equal ones
    spacing = geometry.spacing_mm
    peak = suv_peak(suv.array, voxels, spacing_mm=spacing, diameter_mm=ONE_ML_DIAMETER_MM)
    volume_ml = mtv_ml(len(values), geometry)
    mean = float(values.mean())
    return LesionMeasurement(
        label=label,
        tracking_id=f"Lesion {label}",
        tracking_uid=tracking_uid,
        suv_max=float(values.max()),
        suv_mean=mean,
        suv_sd=float(values.std()),
        suv_peak=peak,
        suv_peak_12mm=suv_peak(suv.array, voxels, spacing_mm=spacing, diameter_mm=MOREAU_DIAMETER_MM),
        sul_peak=None if sul_factor is None else peak * sul_factor,
        mtv_ml=volume_ml,
        tlg_g=tlg_g(volume_ml, mean),
        voxels=len(values),
        max_index=(int(hottest[0]), int(hottest[1]), int(hottest[2])),
        max_position_mm=_position_mm(geometry, hottest),
        centroid_mm=_position_mm(geometry, voxels.mean(axis=0)),
        extent_mm=_extent_mm(geometry, voxels),
    )


def _position_mm(geometry: ImageGeometry, index: NDArray[np.generic]) -> Vector:
    x, y, z = geometry.position_mm(index).tolist()
    return float(x), float(y), float(z)


def _extent_mm(geometry: ImageGeometry, voxels: NDArray[np.int64]) -> Vector:
    sizes = np.ptp(voxels, axis=0) + 1
    z, y, x = (sizes * np.asarray(geometry.spacing_mm)).tolist()
    return float(z), float(y), float(x)


def _totals(lesions: Sequence[LesionMeasurement]) -> Totals:
    """Sums and extremes; an exam without SUL has no SULpeak."""
    sul_peaks = [lesion.sul_peak for lesion in lesions if lesion.sul_peak is not None]
    return Totals(
        lesions=len(lesions),
        mtv_ml=float(sum(lesion.mtv_ml for lesion in lesions)),
        tlg_g=float(sum(lesion.tlg_g for lesion in lesions)),
        suv_max=max((lesion.suv_max for lesion in lesions), default=None),
        suv_peak=max((lesion.suv_peak for lesion in lesions), default=None),
        sul_peak=max(sul_peaks, default=None),
    )
