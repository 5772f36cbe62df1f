"""Real World Value Mapping objects: ours is written, other people's are compared with what we compute."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from highdicom.base import SOPClass
from highdicom.pm import RealWorldValueMapping
from highdicom.sr import CodeContentItem, CodedConcept
from numpy.typing import NDArray
from pydicom import DataElement, Dataset, dcmread
from pydicom.sr.coding import Code
from pydicom.uid import ExplicitVRLittleEndian, RealWorldValueMappingStorage

from uptake.acquisition import PetAcquisition, SuvConversion
from uptake.dicom.results.codes import code
from uptake.dicom.results.output_instance import DicomInstanceContext, complete_instance, instance_keywords
from uptake.dicom.results.source_headers import SourceHeaders
from uptake.exam import SlicePlane

_MEASUREMENT_METHOD = Code("370129005", "SCT", "Measurement Method")
_SIGNIFICANT_DIGITS = 12


def build_real_world_value_map(
    source: SourceHeaders, acquisition: PetAcquisition, conversion: SuvConversion, context: DicomInstanceContext
) -> Dataset:
    """Mapping from the PET's stored values to body-weight SUV and, where there is one, to SUL (Janmahasatian).

    A real world value is ``stored x slope + intercept``: the mapping replaces the rescale slope and intercept, so it
    contains them. Slices with the same mapping share an item.

    Parameters
    ----------
    source
        Headers of the PET series.
    acquisition
        What was read from it, with the rescale of every slice.
    conversion
        Factors from rescaled voxels to SUV, slices in the order of ``source.series.planes``.
    context
        Time and exam number of the run.

    References
    ----------
    DICOM PS3.3 A.46 (Real World Value Mapping IOD), C.7.6.16.2.11 (Real World Value Mapping Macro); PS3.16 CID 85.
    """
    instance = SOPClass(
        study_instance_uid=source.datasets[0].StudyInstanceUID,
        sop_class_uid=RealWorldValueMappingStorage,
        modality="RWV",
        transfer_syntax_uid=ExplicitVRLittleEndian,
        **instance_keywords("real world value map", context),
    )
    instance.ContentLabel = "SUV"
    instance.ContentDescription = "Stored values to SUV"
    instance.ContentCreatorName = ""
    instance.Laterality = ""
    first = dcmread(
        source.series.planes[0].path, stop_before_pixels=True, specific_tags=["PixelRepresentation", "BitsStored"]
    )
    items = []
    for (slope, intercept), planes in _planes_by_mapping(source.series.planes, acquisition, conversion).items():
        item = Dataset()
        item.ReferencedImageSequence = _references(planes, source.series.sop_class_uid)
        mappings = [_mapping("suv_bw", slope, intercept, first)]
        if conversion.sul_factor is not None:
            sul = conversion.sul_factor
            mappings.append(_mapping("sul", slope * sul, intercept * sul, first))
        item.RealWorldValueMappingSequence = mappings
        items.append(item)
    instance.ReferencedImageRealWorldValueMappingSequence = items
    series = Dataset()
    series.SeriesInstanceUID = source.series.series_uid
    series.ReferencedInstanceSequence = _references(source.series.planes, source.series.sop_class_uid, frames=False)
    instance.ReferencedSeriesSequence = [series]
    return complete_instance(instance, source, context)


def _planes_by_mapping(
    planes: Sequence[SlicePlane], acquisition: PetAcquisition, conversion: SuvConversion
) -> dict[tuple[float, float], list[SlicePlane]]:
    slopes: NDArray[np.float64] = conversion.factors * np.asarray(acquisition.rescale_slopes)
    intercepts: NDArray[np.float64] = conversion.factors * np.asarray(acquisition.rescale_intercepts)
    groups: dict[tuple[float, float], list[SlicePlane]] = defaultdict(list)
    for plane, slope, intercept in zip(planes, slopes, intercepts, strict=True):
        groups[_rounded(slope), _rounded(intercept)].append(plane)
    return groups


def _rounded(value: float) -> float:
    return float(f"{value:.{_SIGNIFICANT_DIGITS}g}")


def _mapping(quantity: str, slope: float, intercept: float, header: Dataset) -> Dataset:
    unit, meaning = code("unit_" + quantity), code(quantity)
    signed, bits = header.get("PixelRepresentation") == 1, int(header.get("BitsStored") or 16)
    lowest, highest = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    mapping = RealWorldValueMapping(
        lut_label=meaning.meaning,
        lut_explanation=unit.meaning,
        unit=unit,
        value_range=(lowest, highest),
        slope=slope,
        intercept=intercept,
        quantity_definition=meaning,
    )
    # pydicom cannot tell US from SS here, where the pixels' own attributes are far away.
    for keyword, value in (("RealWorldValueFirstValueMapped", lowest), ("RealWorldValueLastValueMapped", highest)):
        mapping[keyword] = DataElement(keyword, "SS" if signed else "US", value)
    mapping.QuantityDefinitionSequence.append(
        CodeContentItem(name=CodedConcept.from_code(_MEASUREMENT_METHOD), value=code("method_" + quantity))
    )
    return mapping


def _references(planes: Sequence[SlicePlane], sop_class_uid: str, *, frames: bool = True) -> list[Dataset]:
    """One item per instance; with the numbers of its frames, where it has frames and they are wanted."""
    by_instance: dict[str, list[int]] = defaultdict(list)
    for plane in planes:
        by_instance[plane.sop_instance_uid] += [] if plane.frame is None else [plane.frame]
    references = []
    for uid, numbers in by_instance.items():
        reference = Dataset()
        reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = sop_class_uid, uid
        if numbers and frames:
            reference.ReferencedFrameNumber = sorted(numbers)
        references.append(reference)
    return references
