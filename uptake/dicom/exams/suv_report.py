"""How each PET series of a folder becomes SUV, or why it does not."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pydicom
from pydicom import Dataset
from pydicom.errors import InvalidDicomError

from uptake.acquisition import TagValue
from uptake.dicom.exams.series_ranking import PET_CLASSES
from uptake.dicom.files.folder_scan import FolderScan, ScannedSeries, quiet_pydicom, scan_folder
from uptake.dicom.files.multiframe import LEGACY_CLASSES, classic_headers
from uptake.dicom.pet_header.existing_value_maps import compare_value_maps
from uptake.dicom.pet_header.radiopharmaceutical import read_acquisition
from uptake.errors import InputRefused, NoExamFound
from uptake.exam import SlicePlane
from uptake.suv.conversion import convert


@dataclass(frozen=True, slots=True)
class SeriesSuv:
    """One PET series' way to SUV; ready for ``dataclasses.asdict`` and JSON, without patient data.

    Parameters
    ----------
    label, series_uid, slices
        Which series, and how many slices it has.
    factor_min, factor_max
        SUVbw per rescaled voxel, g/ml, over the slices; None where refused.
    branch
        The road through the rules, in words.
    tags
        Every header value the factor rests on.
    warnings
        What was repaired or ignored, and which Real World Value Mapping disagrees.
    sul_factor, sul_note
        SUL (Janmahasatian) per SUVbw, and why there is none or what it assumes.
    refusal
        Why there is no SUV, with attribute and remedy; empty where there is one.
    """

    label: str
    series_uid: str
    slices: int
    factor_min: float | None = None
    factor_max: float | None = None
    branch: str = ""
    tags: tuple[TagValue, ...] = ()
    warnings: tuple[str, ...] = ()
    sul_factor: float | None = None
    sul_note: str = ""
    refusal: str = ""


def suv_report(folder: Path) -> tuple[SeriesSuv, ...]:
    """Every PET series under a folder, converted or refused, in the order of the folder's series.

    Only SUV is judged: a series may convert here and still be no volume that can be measured.

    Raises
    ------
    NoExamFound
        If there is no PET series at all.
    UnsafeInput
        If a file unfolds beyond the bound.
    """
    scan = scan_folder(folder)
    pet = [series for series in scan.series if series.first.facts.sop_class_uid in PET_CLASSES]
    if not pet:
        raise NoExamFound("there is no PET series.", remedy="Give a folder with a PET exam's DICOM files.")
    with quiet_pydicom():
        return tuple(_series_suv(series, scan) for series in pet)


def _series_suv(series: ScannedSeries, scan: FolderScan) -> SeriesSuv:
    facts, planes = series.first.facts, _planes(series)
    try:
        acquisition = read_acquisition(_headers(series, planes), series_label=series.label)
        conversion = convert(acquisition)
    except InputRefused as refusal:
        return SeriesSuv(series.label, facts.series_uid, len(planes), refusal=str(refusal))
    except (OSError, EOFError, InvalidDicomError) as error:
        text = f"{series.label}: a file could not be read ({type(error).__name__}). Send the series again."
        return SeriesSuv(series.label, facts.series_uid, len(planes), refusal=text)
    maps = [path for path, _ in scan.real_world_value_maps]
    disagreements = compare_value_maps(maps, facts.study_uid, planes, acquisition, conversion)
    return SeriesSuv(
        label=series.label,
        series_uid=facts.series_uid,
        slices=len(planes),
        factor_min=float(conversion.factors.min()),
        factor_max=float(conversion.factors.max()),
        branch=conversion.branch,
        tags=conversion.tags,
        warnings=(*conversion.warnings, *disagreements),
        sul_factor=conversion.sul_factor,
        sul_note=conversion.sul_note,
    )


def _planes(series: ScannedSeries) -> tuple[SlicePlane, ...]:
    return tuple(SlicePlane(each.path, each.sop_instance_uid, each.frame) for each in series.instances)


def _headers(series: ScannedSeries, planes: tuple[SlicePlane, ...]) -> list[Dataset]:
    """One header per plane, or the one of an enhanced object, whose frames are then in its own order."""
    headers = [pydicom.dcmread(path, stop_before_pixels=True) for path in dict.fromkeys(plane.path for plane in planes)]
    if series.first.facts.sop_class_uid not in LEGACY_CLASSES:
        return headers
    frames = [(plane.frame or 1) - 1 for plane in planes]
    return classic_headers(headers[0], frames)
