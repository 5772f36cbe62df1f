"""Series and findings for the tests of what we write: known voxels, known numbers."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
from pydicom import dcmread
from pydicom.uid import PositronEmissionTomographyImageStorage

from tests.dicom.series_factory import SeriesPlan, uid, write_enhanced, write_series
from tests.lesion_classes import SENTENCE, WEIGHTS
from uptake.dicom.results.output_instance import DicomInstanceContext
from uptake.exam import ImageSeries, SlicePlane
from uptake.geometry import ImageGeometry
from uptake.lesion_class import LesionClass
from uptake.measurement import ClassTotals, Findings, LesionMeasurement, Totals
from uptake.volume import LabelMap

CONTEXT = DicomInstanceContext(datetime(2024, 2, 29, 13, 14, 15, 160000))
CAVEAT = "Physiological uptake is not excluded."


def vector(values) -> tuple[float, float, float]:
    x, y, z = (float(value) for value in values)
    return (x, y, z)


def geometry_of(plan: SeriesPlan) -> ImageGeometry:
    return ImageGeometry(
        shape=(plan.slices, plan.rows, plan.columns),
        spacing_mm=plan.spacing_mm,
        origin_mm=vector(plan.origin_mm),
        axes=(vector(plan.normal), vector(plan.orientation[3:]), vector(plan.orientation[:3])),
    )


def series_of(folder: Path, plan: SeriesPlan, **options) -> ImageSeries:
    """The plan written as single-frame files, as the reader of exams describes it."""
    paths = write_series(folder, plan, **options)
    planes = [SlicePlane(path, uid(f"{plan.name}/{index}")) for index, path in enumerate(paths)]
    return _series(plan, planes, str(PositronEmissionTomographyImageStorage))


def enhanced_series_of(folder: Path, plan: SeriesPlan) -> ImageSeries:
    """The plan as one enhanced object, whose frames run the other way than the geometry."""
    path = write_enhanced(folder, plan)
    instance = uid(f"{plan.name}/enhanced")
    planes = [SlicePlane(path, instance, plan.slices - index) for index in range(plan.slices)]
    return _series(plan, planes, "1.2.840.10008.5.1.4.1.1.130")


def _series(plan: SeriesPlan, planes: Sequence[SlicePlane], sop_class_uid: str) -> ImageSeries:
    return ImageSeries(
        modality="PT", series_uid=uid(plan.name), study_uid=uid(plan.study), sop_class_uid=sop_class_uid,
        frame_of_reference_uid=uid(plan.frame_of_reference), label="PT 3 PET AC", geometry=geometry_of(plan),
        planes=tuple(planes), acquired=plan.acquired,
    )  # fmt: skip


def boxes(geometry: ImageGeometry, count: int, size: int = 2) -> np.ndarray:
    """A label map of ``count`` boxes at random places, which may touch but do not overlap."""
    random = np.random.default_rng(7)
    labels = np.zeros(geometry.shape, dtype=np.uint16)
    label = 1
    while label <= count:
        z, y, x = (int(random.integers(0, n - size + 1)) for n in geometry.shape)
        box = labels[z : z + size, y : y + size, x : x + size]
        if not box.any():
            box[...] = label
            label += 1
    return labels


def findings_of(geometry: ImageGeometry, labels: np.ndarray, **changes) -> Findings:
    """Findings whose numbers are made up but different for each lesion; lesions without voxels are left out."""
    numbers = [int(label) for label in np.unique(labels) if label]
    lesions = tuple(_lesion(label, int((labels == label).sum()), geometry) for label in numbers)
    hottest = lesions[0] if lesions else None
    totals = Totals(
        lesions=len(lesions), mtv_ml=sum(item.mtv_ml for item in lesions), tlg_g=sum(item.tlg_g for item in lesions),
        suv_max=hottest and hottest.suv_max, suv_peak=hottest and hottest.suv_peak,
        sul_peak=hottest and hottest.sul_peak,
    )  # fmt: skip
    fields = {"method": "fixed-4.0", "caveats": (CAVEAT,), **changes}
    return Findings(LabelMap(labels.astype(np.uint16), geometry), lesions, totals, **fields)


def classed(findings: Findings, *classes: LesionClass) -> Findings:
    """The same as a network's: its lesions take turns through ``classes``."""
    turns = [classes[number % len(classes)].name for number in range(len(findings.lesions))]
    lesions = tuple(replace(lesion, class_name=name) for lesion, name in zip(findings.lesions, turns, strict=True))
    by_class = tuple(
        ClassTotals(each, Totals(turns.count(each.name), 1.5 * n, 2.5 * n, 9.0, 8.0, None))
        for n, each in enumerate(classes, 1)
    )
    return replace(findings, lesions=lesions, by_class=by_class, weights=WEIGHTS, caveats=(f"Weights: {SENTENCE}.",))


def _lesion(label: int, voxels: int, geometry: ImageGeometry) -> LesionMeasurement:
    mean, volume = 4.1234567891 + label, voxels * geometry.voxel_volume_ml
    return LesionMeasurement(
        label=label, tracking_id=f"Lesion {label}", tracking_uid=f"2.25.{1000 + label}", suv_max=10 + label / 3,
        suv_mean=mean, suv_sd=0.5 + label / 7, suv_peak=8 + label / 3, suv_peak_12mm=8.1 + label / 3,
        sul_peak=None if label == 2 else 6 + label / 3, mtv_ml=volume, tlg_g=mean * volume, voxels=voxels,
        max_index=(0, 0, 0), max_position_mm=(0.0, 0.0, 0.0), centroid_mm=(0.0, 0.0, 0.0), extent_mm=(1.0, 1.0, 1.0),
        site="bone" if label == 1 else "",
    )  # fmt: skip


def real_series(folder: Path) -> ImageSeries:
    """A real single-frame series by its headers; only as good as these tests need."""
    tags = ["SOPInstanceUID", "SOPClassUID", "StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID", "Rows",
            "Columns", "PixelSpacing", "ImagePositionPatient", "ImageOrientationPatient"]  # fmt: skip
    read = [(path, dcmread(path, stop_before_pixels=True, specific_tags=tags)) for path in folder.iterdir()]
    first = read[0][1]
    row, column = np.array(first.ImageOrientationPatient[:3], float), np.array(first.ImageOrientationPatient[3:], float)
    normal = np.cross(row, column)
    read.sort(key=lambda item: float(normal @ np.array(item[1].ImagePositionPatient, float)))
    start, end = (np.array(read[i][1].ImagePositionPatient, float) for i in (0, -1))
    step = float(np.linalg.norm(end - start)) / (len(read) - 1)
    geometry = ImageGeometry(
        shape=(len(read), first.Rows, first.Columns),
        spacing_mm=(step, float(first.PixelSpacing[0]), float(first.PixelSpacing[1])),
        origin_mm=vector(start),
        axes=(vector(normal), vector(column), vector(row)),
    )
    planes = tuple(SlicePlane(path, str(header.SOPInstanceUID)) for path, header in read)
    return ImageSeries(
        "PT", str(first.SeriesInstanceUID), str(first.StudyInstanceUID), str(first.SOPClassUID),
        str(first.FrameOfReferenceUID), "PT 1", geometry, planes, None,
    )  # fmt: skip
