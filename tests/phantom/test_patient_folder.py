"""patient_folder: what is written is whole, the same each time, valid, and reads back as the truth."""

import hashlib
import json

import numpy as np
import pytest
import SimpleITK as sitk

from tests.dicom.object_checks import validity_errors
from tests.phantom.coarse import coarse_patient
from uptake.dicom.exams.exam_reader import read_exams
from uptake.errors import OutputNotEmpty
from uptake.exam_preparation import prepare
from uptake.phantom.patient_folder import write_patient
from uptake.phantom.physics.scanners import scanners


@pytest.fixture(scope="module")
def pair():
    return coarse_patient("breast-pairs", 1)


@pytest.fixture(scope="module")
def folder(pair, tmp_path_factory):
    path = tmp_path_factory.mktemp("patient") / "one"
    write_patient(path, pair)
    return path


def digests(folder):
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_the_same_seed_gives_the_same_bytes(folder, tmp_path):
    write_patient(tmp_path / "again", coarse_patient("breast-pairs", 1))
    assert digests(tmp_path / "again") == digests(folder)


def test_exams_reports_and_truth_lie_apart(folder):
    assert {path.name for path in folder.iterdir()} == {"dicom", "reports", "truth"}
    assert {path.name for path in (folder / "dicom").iterdir()} == {"exam-1", "exam-2"}
    assert {"exam-1.txt", "exam-1.json", "exam-2.txt", "exam-2.json"} == {
        p.name for p in (folder / "reports").iterdir()
    }


def test_exams_read_as_one_patient_in_time_order(folder, pair):
    exams = read_exams(folder / "dicom")
    assert len({exam.patient.patient_id for exam in exams}) == 1
    assert [exam.pet.acquired.date() for exam in exams] == [plan.injected.date() for plan in pair.patient.exams]
    assert all(exam.ct is not None for exam in exams)


def test_lesions_measured_in_the_written_pet_are_those_of_the_truth(folder):
    truth = json.loads((folder / "truth" / "truth.json").read_text())
    for number, exam in enumerate(read_exams(folder / "dicom"), start=1):
        suv = prepare(exam).suv
        labels = sitk.GetArrayFromImage(sitk.ReadImage(str(folder / "truth" / f"exam-{number}-lesions.nii.gz")))
        assert labels.shape == suv.array.shape
        for lesion in truth["exams"][number - 1]["lesions"]:
            inside = suv.array[labels == lesion["label"]]
            if inside.size < 4:
                continue
            # The truth is measured without noise.
            assert inside.mean() == pytest.approx(lesion["measured"]["suv_mean"], rel=0.2), lesion["identity"]


def test_reports_quote_the_noisy_maximum_of_every_lesion(folder, pair):
    report = json.loads((folder / "reports" / "exam-1.json").read_text())
    quoted = {mention["identity"]: mention["value"] for mention in report["mentions"] if mention["when"] == "current"}
    (first, _) = read_exams(folder / "dicom")
    suv = prepare(first).suv.array
    for number, lesion in enumerate(pair.patient.exams[0].lesions, start=1):
        inside = suv[pair.rendered[0].lesions.array == number]
        if lesion.identity in quoted:
            assert quoted[lesion.identity] == pytest.approx(inside.max(), abs=0.06)
    assert quoted


def test_a_patient_is_not_mixed_with_other_files(pair, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(OutputNotEmpty):
        write_patient(tmp_path, pair)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_nothing_is_left_of_a_patient_that_could_not_be_written(pair, tmp_path, monkeypatch):
    def full_disk(*_):
        raise OSError("no space left on device")

    monkeypatch.setattr("uptake.phantom.patient_folder.write_truth", full_disk)
    with pytest.raises(OSError, match="no space"):
        write_patient(tmp_path / "patient", pair)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", [*scanners("internal"), *scanners("external")])
def test_every_scanner_writes_valid_dicom_that_reads_back(name, tmp_path):
    system = "head-neck" if name.endswith("head-neck") else "psma"
    found = coarse_patient(system, 2, scanner_name=name, pet_mm=16.0, ct_mm=20.0)
    write_patient(tmp_path / "patient", found)
    for path in sorted((tmp_path / "patient").rglob("*.dcm")):
        assert validity_errors(path) == [], path.name
    exams = read_exams(tmp_path / "patient" / "dicom")
    for exam, rendered in zip(exams, found.rendered, strict=True):
        suv = prepare(exam).suv
        assert suv.geometry.same_grid(rendered.noise_free.geometry)
        body = rendered.noise_free.array > 0.2
        assert suv.array[body].mean() == pytest.approx(rendered.noise_free.array[body].mean(), rel=0.02)
        assert np.corrcoef(suv.array[body], rendered.noise_free.array[body])[0, 1] > 0.8
