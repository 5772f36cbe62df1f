"""From a folder of DICOM to exams: which PET, which CT, and why these."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pydicom

from uptake.acquisition import PetAcquisition
from uptake.dicom.exams.ct_pairing import Pairing, pair_ct
from uptake.dicom.exams.exam_grouping import acquired, group_by_exam, group_by_patient, spelled_differently
from uptake.dicom.exams.image_series import build_image_series
from uptake.dicom.exams.series_ranking import CT_CLASSES, PET_CLASSES, pet_refusal, rank_pet, why_behind
from uptake.dicom.files.folder_scan import FolderScan, ScannedSeries, quiet_pydicom, scan_folder
from uptake.dicom.files.multiframe import LEGACY_CLASSES, classic_headers
from uptake.dicom.files.raw_header import read_header
from uptake.dicom.pet_header.radiopharmaceutical import read_acquisition
from uptake.errors import InputRefused, NoExamFound, SeveralPatients, UnsafeInput
from uptake.exam import Exam, ImageSeries, SeriesDecision

_Refusals = dict[str, InputRefused]


def read_exams(folder: Path, *, extra: tuple[Path, ...] = ()) -> tuple[Exam, ...]:
    """Exams of the one patient in a folder, in time order; no pixel is read.

    Parameters
    ----------
    folder
        Any folder with DICOM files, or one file.
    extra
        More folders of the same patient (an earlier exam).

    Raises
    ------
    NoExamFound, SeveralPatients, SeriesRefused, SuvRefused, UnreadableFile, UnsafeInput
        If there is no PET that can be measured; the text says why.
    """
    scan = scan_folder(folder)
    for each in extra:
        scan = scan + scan_folder(each)
    return select_exams(scan)


def select_exams(scan: FolderScan, *, several_patients: bool = False) -> tuple[Exam, ...]:
    """The exams of a scanned folder: one PET each with its CT, in time order, each patient apart.

    Parameters
    ----------
    scan
        What the folder holds.
    several_patients
        Whether more than one patient is allowed; exams then come patient by patient (``Exam.patient`` says whose).

    Raises
    ------
    NoExamFound, SeveralPatients, SeriesRefused, SuvRefused, UnreadableFile, UnsafeInput
        As ``read_exams``.
    """
    images = [each for each in scan.series if each.first.facts.sop_class_uid in PET_CLASSES | CT_CLASSES]
    _require_pet(scan, images)
    patients = group_by_patient(images)
    if len(patients) > 1 and not several_patients:
        raise SeveralPatients(
            f"the input holds images of {len(patients)} patients.",
            remedy="Give one patient's folder at a time.",
            attribute="PatientID (0010,0020)",
        )
    exams: list[Exam] = []
    refusals: _Refusals = {}
    with quiet_pydicom():
        for series in patients:
            exams += _patient_exams(series, scan, refusals)
    if not exams:
        _raise_all(refusals)
    return tuple(exams)


def _require_pet(scan: FolderScan, images: Sequence[ScannedSeries]) -> None:
    if any(each.first.facts.sop_class_uid in PET_CLASSES for each in images):
        return
    remedy = "Give a folder with a PET/CT exam's DICOM files."
    if images:
        raise NoExamFound(f"there is CT ({len(images)} series) but no PET.", remedy=remedy)
    if scan.series:
        kinds = ", ".join(sorted({each.first.facts.modality or "unnamed" for each in scan.series}))
        raise NoExamFound(f"there is DICOM ({kinds}) but neither PET nor CT images.", remedy=remedy)
    if scan.links_outside:
        raise UnsafeInput(
            "the folder holds nothing but symbolic links that lead out of it; they are not followed.",
            remedy="Give the folder that holds the files themselves.",
        )
    if scan.warnings:
        raise NoExamFound(f"no DICOM file could be read: {'; '.join(scan.warnings)}.", remedy=remedy)
    if scan.not_dicom:
        raise NoExamFound(f"none of the {scan.not_dicom} files is DICOM.", remedy=remedy)
    raise NoExamFound("the input folder is empty.", remedy=remedy)


def _patient_exams(series: Sequence[ScannedSeries], scan: FolderScan, refusals: _Refusals) -> list[Exam]:
    """Exams of one patient; every refused PET series is added to ``refusals``."""
    pet = [each for each in series if each.first.facts.sop_class_uid in PET_CLASSES]
    chosen: list[tuple[ScannedSeries, ImageSeries]] = []
    reasons: dict[str, str] = {}
    lost: list[str] = []
    for group in group_by_exam(pet):
        own: _Refusals = {}
        best = _best_pet(group, own, reasons)
        refusals |= own
        if best is None:
            lost += [f"an exam was left out: {error}" for error in own.values()]
        else:
            chosen.append(best)
    chosen.sort(key=lambda each: (acquired(each[0]) or 0.0, each[1].series_uid))
    notes = list(lost)
    if spelled_differently(series):
        notes.append("the patient's name is not spelled alike in all series of this Patient ID")
    reasons |= {uid: f"{error.attribute}: {error.reason}" for uid, error in refusals.items()}
    return [_exam(source, image, series, scan, (reasons, notes)) for source, image in chosen]


def _best_pet(
    group: Sequence[ScannedSeries], refusals: _Refusals, reasons: dict[str, str]
) -> tuple[ScannedSeries, ImageSeries] | None:
    measurable = []
    for series in group:
        error = pet_refusal(series)
        if error is None:
            measurable.append(series)
        else:
            refusals[series.first.facts.series_uid] = error
    best: tuple[ScannedSeries, ImageSeries] | None = None
    for series in sorted(measurable, key=rank_pet):
        uid = series.first.facts.series_uid
        if best is not None:
            reasons[uid] = f"{_when(best[0], series)}{best[0].label} is preferred: {why_behind(best[0], series)}"
            continue
        try:
            best = series, build_image_series(series)
        except UnsafeInput:
            raise
        except InputRefused as error:
            refusals[uid] = error
    return best


def _when(chosen: ScannedSeries, other: ScannedSeries) -> str:
    begun, also = acquired(chosen), acquired(other)
    if begun is None or also is None or abs(begun - also) < 60:
        return ""
    return f"acquired {abs(also - begun) / 60:.0f} min {'later' if also > begun else 'earlier'} in the same study; "


def _exam(
    source: ScannedSeries,
    pet: ImageSeries,
    series: Sequence[ScannedSeries],
    scan: FolderScan,
    told: tuple[dict[str, str], list[str]],
) -> Exam:
    reasons, notes = told
    tomography = [each for each in series if each.first.facts.sop_class_uid in CT_CLASSES]
    pairing = pair_ct(pet, source, tomography, build_image_series)
    warnings = [*scan.warnings, *notes, *pet.warnings, *(pairing.ct.warnings if pairing.ct else ()), *pairing.warnings]
    if pairing.ct is None:
        warnings.append("there is no CT that fits the PET: it is measured without one")
    # A value map of the study's other series is held against this PET too, and says so where it disagrees.
    uids = {each.first.facts.series_uid for each in series if each.first.facts.study_uid == pet.study_uid}
    uids |= {plane.sop_instance_uid for plane in pet.planes}
    return Exam(
        patient=source.first.facts.patient,
        pet=pet,
        acquisition=_read_acquisition(pet),
        ct=pairing.ct,
        decisions=_decisions(scan, (source, pairing), reasons),
        real_world_value_maps=tuple(
            path for path, uids in scan.real_world_value_maps if uids & {pet.series_uid, pet.study_uid}
        ),
        warnings=tuple(dict.fromkeys(warnings)),
    )


def _decisions(
    scan: FolderScan, taken: tuple[ScannedSeries, Pairing], reasons: dict[str, str]
) -> tuple[SeriesDecision, ...]:
    pet, pairing = taken
    decisions = []
    for series in scan.series:
        facts = series.first.facts
        if series is pet:
            decision = SeriesDecision(facts.series_uid, series.label, True, "the exam's PET")
        elif series is pairing.source:
            decision = SeriesDecision(facts.series_uid, series.label, True, "the PET's CT")
        else:
            found = (reasons | pairing.reasons).get(facts.series_uid)
            if found is None:
                image = facts.sop_class_uid in PET_CLASSES | CT_CLASSES
                found = "belongs to another exam" if image else "not a PET or CT image"
            decision = SeriesDecision(facts.series_uid, series.label, False, found)
        decisions.append(decision)
    return tuple(decisions)


def _read_acquisition(pet: ImageSeries) -> PetAcquisition:
    """SUV-relevant values of the chosen series: its headers are read whole, once, and let go."""
    if pet.planes[0].frame is None:
        headers = [read_header(plane.path) for plane in pet.planes]
        return read_acquisition(headers, series_label=pet.label)
    header = pydicom.dcmread(pet.planes[0].path, stop_before_pixels=True)
    order = [(plane.frame or 1) - 1 for plane in pet.planes]
    if pet.sop_class_uid in LEGACY_CLASSES:
        return read_acquisition(classic_headers(header, order), series_label=pet.label)
    return read_acquisition([header], series_label=pet.label, frame_order=order)


def _raise_all(refusals: _Refusals) -> None:
    """Raise the one refusal, or one of the first's class that names them all."""
    errors = list(refusals.values())
    if len(errors) == 1:
        raise errors[0]
    reason = "; ".join(f"{error.series}: {error.attribute} {error.reason.rstrip('.')}" for error in errors)
    raise type(errors[0])(f"no PET series can be measured: {reason}.", remedy=errors[0].remedy)
