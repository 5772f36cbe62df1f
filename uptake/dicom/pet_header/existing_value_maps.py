"""Real World Value Mapping objects that came with the study, held against the factors computed from the PET header."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset, dcmread

from uptake.acquisition import PetAcquisition, SuvConversion
from uptake.dicom.pet_header.header_values import as_number, element_text
from uptake.dicom.pet_header.suv_codes import UNITS_AND_SUV_TYPE, unit_code
from uptake.exam import Exam, SlicePlane
from uptake.suv.conversion import normalisation_factors

_TOLERANCE = 0.01


def compare_existing(exam: Exam, conversion: SuvConversion) -> tuple[str, ...]:
    """Compare the value maps found beside an exam's PET with what its header gives; see ``compare_value_maps``."""
    pet = exam.pet
    return compare_value_maps(exam.real_world_value_maps, pet.study_uid, pet.planes, exam.acquisition, conversion)


def compare_value_maps(
    paths: Sequence[Path],
    study_uid: str,
    planes: Sequence[SlicePlane],
    acquisition: PetAcquisition,
    conversion: SuvConversion,
) -> tuple[str, ...]:
    """Compare every item of value maps, each under its own unit, with what a PET's header gives.

    Maps of other images of the same study are compared too, as maps of rescaled values, and are named as such.

    Parameters
    ----------
    paths
        Real World Value Mapping objects.
    study_uid, planes, acquisition, conversion
        The PET: its study, its planes, and per plane its header values and factors to body-weight SUV.

    Returns
    -------
    warnings
        One per item that disagrees by more than 1 %, cannot be compared, or is unreadable.

    Notes
    -----
    By the standard a slope maps *stored* values and so contains the rescale slope. Widely used software (among it the
    SUV calculator of 3D Slicer and dcmqi's examples) writes the factor for *rescaled* values instead, one slope for
    slices whose rescale slopes differ. There an item can only mean that; elsewhere it means what fits closer.

    References
    ----------
    DICOM PS3.3 C.7.6.16.2.11 (Real World Value Mapping Macro); PS3.16 CID 85 (SUV Units).
    """
    expected = normalisation_factors(acquisition)
    warnings: list[str] = []
    for path in paths:
        try:
            value_map = dcmread(path, stop_before_pixels=True)
            same_study = element_text(value_map, "StudyInstanceUID") == study_uid
            name = f"RWVM {element_text(value_map, 'SOPInstanceUID')}"
            for number, (indices, mapping) in enumerate(_items(value_map, planes), start=1):
                if not indices and not same_study:
                    continue
                where = "" if indices else " (for images outside this PET series)"
                problem = _disagreement(mapping, indices, acquisition, conversion, expected)
                warnings += [f"{name} item {number}{where}, {problem}"] if problem else []
        except Exception as error:
            # Another program's object must not stop the exam, whatever is wrong with it.
            warnings.append(f"a Real World Value Mapping could not be read ({type(error).__name__}): not compared")
    return tuple(dict.fromkeys(warnings))


@dataclass(frozen=True, slots=True, eq=False)
class _Reading:
    """What a mapping may map (rescaled or stored values), and the slopes and intercepts ``(slices,)`` it then has."""

    what: str
    slopes: NDArray[np.float64]
    intercepts: NDArray[np.float64]


def _items(value_map: Dataset, planes: Sequence[SlicePlane]) -> Iterator[tuple[list[int], Dataset]]:
    """Every mapping, with the indices of this PET's slices that it is for: none where it maps other images."""
    by_instance: dict[str, dict[int | None, int]] = {}
    for index, plane in enumerate(planes):
        by_instance.setdefault(plane.sop_instance_uid, {})[plane.frame] = index
    for item in value_map.get("ReferencedImageRealWorldValueMappingSequence") or []:
        indices: list[int] = []
        for reference in item.get("ReferencedImageSequence") or []:
            frames = by_instance.get(element_text(reference, "ReferencedSOPInstanceUID"), {})
            named = element_text(reference, "ReferencedFrameNumber")
            wanted = {int(part) for part in named.split("\\")} if named else None
            indices += [index for frame, index in frames.items() if wanted is None or frame is None or frame in wanted]
        for mapping in item.get("RealWorldValueMappingSequence") or []:
            yield indices, mapping


def _disagreement(
    mapping: Dataset,
    indices: list[int],
    acquisition: PetAcquisition,
    conversion: SuvConversion,
    expected: Mapping[str, tuple[float, ...]],
) -> str:
    """What is wrong with one mapping; empty where it agrees or its unit is no SUV."""
    unit = unit_code(mapping)
    suv_type = UNITS_AND_SUV_TYPE.get(unit, ("", ""))[1]
    slope = as_number(element_text(mapping, "RealWorldValueSlope"))
    if not suv_type:
        return ""
    if slope is None or slope <= 0 or "RealWorldValueLUTData" in mapping:
        return f"{unit}: no mapping with a positive slope, so it is not compared"
    if not expected[suv_type]:
        return f"{unit}: weight, height or sex is missing to compute it, so it is not compared"
    bodyweight = conversion.factors[indices] if indices else conversion.factors
    readings = [_Reading("rescaled", bodyweight * norm, 0.0 * bodyweight) for norm in expected[suv_type]]
    rescale: NDArray[np.float64] = np.asarray(acquisition.rescale_slopes)[indices]
    if indices and np.ptp(rescale) <= _TOLERANCE * abs(rescale[0]):
        shifts: NDArray[np.float64] = bodyweight * np.asarray(acquisition.rescale_intercepts)[indices]
        readings += [_Reading("stored", bodyweight * rescale * norm, shifts * norm) for norm in expected[suv_type]]
    closest = min(readings, key=lambda reading: float(np.max(np.abs(np.log(slope / reading.slopes)))))
    problem = ""
    if np.max(np.abs(slope / closest.slopes - 1.0)) > _TOLERANCE:
        computed = float(closest.slopes[0])
        problem = f"{unit}: its slope {slope:.6g} for {closest.what} values disagrees with the computed {computed:.6g}"
    intercept = as_number(element_text(mapping, "RealWorldValueIntercept")) or 0.0
    if not problem and np.max(np.abs(intercept - closest.intercepts)) > _TOLERANCE * slope:
        problem = f"{unit}: its intercept {intercept:g} disagrees with the PET's rescale"
    return problem
