"""What the objects we write take over from their PET series: patient, study, equipment and planes, made valid."""

from __future__ import annotations

import csv
import warnings as python_warnings
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from pydicom import Dataset
from pydicom.charset import convert_encodings, decode_bytes
from pydicom.datadict import dictionary_VM, dictionary_VR
from pydicom.multival import MultiValue
from pydicom.valuerep import TEXT_VR_DELIMS, format_number_as_ds

from uptake.dicom.exams.first_header import read_first_header
from uptake.dicom.results.uids import derived_uid
from uptake.dicom.results.value_repair import join_values, repair_modules, repair_value
from uptake.exam import ImageSeries

_TEXT_VRS = frozenset({"PN", "SH", "LO", "ST", "LT"})
_CODE_KEYWORDS = ("CodeValue", "CodingSchemeDesignator", "CodeMeaning")
_IDENTITY_MODULES = ("patient", "clinical trial", "study")


@dataclass(frozen=True, slots=True, eq=False)
class SourceHeaders:
    """Valid headers of a PET series, ready to be referenced and copied from.

    Parameters
    ----------
    series
        The series, whose planes are in the order of its geometry.
    datasets
        One header per plane in plane order; of an enhanced multi-frame object its one header. The first holds patient,
        study and equipment too. No pixels. Positions are those of the series' regular grid.
    warnings
        What was repaired or left out, without patient data.
    """

    series: ImageSeries
    datasets: tuple[Dataset, ...]
    warnings: tuple[str, ...]


def load_source_headers(series: ImageSeries) -> SourceHeaders:
    """Read what the results of a series inherit, and make it valid by the rules of ``value_repair``.

    One file is read: every plane's identity and position is already known from ``series``.

    Raises
    ------
    UnreadableFile
        If the header cannot be read again.
    """
    header = read_first_header(series)
    with python_warnings.catch_warnings():
        # Faulty values are reported below, in our words: pydicom's texts may hold the value.
        python_warnings.simplefilter("ignore")
        first, warnings = repair_header(header)
        _add_image_attributes(first, header, series)
        datasets = _enhanced(first, header, series) if series.planes[0].frame is not None else _planes(first, series)
    if first.FrameOfReferenceUID != series.frame_of_reference_uid:
        warnings += (
            "FrameOfReferenceUID is also the UID of the study or the series, and one UID may name one thing only: "
            "the results carry a frame of reference UID of their own, made from it; they still name their images.",
        )
    return SourceHeaders(series, datasets, warnings)


def repair_header(header: Dataset) -> tuple[Dataset, tuple[str, ...]]:
    """Copy the attributes of ``source_attributes.csv`` from a header, repaired; text becomes UTF-8.

    Returns
    -------
    Dataset
        With every type 2 attribute present, empty where the header had none.
    warnings
        What was done to which attribute.
    """
    repaired, warnings = Dataset(), list[str]()
    repaired.SpecificCharacterSet = "ISO_IR 192"
    encodings = convert_encodings(header.get("SpecificCharacterSet"))
    for row in _table():
        keyword = row["keyword"]
        if dictionary_VR(keyword) == "SQ":
            items = [_code_item(item, encodings) for item in header.get(keyword) or []]
            if complete := [item for item in items if len(item) == len(_CODE_KEYWORDS)]:
                setattr(repaired, keyword, complete)
            continue
        values, faults = _repaired_values(header, keyword, encodings)
        warnings.extend(faults)
        if values or (row["type"] == "2" and row["module"] != "clinical trial"):
            setattr(repaired, keyword, values[0] if len(values) == 1 else values or "")
    warnings.extend(repair_modules(repaired))
    return repaired, tuple(warnings)


def identity_keywords() -> tuple[str, ...]:
    """Attributes that say which patient and study an object belongs to."""
    rows = _table()
    return tuple(row["keyword"] for row in rows if row["module"] in _IDENTITY_MODULES)


@cache
def _table() -> tuple[dict[str, str], ...]:
    text = (files("uptake.dicom.results") / "source_attributes.csv").read_text(encoding="utf-8")
    return tuple(csv.DictReader(text.splitlines()))


def _repaired_values(header: Dataset, keyword: str, encodings: list[str]) -> tuple[list[str], list[str]]:
    vr = dictionary_VR(keyword)
    values, warnings = _texts(header, keyword, vr, encodings), list[str]()
    if dictionary_VM(keyword) == "1":
        value, faults = join_values(keyword, vr, values)
        values, warnings = [value], list(faults)
    repaired = []
    for value in values:
        kept, faults = repair_value(keyword, vr, value)
        warnings.extend(faults)
        if kept:
            repaired.append(kept)
    return repaired, warnings


