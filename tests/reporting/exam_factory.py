"""Small digital exams built straight from the nouns: no DICOM, no pipeline."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np

from tests.lesion_classes import NODE, PRIMARY, SENTENCE, WEIGHTS
from uptake.acquisition import PetAcquisition, SliceTiming, SuvConversion, TagValue
from uptake.exam import Exam, ImageSeries, Patient, PreparedExam, SeriesDecision, SlicePlane
from uptake.exam_result import ExamResult
from uptake.geometry import ImageGeometry
from uptake.measurement import ClassTotals, Findings, LesionMeasurement, Totals
from uptake.volume import CtVolume, LabelMap, SuvVolume

ACQUIRED = datetime(2024, 3, 1, 10, 30)
SHAPE = (60, 44, 48)
SPACING_MM = (8.0, 8.0, 8.0)
# Centres as LPS mm (x to the left, y to the back, z to the head), radius in mm, SUV: hottest first.
SPHERES = (((-100.0, -60.0, 150.0), 22.0, 9.0), ((80.0, 40.0, -120.0), 18.0, 6.5), ((60.0, 0.0, 60.0), 16.0, 5.0))


def centred_geometry(shape=SHAPE, spacing_mm=SPACING_MM, axes=None) -> ImageGeometry:
    """A grid around the LPS origin; ``axes`` as ImageGeometry wants them."""
    grid = ImageGeometry(shape, spacing_mm, (0.0, 0.0, 0.0), *([axes] if axes else []))
    half = grid.position_mm([(n - 1) / 2 for n in shape])
    return ImageGeometry(shape, spacing_mm, tuple(float(-v) for v in half), grid.axes)


def make_result(
    spheres=SPHERES,
    *,
    number=1,
    geometry=None,
    patient=None,
    with_ct=True,
    sul_factor=0.75,
    warnings=(),
    decisions=None,
) -> ExamResult:
    """An elliptic body of SUV 1 with hot spheres, each a lesion, on any grid."""
    geometry = geometry or centred_geometry()
    position = voxel_positions(geometry)
    body = in_body(position)
    suv = np.where(body, 1.0, 0.02).astype(np.float32)
    labels = np.zeros(geometry.shape, np.uint16)
    for label, (centre, radius_mm, value) in enumerate(spheres, start=1):
        distance_mm = np.linalg.norm(position - centre, axis=-1)
        inside = distance_mm <= radius_mm
        suv[inside] = value * (1 - 0.2 * distance_mm[inside] / radius_mm)
        labels[inside] = label
    lesions = tuple(measure(suv, labels, label, geometry, sul_factor) for label in range(1, len(spheres) + 1))
    findings = Findings(
        labels=LabelMap(labels, geometry),
        lesions=lesions,
        totals=totals_of(lesions),
        method="fixed-4.0: SUV at or above 4.0, regions of at least 0.5 ml",
        caveats=("Physiological uptake is not excluded: heart, kidneys, bladder and brain may be among the regions.",),
    )
    prepared = PreparedExam(
        exam=make_exam(geometry, patient, with_ct, decisions),
        suv=SuvVolume(suv, geometry),
        ct=make_ct() if with_ct else None,
        conversion=make_conversion(geometry.shape[0], sul_factor),
        warnings=tuple(warnings),
    )
    return ExamResult(number, prepared, findings)


def by_network(result: ExamResult) -> ExamResult:
    """The same exam as a network's: lesions take turns as primary tumour and node."""
    names = [(PRIMARY, NODE)[number % 2].name for number in range(len(result.findings.lesions))]
    lesions = tuple(replace(each, class_name=name) for each, name in zip(result.findings.lesions, names, strict=True))
    by_class = tuple(
        ClassTotals(known, totals_of([each for each in lesions if each.class_name == known.name]))
        for known in (PRIMARY, NODE)
    )
    told = {"method": "network head_neck_mtv 1.2.3", "caveats": (f"Weights: {SENTENCE}.",), "weights": WEIGHTS}
    return replace(result, findings=replace(result.findings, lesions=lesions, by_class=by_class, **told))


def voxel_positions(geometry):
    index = np.stack(np.meshgrid(*map(np.arange, geometry.shape), indexing="ij"), axis=-1)
    return geometry.position_mm(index)


def in_body(position):
    return (position[..., 0] / 160) ** 2 + (position[..., 1] / 110) ** 2 <= 1


def make_ct() -> CtVolume:
    geometry = centred_geometry((96, 128, 128), (5.0, 4.0, 4.0))
    position = voxel_positions(geometry)
    hu = np.where(in_body(position), 40.0, -1000.0)
    hu[np.linalg.norm(position[..., :2] - (0.0, 70.0), axis=-1) < 18] = 600.0  # a spine
    hu[(np.abs(position[..., 0]) > 40) & in_body(position * 1.3) & (position[..., 2] > 60)] = -800.0  # lungs
    return CtVolume(hu.astype(np.float32), geometry)


