"""The command line as a user meets it."""

import json
import sys

import pydicom
import pytest

from tests.small_exam import write_small_exam
from uptake import __version__
from uptake.cli import main


@pytest.fixture
def uptake(monkeypatch, capfd):
    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["uptake", *map(str, arguments)])
        with pytest.raises(SystemExit) as stopped:
            main()
        said = capfd.readouterr()
        return stopped.value.code, said.out, said.err

    return call


@pytest.fixture(scope="module")
def exam(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cli")
    write_small_exam(folder)
    return folder


def test_version(uptake):
    assert uptake("--version")[:2] == (0, f"uptake {__version__}\n")


@pytest.mark.parametrize("command", [("run",), ("suv",), ("phantom", "make")])
def test_help_shows_an_example(command, uptake):
    status, out, _ = uptake(*command, "--help")
    assert status == 0
    assert "Example" in out


@pytest.mark.parametrize("wrong", [("run",), ("run", "a", "b", "--method", "guess"), ("nonsense",), ("suv", "--loud")])
def test_wrong_usage_is_64(wrong, uptake):
    assert uptake(*wrong)[0] == 64


def test_suv_prints_factor_branch_and_tags(uptake, exam):
    status, out, _ = uptake("suv", exam)
    assert status == 0
    factor = 80_000 / (3e8 * 0.5 ** (3600 / 6586.2))
    assert f"SUVbw = rescaled voxel x {factor:.6g} g/ml" in out
    assert "branch: BQML, START" in out
    assert "(0018,1074)" in out


def test_suv_as_json(uptake, exam):
    status, out, _ = uptake("suv", exam, "--json")
    (series,) = json.loads(out)["series"]
    assert status == 0
    assert series["factor_min"] == pytest.approx(80_000 / (3e8 * 0.5 ** (3600 / 6586.2)), rel=1e-6)
    assert {tag["keyword"] for tag in series["tags"]} >= {"PatientWeight", "RadionuclideTotalDose", "Units"}


def test_suv_of_a_series_that_cannot_be_converted_is_2_with_the_reason(uptake, tmp_path):
    write_small_exam(tmp_path)
    for path in (tmp_path / "PT").iterdir():
        dataset = pydicom.dcmread(path)
        dataset.Units = "PROPCPS"
        dataset.save_as(path)
    status, out, _ = uptake("suv", tmp_path)
    assert status == 2
    assert "PROPCPS" in out


def test_suv_of_an_empty_folder_is_2_in_text_and_in_json(uptake, tmp_path):
    status, _, err = uptake("suv", tmp_path)
    assert (status, "Refused" in err) == (2, True)
    status, out, _ = uptake("suv", tmp_path, "--json")
    assert (status, json.loads(out)["exit_status"]) == (2, 2)


def test_run_as_json_lists_the_files(uptake, exam, tmp_path):
    status, out, _ = uptake("run", exam, tmp_path / "out", "--json", "--method", "percent-41")
    summary = json.loads(out)
    assert (status, summary["exit_status"]) == (0, 0)
    assert all((tmp_path / "out" / name).is_file() for name in summary["files"])
    assert json.loads((tmp_path / "out/results.json").read_text())["settings"]["segmentation"]["method"] == "percent-41"


def test_baseline_comes_first_and_both_exams_are_measured(uptake, exam, tmp_path):
    write_small_exam(tmp_path / "earlier", identity="earlier exam", day=1)
    status, _, err = uptake("run", exam, tmp_path / "out", "--baseline", tmp_path / "earlier")
    assert status == 0, err
    exams = json.loads((tmp_path / "out/results.json").read_text())["exams"]
    assert [each["pet"]["acquired"][:10] for each in exams] == ["2024-03-01", "2024-03-05"]
    assert len(list((tmp_path / "out/dicom").glob("exam-2-*"))) == 5


def test_settings_of_a_result_can_be_used_again(uptake, exam, tmp_path):
    uptake("run", exam, tmp_path / "first", "--method", "percent-50")
    settings = json.loads((tmp_path / "first/results.json").read_text())["settings"]
    (tmp_path / "settings.json").write_text(json.dumps(settings))
    assert uptake("run", exam, tmp_path / "second", "--settings", tmp_path / "settings.json")[0] == 0
    again = json.loads((tmp_path / "second/results.json").read_text())["settings"]
    assert again == settings


def test_phantom_make_refuses_to_mix_with_other_files(uptake, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    status, _, err = uptake("phantom", "make", tmp_path)
    assert (status, "not empty" in " ".join(err.split())) == (2, True)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