def _texts(header: Dataset, keyword: str, vr: str, encodings: list[str]) -> list[str]:
    """An attribute's values as text, decoded before they are split.

    Splitting bytes first, as pydicom does, breaks names in ISO 2022 IR 87 and GB18030, whose double-byte characters
    may hold the bytes of ``=``, ``^`` and the backslash.
    """
    if keyword not in header:
        return [""]
    value = header.get_item(keyword).value
    if isinstance(value, bytes):
        if vr in _TEXT_VRS:
            value = decode_bytes(value.rstrip(b"\x00 "), encodings, TEXT_VR_DELIMS)
        else:
            value = value.decode("ascii", errors="replace")
    elif isinstance(value, (MultiValue, list, tuple)):
        value = "\\".join(str(part) for part in value)
    text = "" if value is None else str(value)
    return [text] if vr in ("ST", "LT") else text.split("\\")


def _code_item(item: Dataset, encodings: list[str]) -> Dataset:
    code = Dataset()
    for keyword in _CODE_KEYWORDS:
        values, _ = _repaired_values(item, keyword, encodings)
        if values:
            setattr(code, keyword, values[0])
    return code


def _add_image_attributes(first: Dataset, header: Dataset, series: ImageSeries) -> None:
    geometry = series.geometry
    first.SOPClassUID, first.SOPInstanceUID = series.sop_class_uid, series.planes[0].sop_instance_uid
    first.StudyInstanceUID, first.SeriesInstanceUID = series.study_uid, series.series_uid
    first.FrameOfReferenceUID = _frame_of_reference_uid(series)
    first.Modality = series.modality
    first.Rows, first.Columns = geometry.shape[1:]
    first.LossyImageCompression = "01" if header.get("LossyImageCompression") == "01" else "00"
    if first.LossyImageCompression == "01":
        for keyword in ("LossyImageCompressionRatio", "LossyImageCompressionMethod"):
            if header.get(keyword):
                setattr(first, keyword, header[keyword].value)


def _frame_of_reference_uid(series: ImageSeries) -> str:
    """The series' frame of reference, or one derived from it (the same each time) where its UID is taken.

    References
    ----------
    DICOM PS3.5 section 9 (a UID identifies one thing).
    """
    taken = {series.study_uid, series.series_uid}
    return (
        derived_uid(series.frame_of_reference_uid)
        if series.frame_of_reference_uid in taken
        else series.frame_of_reference_uid
    )


def _numbers(values: Iterable[float]) -> list[str]:
    return [format_number_as_ds(float(value)) for value in values]


def _orientation(series: ImageSeries) -> list[str]:
    return _numbers((*series.geometry.axes[2], *series.geometry.axes[1]))


def _planes(first: Dataset, series: ImageSeries) -> tuple[Dataset, ...]:
    geometry = series.geometry
    first.ImageOrientationPatient = _orientation(series)
    first.PixelSpacing = _numbers(geometry.spacing_mm[1:])
    first.SliceThickness = first.SpacingBetweenSlices = _numbers(geometry.spacing_mm[:1])[0]
    of_first_only = {*identity_keywords(), "SOPInstanceUID"} - {"StudyInstanceUID"}
    shared = [element for element in first if element.keyword not in of_first_only]
    datasets = []
    for index, plane in enumerate(series.planes):
        dataset = Dataset() if index else first
        for element in shared if index else ():
            dataset[element.tag] = element
        dataset.SOPInstanceUID = plane.sop_instance_uid
        dataset.ImagePositionPatient = _numbers(geometry.position_mm((index, 0, 0)))
        datasets.append(dataset)
    return tuple(datasets)


def _enhanced(first: Dataset, header: Dataset, series: ImageSeries) -> tuple[Dataset, ...]:
    geometry = series.geometry
    orientation, measures, shared = Dataset(), Dataset(), Dataset()
    orientation.ImageOrientationPatient = _orientation(series)
    measures.PixelSpacing = _numbers(geometry.spacing_mm[1:])
    measures.SliceThickness = measures.SpacingBetweenSlices = _numbers(geometry.spacing_mm[:1])[0]
    shared.PlaneOrientationSequence, shared.PixelMeasuresSequence = [orientation], [measures]
    first.SharedFunctionalGroupsSequence = [shared]
    planes = {plane.frame: index for index, plane in enumerate(series.planes)}
    first.NumberOfFrames = max(int(header.get("NumberOfFrames") or 1), *(frame or 1 for frame in planes))
    frames = []
    for number in range(1, first.NumberOfFrames + 1):
        position, frame = Dataset(), Dataset()
        # Frames outside the series (another time of a dynamic study) stay empty, so any position serves them.
        position.ImagePositionPatient = _numbers(geometry.position_mm((planes.get(number, 0), 0, 0)))
        frame.PlanePositionSequence = [position]
        frames.append(frame)
    first.PerFrameFunctionalGroupsSequence = frames
    return (first,)
