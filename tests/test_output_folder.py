"""Results appear whole or not at all, and nothing of the user's is ever overwritten."""

import json

import pytest

from uptake.errors import OutputFailed, OutputNotEmpty
from uptake.output_folder import OutputFolder


def metadata(files):
    return {"status": "done", "files": list(files)}


def test_published_entries_appear_with_metadata_last_and_no_trace_of_staging(tmp_path):
    folder = OutputFolder(tmp_path / "out")
    (folder.staging / "dicom").mkdir()
    (folder.staging / "dicom" / "exam-1-seg.dcm").write_bytes(b"x")
    (folder.staging / "results.json").write_text("{}")
    assert folder.publish(metadata) == ("dicom/exam-1-seg.dcm", "results.json")
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["dicom", "metadata.json", "results.json"]
    assert json.loads((tmp_path / "out" / "metadata.json").read_text())["files"] == [
        "dicom/exam-1-seg.dcm",
        "results.json",
    ]


def test_abandoned_run_leaves_only_its_metadata_and_can_be_repeated(tmp_path):
    folder = OutputFolder(tmp_path)
    (folder.staging / "results.json").write_text("{}")
    folder.abandon({"status": "refused"})
    assert [p.name for p in tmp_path.iterdir()] == ["metadata.json"]
    OutputFolder(tmp_path).close()


def test_a_folder_with_anything_in_it_is_refused_and_left_as_it_was(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(OutputNotEmpty):
        OutputFolder(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.txt"]


def test_metadata_of_a_finished_run_is_not_overwritten(tmp_path):
    (tmp_path / "metadata.json").write_text('{"status": "done"}')
    with pytest.raises(OutputNotEmpty):
        OutputFolder(tmp_path)


def test_second_run_in_the_same_folder_is_refused_while_the_first_is_open(tmp_path):
    first = OutputFolder(tmp_path)
    (first.staging / "results.json").write_text("{}")
    with pytest.raises(OutputNotEmpty, match="another run"):
        OutputFolder(tmp_path)
    assert (first.staging / "results.json").exists()
    first.close()


def test_what_a_crashed_run_staged_is_cleared(tmp_path):
    (tmp_path / ".partial").mkdir()
    (tmp_path / ".partial" / "old").write_text("old")
    folder = OutputFolder(tmp_path)
    assert list(folder.staging.iterdir()) == []
    folder.close()


def test_output_inside_the_input_or_around_it_is_refused(tmp_path):
    (tmp_path / "exam").mkdir()
    with pytest.raises(OutputNotEmpty, match="input folder"):
        OutputFolder(tmp_path / "exam" / "out", (tmp_path / "exam",))
    with pytest.raises(OutputNotEmpty, match="holds the input"):
        OutputFolder(tmp_path, (tmp_path / "exam",))
    assert [p.name for p in tmp_path.iterdir()] == ["exam"]


def test_a_file_in_the_folders_place_is_a_disk_failure(tmp_path):
    (tmp_path / "out").write_text("a file")
    with pytest.raises(OutputFailed):
        OutputFolder(tmp_path / "out")


def test_failed_rename_takes_back_what_was_placed(tmp_path, monkeypatch):
    folder = OutputFolder(tmp_path)
    (folder.staging / "a.json").write_text("{}")

    def broken(files):
        raise OSError(28, "No space left on device")

    with pytest.raises(OutputFailed, match="No space left"):
        folder.publish(broken)
    assert not (tmp_path / "a.json").exists()
