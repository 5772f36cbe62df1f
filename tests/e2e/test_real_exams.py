"""Whole runs on real exams, judged by their known truth and by other people's readers."""

import json

import numpy as np
import pydicom
import pytest

from tests.dicom.object_checks import measurements_by_dcmqi, same_voxels, segments_by_dcmqi, validity_errors
from tests.reference_data import reference_names
from uptake.dicom.annotations.rt_structure import label_contours, read_contours
from uptake.dicom.exams.exam_reader import read_exams
from uptake.exam_preparation import prepare
from uptake.pipeline import run
from uptake.settings import RunSettings, SegmentationSettings

pytestmark = pytest.mark.data

KINDS = {"seg", "rwvm", "sr", "report", "key-image"}


def whole_run(folder, staging):
    (result,) = run((folder,), staging, RunSettings())
    return result


def outline_errors(staging):
    return {path.name: errors for path in (staging / "dicom").iterdir() if (errors := validity_errors(path))}


@pytest.fixture(scope="module")
def acrin(data_folder, tmp_path_factory):
    staging = tmp_path_factory.mktemp("acrin")
    return whole_run(data_folder / "acrin_042", staging), staging


def test_acrin_takes_the_corrected_series_and_says_why_not_the_other(acrin):
    result, _ = acrin
    decisions = {decision.label: decision for decision in result.prepared.exam.decisions}
    assert "PET AC" in result.prepared.exam.pet.label
    (left,) = [decision for label, decision in decisions.items() if "PET NAC" in label]
    assert not left.taken
    assert "PROPCNTS" in left.reason
    assert result.prepared.exam.ct is not None


def test_acrin_factor_and_disagreeing_value_maps(acrin):
    result, _ = acrin
    assert result.prepared.conversion.factor == pytest.approx(4.2111e-4, rel=1e-3)
    disagreements = [warning for warning in result.warnings if warning.startswith("RWVM")]
    assert any("SUVbsa" in warning for warning in disagreements)
    assert any("833548" in warning and "SUVbw" in warning for warning in disagreements)


def test_acrin_objects_are_valid(acrin):
    _, staging = acrin
    assert {path.stem.removeprefix("exam-1-") for path in (staging / "dicom").iterdir()} == KINDS
    assert outline_errors(staging) == {}


def test_acrin_segments_come_back_voxel_by_voxel(acrin, tmp_path):
    result, staging = acrin
    labels = result.findings.labels
    segments = segments_by_dcmqi(staging / "dicom" / "exam-1-seg.dcm", tmp_path / "seg")
    assert set(segments) == {lesion.label for lesion in result.findings.lesions}
    for number, image in segments.items():
        assert same_voxels(image, labels.array == number, labels.geometry)


def test_acrin_report_gives_back_the_numbers(acrin, tmp_path):
    result, staging = acrin
    groups = measurements_by_dcmqi(staging / "dicom" / "exam-1-sr.dcm", tmp_path / "sr")["Measurements"]
    by_name = {group["TrackingIdentifier"]: group["measurementItems"] for group in groups}
    for lesion in result.findings.lesions:
        values = [float(item["value"]) for item in by_name[lesion.tracking_id]]
        wanted = (lesion.suv_max, lesion.suv_mean, lesion.suv_peak, lesion.sul_peak, lesion.mtv_ml, lesion.tlg_g)
        for number in wanted:
            assert any(value == pytest.approx(number, rel=1e-6) for value in values), (lesion.tracking_id, number)


def test_same_scan_in_activity_and_in_suv_agrees_voxel_by_voxel(data_folder):
    (raw,) = read_exams(data_folder / "sts_raw" / "STS_001" / "image")
    (cropped,) = read_exams(data_folder / "sts" / "STS_001" / "PET" / "image")
    whole, part = prepare(raw).suv, prepare(cropped).suv
    corner = whole.geometry.index(part.geometry.position_mm((0, 0, 0)))
    assert corner == pytest.approx(np.rint(corner), abs=0.05)
    z, y, x = np.rint(corner).astype(int)
    depth, height, width = part.array.shape
    same = whole.array[z : z + depth, y : y + height, x : x + width]
    assert same.shape == part.array.shape
    assert np.abs(same - part.array).max() < 8e-4


@pytest.mark.parametrize("name", reference_names("suv_dro"))
def test_digital_reference_objects_measure_as_stated(name, data_folder):
    nibabel = pytest.importorskip("nibabel")
    folder = data_folder / "suv_dro" / name
    (exam,) = read_exams(folder / "PT")
    prepared = prepare(exam)
    (mask_file,) = (folder / "mask").glob("*.nii*")
    # NIfTI is (x, y, z) in RAS; the phantom's planes are LPS, so x and y turn round unless its affine is flipped too.
    image = nibabel.load(mask_file)
    ras = np.argwhere(np.asarray(image.dataobj) > 0) @ image.affine[:3, :3].T + image.affine[:3, 3]
    at = np.rint(prepared.suv.geometry.index(ras * (-1, -1, 1))).astype(int)
    values = prepared.suv.array[tuple(at.T)]
    slope = max(float(pydicom.dcmread(plane.path).RescaleSlope) for plane in exam.pet.planes)
    stored_unit = slope * prepared.conversion.factors.max()
    found = (values.min(), np.median(values), values.max())
    assert found == pytest.approx((0.20, 1.00, 4.00), abs=stored_unit)


@pytest.mark.parametrize("name", reference_names("suv_dro"))
def test_objects_of_digital_reference_objects_are_valid(name, data_folder, tmp_path):
    # Their hottest voxels are at SUV 4.0 less rounding.
    settings = RunSettings(segmentation=SegmentationSettings(method="fixed-2.5"))
    (result,) = run((data_folder / "suv_dro" / name,), tmp_path, settings)
    assert len(result.findings.lesions) > 0
    assert outline_errors(tmp_path) == {}


@pytest.mark.full
@pytest.mark.parametrize("name", reference_names("sts"))
def test_every_sarcoma_patient_runs_and_his_contour_is_read(name, data_folder, tmp_path):
    folder = data_folder / "sts" / name
    result = whole_run(folder, tmp_path)
    assert result.prepared.ct is not None
    (structures,) = (folder / "PET" / "mask").glob("*")
    labels = label_contours(read_contours(structures, result.prepared.exam.pet), result.prepared.exam.pet.geometry)
    contour = labels.array > 0
    assert contour.any()
    # The crop is 5 cm around the contour, so the contour stays clear of its border in the planes.
    assert not contour[:, (0, -1), :].any()
    # Tumours take up more than what lies around them.
    suv = result.prepared.suv.array
    assert suv[contour].mean() > suv[~contour].mean()
    assert outline_errors(tmp_path) == {}
    document = json.loads((tmp_path / "results.json").read_text())
    assert any("StudyID" in warning for warning in document["exams"][0]["warnings"])
