import shutil
import time

import pytest

from apps.monai_label.exams import folder_source
from apps.monai_label.exams.exam_errors import UnknownExam
from apps.monai_label.exams.folder_source import FolderSource
from tests.small_exam import write_small_exam


@pytest.fixture
def folder(small_exams, tmp_path):
    shutil.copytree(small_exams, tmp_path / "exams")
    return tmp_path / "exams"


def test_only_what_changed_is_read_again(folder, tmp_path, monkeypatch):
    read = []
    scan = folder_source.scan_folder
    monkeypatch.setattr(folder_source, "scan_folder", lambda path: read.append(path.name) or scan(path))
    source = FolderSource(folder, tmp_path / "labels", listing_s=0.0)
    assert len(source.keys()) == 2
    source.keys()
    assert sorted(read) == ["first", "second"]
    write_small_exam(folder / "third", identity="third", day=9)
    keys = source.keys()
    assert len(keys) == 3
    assert keys[2].prior_pet_series_uid == keys[1].pet_series_uid
    assert sorted(read) == ["first", "second", "third"]
    shutil.rmtree(folder / "first")
    left = source.keys()
    assert [key.pet_series_uid for key in left] == [key.pet_series_uid for key in keys[1:]]


def test_other_files_and_broken_exams_are_no_exams(folder, tmp_path):
    (folder / "notes").mkdir()
    (folder / "notes" / "readme.txt").write_text("nothing")
    shutil.rmtree(folder / "second" / "PT")
    (folder / "loose.dcm").write_bytes(b"x")
    source = FolderSource(folder, tmp_path / "labels")
    assert len(source.keys()) == 1


def test_a_folder_that_is_not_there_is_said(tmp_path):
    with pytest.raises(UnknownExam, match="path"):
        FolderSource(tmp_path / "none", tmp_path / "labels")


def test_an_exam_that_was_removed_is_unknown(folder, tmp_path):
    source = FolderSource(folder, tmp_path / "labels", listing_s=0.0)
    first = source.keys()[0].pet_series_uid
    shutil.rmtree(folder / "first")
    source.refresh()
    with pytest.raises(UnknownExam), source.opened(first):
        pass


def test_clicks_do_not_wait_for_a_listing(folder, tmp_path, monkeypatch):
    source = FolderSource(folder, tmp_path / "labels", listing_s=0.0)
    first = source.keys()[0].pet_series_uid
    monkeypatch.setattr(source, "_list", lambda: time.sleep(5))
    started = time.perf_counter()
    source.key(first)
    with source.opened(first) as exam:
        assert exam.pet.series_uid == first
    assert time.perf_counter() - started < 1