def measure(suv, labels, label, geometry, sul_factor) -> LesionMeasurement:
    inside = labels == label
    values = suv[inside]
    index = np.unravel_index(np.argmax(np.where(inside, suv, -1)), suv.shape)
    places = np.argwhere(inside)
    mtv_ml = float(inside.sum() * geometry.voxel_volume_ml)
    peak = float(values.max()) * 0.9
    return LesionMeasurement(
        label=label,
        tracking_id=f"Lesion {label}",
        tracking_uid=f"2.25.{1000 + label}",
        suv_max=float(values.max()),
        suv_mean=float(values.mean()),
        suv_sd=float(values.std()),
        suv_peak=peak,
        suv_peak_12mm=peak * 1.01,
        sul_peak=None if sul_factor is None else peak * sul_factor,
        mtv_ml=mtv_ml,
        tlg_g=mtv_ml * float(values.mean()),
        voxels=int(inside.sum()),
        max_index=tuple(int(i) for i in index),
        max_position_mm=tuple(float(v) for v in geometry.position_mm(index)),
        centroid_mm=tuple(float(v) for v in geometry.position_mm(places.mean(axis=0))),
        extent_mm=tuple(float(v) for v in np.ptp(places, axis=0) * geometry.spacing_mm + geometry.spacing_mm),
    )


def totals_of(lesions) -> Totals:
    return Totals(
        lesions=len(lesions),
        mtv_ml=sum(lesion.mtv_ml for lesion in lesions),
        tlg_g=sum(lesion.tlg_g for lesion in lesions),
        suv_max=max((lesion.suv_max for lesion in lesions), default=None),
        suv_peak=max((lesion.suv_peak for lesion in lesions), default=None),
        sul_peak=max((lesion.sul_peak for lesion in lesions if lesion.sul_peak is not None), default=None),
    )


def make_exam(geometry, patient, with_ct, decisions) -> Exam:
    pet = make_series("PT", "PT 3 'WB AC'", geometry)
    return Exam(
        patient=patient or Patient("P-0042", "Muster^Erika^Maria", "19600229", "F"),
        pet=pet,
        acquisition=make_acquisition(pet),
        ct=make_series("CT", "CT 2 'CT WB'", centred_geometry((96, 128, 128), (5.0, 4.0, 4.0))) if with_ct else None,
        decisions=decisions
        or (
            SeriesDecision("1.2.3.1", "PT 3 'WB AC'", True, "attenuation-corrected, original, 60 slices"),
            SeriesDecision("1.2.3.2", "PT 4 'WB NAC'", False, "not attenuation-corrected; Units PROPCNTS"),
        ),
        warnings=("StudyID (0020,0010) was too long for its VR and was cut.",),
    )


def make_series(modality, label, geometry) -> ImageSeries:
    return ImageSeries(
        modality=modality,
        series_uid=f"1.2.3.{1 if modality == 'PT' else 5}",
        study_uid="1.2.3",
        sop_class_uid="1.2.840.10008.5.1.4.1.1.128",
        frame_of_reference_uid="1.2.9",
        label=label,
        geometry=geometry,
        planes=tuple(SlicePlane(Path(f"slice-{n:04d}"), f"1.2.3.9.{n}") for n in range(geometry.shape[0])),
        acquired=ACQUIRED,
    )


def make_conversion(slices, sul_factor) -> SuvConversion:
    return SuvConversion(
        factors=np.full(slices, 4.2111e-4),
        branch="BQML, START, reference time from SeriesDateTime",
        tags=(
            TagValue("(0010,1030)", "PatientWeight", "70.3"),
            TagValue("(0018,1074)", "RadionuclideTotalDose", "370000000"),
            TagValue("(0018,1075)", "RadionuclideHalfLife", "6588"),
        ),
        warnings=("GE private scan date (0009,100D) is 23 days from the series date and was not used.",),
        sul_factor=sul_factor,
        sul_note="" if sul_factor else "PatientSize (0010,1020) is absent: no lean body mass.",
    )


def make_acquisition(pet, tracer="Fluorodeoxyglucose F^18^") -> PetAcquisition:
    return PetAcquisition(
        series=pet.label,
        units="BQML",
        suv_type="",
        corrections=frozenset({"ATTN", "DECY"}),
        decay_correction="START",
        weight=70.3,
        height_m=1.72,
        sex="F",
        dose=3.7e8,
        half_life_s=6588.0,
        tracer=tracer,
        injected=ACQUIRED,
        injected_time_only=False,
        series_start=ACQUIRED,
        ge_scan_start=None,
        philips_suv_factor=None,
        philips_activity_factor=None,
        slices=tuple(SliceTiming(ACQUIRED, 0.0, 180.0) for _ in pet.planes),
        tags=(),
    )
