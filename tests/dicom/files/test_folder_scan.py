import shutil
from pathlib import Path

import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian, MediaStorageDirectoryStorage

from tests.dicom.series_factory import SeriesPlan, ct_plan, uid, write_series
from uptake.dicom.exams.exam_reader import read_exams
from uptake.dicom.files import raw_header
from uptake.dicom.files.folder_scan import scan_folder
from uptake.errors import NoExamFound, UnsafeInput


def test_files_are_found_at_any_depth_under_any_name(tmp_path):
    write_series(tmp_path / "a" / "b c" / "ü", SeriesPlan(), names="IM{0}.jpg")
    write_series(tmp_path / "x", ct_plan(), names="{0}")
    (tmp_path / "a" / "notes.txt").write_text("not an image")
    (tmp_path / "a" / "empty").touch()

    scan = scan_folder(tmp_path)

    assert sorted(series.label for series in scan.series) == [
        "CT series 2 'CT low dose' (7 slices)",
        "PT series 3 'PET AC' (5 slices)",
    ]
    assert scan.not_dicom == 2
    assert scan.warnings == ()


def test_a_single_file_is_an_input(tmp_path):
    paths = write_series(tmp_path, SeriesPlan())

    (series,) = scan_folder(paths[2]).series

    assert series.label == "PT series 3 'PET AC' (1 slice)"


def test_links_that_leave_the_folder_are_not_followed(tmp_path):
    outside = tmp_path / "outside"
    write_series(outside, SeriesPlan(name="secret"))
    folder = tmp_path / "input"
    write_series(folder, SeriesPlan())
    (folder / "away").symlink_to(outside)
    (folder / "file").symlink_to(outside / "000")
    (folder / "loop").symlink_to(folder)
    (folder / "itself").symlink_to(folder / "itself")
    (folder / "again").symlink_to(folder / "000")

    scan = scan_folder(folder)

    assert [len(series.instances) for series in scan.series] == [5]
    assert scan.links_outside == 2
    assert "2 symbolic link(s) lead out of the input folder" in scan.warnings[0]


def test_a_folder_of_outside_links_alone_is_unsafe(tmp_path):
    write_series(tmp_path / "outside", SeriesPlan())
    folder = tmp_path / "input"
    folder.mkdir()
    (folder / "away").symlink_to(tmp_path / "outside")

    with pytest.raises(UnsafeInput, match="symbolic links"):
        read_exams(folder)


def _write_directory_record(folder: Path, *references: list[str]) -> None:
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = MediaStorageDirectoryStorage
    dataset.file_meta.MediaStorageSOPInstanceUID = uid("directory")
    dataset.DirectoryRecordSequence = []
    for reference in references:
        record = Dataset()
        record.DirectoryRecordType = "IMAGE"
        record.ReferencedFileID = reference
        dataset.DirectoryRecordSequence.append(record)
    dataset.save_as(folder / "DICOMDIR", enforce_file_format=True)


@pytest.mark.filterwarnings("ignore:Invalid value for VR CS")
def test_a_directory_record_neither_adds_files_nor_leaves_the_folder(tmp_path):
    write_series(tmp_path / "input", SeriesPlan())
    write_series(tmp_path / "outside", SeriesPlan(name="secret"))
    _write_directory_record(
        tmp_path / "input", ["000"], ["GONE"], ["..", "outside", "000"], ["../../etc/passwd"], ["/etc/passwd"]
    )

    scan = scan_folder(tmp_path / "input")

    assert [len(series.instances) for series in scan.series] == [5]
    assert any("3 file(s) outside the input folder" in warning for warning in scan.warnings)
    assert any("1 file(s) that are not in the input folder" in warning for warning in scan.warnings)


def test_a_file_cut_before_its_series_is_reported(tmp_path):
    paths = write_series(tmp_path, SeriesPlan())
    whole = paths[4].read_bytes()
    paths[4].write_bytes(whole[: whole.index(b"PET AC")])

    scan = scan_folder(tmp_path)

    assert "1 file(s) or folder(s) could not be read" in scan.warnings[0]
    assert [len(series.instances) for series in scan.series] == [4]


def test_a_deflated_bomb_is_refused_before_it_unfolds(tmp_path, monkeypatch):
    write_series(tmp_path, SeriesPlan(slices=1, rows=300, columns=300, syntax=DeflatedExplicitVRLittleEndian))
    monkeypatch.setattr(raw_header, "MAXIMUM_INFLATED_BYTES", 100_000)

    with pytest.raises(UnsafeInput, match="unfolds"):
        scan_folder(tmp_path)


def test_messages_for_inputs_without_a_pet_differ(tmp_path):
    empty, text, tomography = tmp_path / "empty", tmp_path / "text", tmp_path / "ct"
    empty.mkdir()
    text.mkdir()
    (text / "a.txt").write_text("hello")
    write_series(tomography, ct_plan())
    messages = []
    for folder in (empty, text, tomography, tmp_path / "absent"):
        with pytest.raises(NoExamFound) as refused:
            read_exams(folder)
        messages.append(refused.value.reason)

    assert messages == [
        "the input folder is empty.",
        "none of the 1 files is DICOM.",
        "there is CT (1 series) but no PET.",
        "the input folder does not exist.",
    ]


def test_a_prior_folder_adds_its_exam(tmp_path):
    write_series(tmp_path / "now", SeriesPlan())
    write_series(tmp_path / "prior", SeriesPlan(name="old", study="old", frame_of_reference="old", acquired=_earlier()))
    shutil.copytree(tmp_path / "now", tmp_path / "prior" / "copy")

    first, second = read_exams(tmp_path / "now", extra=(tmp_path / "prior",))

    assert (first.pet.series_uid, second.pet.series_uid) == (uid("old"), uid("series"))
    assert "5 file(s) are copies" in second.warnings[0]


def _earlier():
    return SeriesPlan().acquired.replace(year=2019)
