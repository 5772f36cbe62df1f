"""How a run ends, whatever happened in it."""

import json
import logging

import pytest

from uptake.errors import SuvRefused
from uptake.job import describe_error, run_job


def metadata(folder):
    return json.loads((folder / "metadata.json").read_text())


def test_done_lists_files_and_warnings(tmp_path):
    def work(staging):
        (staging / "results.json").write_text("{}")
        return ("CT is missing",)

    report = run_job(tmp_path / "out", (), work)
    assert (report.exit_status, report.files, report.warnings) == (0, ("results.json",), ("CT is missing",))
    assert metadata(tmp_path / "out")["outputs"] == ["results.json"]


def test_refusal_says_attribute_series_and_remedy(tmp_path):
    def work(staging):
        (staging / "half.dcm").write_bytes(b"half")
        raise SuvRefused("is zero.", remedy="Correct it.", series="PT series 4", attribute="PatientWeight (0010,1030)")

    report = run_job(tmp_path, (), work)
    assert report.exit_status == 2
    assert report.message == "PT series 4: PatientWeight (0010,1030): is zero. Correct it."
    assert metadata(tmp_path)["message"] == report.message
    assert [path.name for path in tmp_path.iterdir()] == ["metadata.json"]


def test_internal_error_keeps_its_text_to_itself(tmp_path, caplog):
    def work(staging):
        raise KeyError("Secretname^Zyxwvut")

    with caplog.at_level(logging.ERROR):
        report = run_job(tmp_path, (), work)
    assert report.exit_status == 3
    assert "KeyError at test_job.py:" in report.message
    assert "Secretname" not in report.message + caplog.text + (tmp_path / "metadata.json").read_text()


def test_path_of_a_disk_error_is_left_out():
    status, text = describe_error(OSError(28, "No space left on device", "/data/Secretname/out"))
    assert (status, "Secretname" in text, "No space left" in text) == (3, False, True)


def test_memory_error_has_a_remedy():
    assert "memory" in describe_error(MemoryError())[1]


def test_interrupted_run_leaves_a_failed_mark_and_stops(tmp_path):
    def work(staging):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_job(tmp_path, (), work)
    assert metadata(tmp_path)["status"] == "failed"
    assert [path.name for path in tmp_path.iterdir()] == ["metadata.json"]
