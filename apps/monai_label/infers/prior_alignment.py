"""An exam before this one brought to lie on it by a rigid turn and shift."""

from __future__ import annotations

from typing import Any

import numpy as np
import SimpleITK
from numpy.typing import NDArray

from apps.monai_label.infers.exam_channels import PriorOnExam
from apps.monai_label.infers.infer_errors import ModelUnavailable
from uptake.exam import PreparedExam
from uptake.geometry import ImageGeometry
from uptake.registration.resampling import resample_ct, resample_suv, to_sitk
from uptake.volume import AIR_HU, CtVolume, LabelMap, SuvVolume

_SPACING_MM = 8.0
_SHRINK = (2, 1)
_SMOOTHING_MM = (8.0, 4.0)
_STEPS = 100
_CT_HU = (-500.0, 500.0)
_PET_SUV = (0.0, 5.0)
_SHARE = 0.5
_SEED = 20220101


class RigidPrior:
    """A prior exam with the transform from this exam's places to its own."""

    def __init__(self, onto: ImageGeometry, prior: PreparedExam, transform: Any) -> None:
        self._onto, self._prior, self._transform = onto, prior, transform

    def suv(self) -> SuvVolume:
        """See ``PriorOnExam``."""
        volume = self._prior.suv
        return SuvVolume(self._moved(volume.array, volume.geometry, SimpleITK.sitkLinear, 0.0), self._onto)

    def ct(self) -> CtVolume | None:
        """See ``PriorOnExam``."""
        volume = self._prior.ct
        if volume is None:
            return None
        return CtVolume(self._moved(volume.array, volume.geometry, SimpleITK.sitkLinear, AIR_HU), self._onto)

    def labels(self, labels: LabelMap) -> LabelMap:
        """See ``PriorOnExam``."""
        nearest = SimpleITK.sitkNearestNeighbor
        return LabelMap(self._moved(labels.array, labels.geometry, nearest, 0.0), self._onto)

    def _moved(self, array: NDArray[Any], geometry: ImageGeometry, how: int, outside: float) -> NDArray[Any]:
        filter_ = _resampler(self._onto, how, outside)
        filter_.SetTransform(self._transform)
        return np.asarray(SimpleITK.GetArrayFromImage(filter_.Execute(to_sitk(array, geometry))), dtype=array.dtype)


def align_rigidly(prepared: PreparedExam, prior: PreparedExam) -> PriorOnExam:
    """Find the turn and shift that lay a prior exam on this one: the CTs' where both have one, else the PETs'.

    Mutual information on grids of 16 and 8 mm, from where the middles of the bodies meet; the same on every call.

    Raises
    ------
    ModelUnavailable
        If no such turn and shift is found.
    """
    fixed, moving = _coarse(prepared, prior)
    kind = SimpleITK.CenteredTransformInitializerFilter.MOMENTS
    lowest = float(SimpleITK.GetArrayViewFromImage(fixed).min())
    start = SimpleITK.CenteredTransformInitializer(fixed - lowest, moving - lowest, SimpleITK.Euler3DTransform(), kind)
    method = SimpleITK.ImageRegistrationMethod()
    method.SetNumberOfThreads(1)  # sums of several threads differ from run to run
    method.SetNumberOfWorkUnits(1)
    method.SetMetricAsMattesMutualInformation(32)
    method.SetMetricSamplingStrategy(method.REGULAR)
    method.SetMetricSamplingPercentage(_SHARE, _SEED)
    method.SetInterpolator(SimpleITK.sitkLinear)
    method.SetOptimizerAsRegularStepGradientDescent(2.0, 0.01, _STEPS)
    method.SetOptimizerScalesFromPhysicalShift()
    method.SetShrinkFactorsPerLevel(_SHRINK)
    method.SetSmoothingSigmasPerLevel(_SMOOTHING_MM)
    method.SmoothingSigmasAreSpecifiedInPhysicalUnitsOn()
    method.SetInitialTransform(start, inPlace=False)
    try:
        found = method.Execute(fixed, moving)
    except RuntimeError as error:
        raise ModelUnavailable(
            "The exam before this one could not be laid on it.",
            remedy="Check that both show the same part of the body.",
        ) from error
    return RigidPrior(prepared.suv.geometry, prior, found)


def _coarse(prepared: PreparedExam, prior: PreparedExam) -> tuple[Any, Any]:
    """Both exams on 8 mm grids of their PETs, in values where bodies look alike."""
    with_ct = prepared.ct is not None and prior.ct is not None
    low, high = _CT_HU if with_ct else _PET_SUV
    images = []
    for each in (prepared, prior):
        grid = _grid(each.suv.geometry)
        volume = resample_ct(each.ct, grid) if with_ct and each.ct is not None else resample_suv(each.suv, grid)
        images.append(to_sitk(np.clip(volume.array, low, high), grid))
    return images[0], images[1]


def _grid(pet: ImageGeometry) -> ImageGeometry:
    """The PET's field of view at 8 mm, or its own spacing where that is wider."""
    spacing = [max(each, _SPACING_MM) for each in pet.spacing_mm]
    z, y, x = (max(1, int(n * own / wide)) for n, own, wide in zip(pet.shape, pet.spacing_mm, spacing, strict=True))
    return ImageGeometry((z, y, x), (spacing[0], spacing[1], spacing[2]), pet.origin_mm, pet.axes)


def _resampler(onto: ImageGeometry, how: int, outside: float) -> Any:
    reference = to_sitk(np.zeros(onto.shape, np.uint8), onto)
    filter_ = SimpleITK.ResampleImageFilter()
    filter_.SetReferenceImage(reference)
    filter_.SetInterpolator(how)
    filter_.SetDefaultPixelValue(outside)
    return filter_
