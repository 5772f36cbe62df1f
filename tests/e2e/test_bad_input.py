"""Whatever is wrong with the input: one clear message, the right exit status, nothing for the PACS, nothing lost."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pydicom
import pytest

from tests.small_exam import NAME, write_small_exam
from uptake.cli import main

REFUSED, FAILED = 2, 3


@pytest.fixture(scope="module")
def good_exam(tmp_path_factory):
    folder = tmp_path_factory.mktemp("good") / "exam"
    write_small_exam(folder)
    return folder


@pytest.fixture
def exam(good_exam, tmp_path):
    return Path(shutil.copytree(good_exam, tmp_path / "exam"))


@pytest.fixture
def run(monkeypatch, capfd, tmp_path):
    """``uptake run`` in this process: exit status and everything it said."""

    def call(folder, output=None, *options):
        arguments = ["uptake", "run", str(folder), str(output or tmp_path / "out"), *options]
        monkeypatch.setattr(sys, "argv", arguments)
        with pytest.raises(SystemExit) as stopped:
            main()
        said = capfd.readouterr()
        text = " ".join((said.out + said.err).split())
        assert "Secretname" not in text
        assert "SECRETID" not in text
        return stopped.value.code, text

    return call


def edit(folder, **values):
    """Set attributes in every file of a folder; a value of None removes the attribute."""
    for path in folder.iterdir():
        dataset = pydicom.dcmread(path)
        for keyword, value in values.items():
            if value is None:
                delattr(dataset, keyword)
            else:
                setattr(dataset, keyword, value)
        dataset.save_as(path)


def edit_dose(folder, value):
    for path in folder.iterdir():
        dataset = pydicom.dcmread(path)
        item = dataset.RadiopharmaceuticalInformationSequence[0]
        if value is None:
            del item.RadionuclideTotalDose
        else:
            item.RadionuclideTotalDose = value
        dataset.save_as(path)


def truncate(folder):
    path = sorted(folder.iterdir())[3]
    path.write_bytes(path.read_bytes()[:-500])


def gate(folder):
    edit(folder, SeriesType=["GATED", "IMAGE"])


def remove_a_slice(folder):
    sorted(folder.iterdir())[5].unlink()


BAD_PET = {
    "zero weight": (lambda pt: edit(pt, PatientWeight="0"), "PatientWeight"),
    "missing weight": (lambda pt: edit(pt, PatientWeight=None), "PatientWeight"),
    "missing dose": (lambda pt: edit_dose(pt, None), "RadionuclideTotalDose"),
    "zero dose": (lambda pt: edit_dose(pt, "0"), "RadionuclideTotalDose"),
    "proportional counts": (lambda pt: edit(pt, Units="PROPCNTS"), "PROPCNTS"),
    "no attenuation correction": (lambda pt: edit(pt, CorrectedImage=["DECY", "NORM"]), "ATTN"),
    "truncated file": (truncate, "end too early"),
    "missing slice": (remove_a_slice, "slice"),
    "gated series": (gate, "GATED"),
}


@pytest.mark.parametrize("fault", BAD_PET)
def test_a_pet_that_cannot_be_measured_is_refused(fault, exam, run, tmp_path):
    spoil, named = BAD_PET[fault]
    spoil(exam / "PT")
    status, text = run(exam)
    assert status == REFUSED
    assert named in text
    metadata = json.loads((tmp_path / "out" / "metadata.json").read_text())
    assert (metadata["status"], metadata["exit_status"]) == ("refused", REFUSED)
    assert named in metadata["message"]
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["metadata.json"]


def test_an_empty_folder_is_refused(run, tmp_path):
    (tmp_path / "nothing").mkdir()
    status, text = run(tmp_path / "nothing")
    assert (status, "empty" in text) == (REFUSED, True)


def test_an_absent_folder_is_refused(run, tmp_path):
    status, text = run(tmp_path / "nowhere")
    assert (status, "exist" in text) == (REFUSED, True)


def test_ct_alone_is_refused(exam, run):
    shutil.rmtree(exam / "PT")
    status, text = run(exam)
    assert (status, "no PET" in text) == (REFUSED, True)


def test_pet_alone_is_measured_and_the_missing_ct_is_said(exam, run, tmp_path):
    shutil.rmtree(exam / "CT")
    status, text = run(exam)
    assert (status, "CT" in text) == (0, True)
    document = json.loads((tmp_path / "out" / "results.json").read_text())
    assert document["exams"][0]["ct"] is None
    assert document["exams"][0]["findings"]["totals"]["lesions"] == 2


def test_other_files_among_the_dicom_do_no_harm(exam, run):
    (exam / "PT" / "thumbs.db").write_bytes(b"\0" * 400)
    (exam / "report.txt").write_text("not DICOM")
    (exam / "empty").write_bytes(b"")
    assert run(exam)[0] == 0


def test_two_patients_are_refused(exam, run, tmp_path):
    shutil.copytree(exam / "PT", exam / "other")
    for number, path in enumerate((exam / "other").iterdir()):
        dataset = pydicom.dcmread(path)
        dataset.PatientID, dataset.PatientName = "SECRETID-78", "Other^Secretname"
        dataset.StudyInstanceUID, dataset.SeriesInstanceUID = "1.2.3.4", "1.2.3.4.5"
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = f"1.2.3.4.5.{number + 1}"
        dataset.save_as(path)
    status, text = run(exam)
    assert (status, "2 patients" in text) == (REFUSED, True)


def test_a_folder_with_something_in_it_is_refused_and_untouched(exam, run, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    status, text = run(exam, tmp_path / "mine")
    assert (status, "not empty" in text) == (REFUSED, True)
    assert [p.name for p in (tmp_path / "mine").iterdir()] == ["thesis.txt"]


def test_wrong_usage_is_64(exam, run, tmp_path):
    assert run(exam, None, "--method", "magic")[0] == 64
    settings = tmp_path / "settings.json"
    settings.write_text('{"segmentation": {"treshold": 4}}')
    status, text = run(exam, None, "--settings", str(settings))
    assert (status, "treshold" in text) == (64, True)


def uptake_run(exam, output, *before):
    command = [*before, sys.executable, "-m", "uptake", "run", str(exam), str(output)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=200)


def test_an_output_folder_that_may_not_be_written_is_a_failure(exam, tmp_path):
    output = tmp_path / "read-only"
    output.mkdir(mode=0o555)
    # root may write anywhere unless it gives up its capabilities.
    before = ("setpriv", "--inh-caps=-all", "--bounding-set=-all") if os.geteuid() == 0 else ()
    done = uptake_run(exam, output, *before)
    assert done.returncode == FAILED
    assert "Permission denied" in done.stderr
    assert list(output.iterdir()) == []


def test_a_full_disk_is_a_failure_and_leaves_no_half_result(exam, tmp_path):
    # A limit on file size is how a disk says no without filling one; 64 KiB lets metadata.json through.
    done = uptake_run(exam, tmp_path / "out", "prlimit", "--fsize=65536")
    assert done.returncode == FAILED
    assert "Check space" in " ".join(done.stderr.split())
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["metadata.json"]
    assert json.loads((tmp_path / "out" / "metadata.json").read_text())["status"] == "failed"


@pytest.mark.parametrize(
    ("name", "character_set"),
    [
        ("<img src='file:///etc/passwd'/>", "ISO_IR 192"),
        ("Yamada^Tarou=山田^太郎=やまだ^たろう", ["", "ISO 2022 IR 87"]),
        ("Люкceмбypг", "ISO_IR 144"),
    ],
)
def test_any_name_survives_into_every_output(name, character_set, exam, run, tmp_path):
    edit(exam / "PT", SpecificCharacterSet=character_set, PatientName=name)
    edit(exam / "CT", SpecificCharacterSet=character_set, PatientName=name)
    status, _ = run(exam)
    assert status == 0
    written = sorted((tmp_path / "out" / "dicom").iterdir())
    assert len(written) == 5
    assert {str(pydicom.dcmread(path).PatientName) for path in written} == {name}
    assert json.loads((tmp_path / "out" / "results.json").read_text())["patient"]["name"] == name
    assert NAME not in (tmp_path / "out" / "results.json").read_text()
