"""What a threshold finds in a digital exam, body mask and smallest region included."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from benchmarks.studies._exams import StudyExam
from uptake.phantom.checking.anatomy import numbers_of
from uptake.phantom.checking.reference_regions import liver_sphere
from uptake.regions.body_mask import body_mask
from uptake.regions.connectivity import components
from uptake.regions.labelling import hottest_first
from uptake.regions.segment import segment
from uptake.settings import METHODS, SegmentationSettings

# Incremental components are no threshold.
NAMED = tuple(method for method in METHODS if method != "incremental")
SWEPT = tuple(float(value) for value in np.arange(1.5, 15.01, 0.5))
SMALLEST_ML = 0.5
_CONNECTIVITY = 26
_SPARED_VOXELS = 2

Mask = NDArray[np.bool_]


def named(exam: StudyExam, method: str) -> Mask | None:
    """Found by one of ``NAMED``; None for the liver's threshold where no liver is in the field.

    The liver's mean and SD are those of a 3 cm sphere in the true liver, away from true lesions: better than a user's.
    """
    settings = SegmentationSettings(method=method) if method != "percist-liver" else _with_liver(exam)
    # SUL and SUV differ by one factor, which cancels in the liver's threshold: 1 serves.
    return segment(exam.volume, settings, sul_factor=1.0).array > 0 if settings else None


def swept(exam: StudyExam, *, spared: bool = False) -> Iterator[Mask]:
    """Found by each fixed threshold of ``SWEPT``; ``spared``: without the true brain and bladder and 8 mm around."""
    searched = body_mask(exam.volume)
    if spared:
        organs = np.isin(exam.structures, numbers_of("brain", "cerebellum", "bladder")) & (exam.lesions == 0)
        searched &= ~ndimage.binary_dilation(organs, iterations=_SPARED_VOXELS) | (exam.lesions > 0)
    suv = np.where(searched, exam.suv, np.float32(-np.inf))
    for threshold in SWEPT:
        yield kept(suv >= threshold, exam) > 0


def kept(mask: Mask, exam: StudyExam) -> NDArray[np.uint16]:
    """The mask's connected regions of at least ``SMALLEST_ML``, hottest first."""
    return hottest_first(
        components(mask, _CONNECTIVITY),
        exam.suv,
        voxel_volume_ml=exam.geometry.voxel_volume_ml,
        minimum_volume_ml=SMALLEST_ML,
    )


def candidates(exam: StudyExam) -> NDArray[np.uint16]:
    """Regions of incremental components, down to SUV 1."""
    return segment(exam.volume, SegmentationSettings(method="incremental")).array


def _with_liver(exam: StudyExam) -> SegmentationSettings | None:
    liver = liver_sphere(exam.volume, exam.labels(exam.structures), exam.labels(exam.lesions))
    if liver is None:
        return None
    return SegmentationSettings(method="percist-liver", liver_mean_sul=liver.mean, liver_sd_sul=liver.sd)
