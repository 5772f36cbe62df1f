"""The ``uptake phantom`` commands: help, refusals, listings, and what they leave behind."""

import json
import sys

import pytest

from uptake import cli
from uptake.dicom.exams.exam_reader import read_exams
from uptake.phantom.plan import SYSTEMS


@pytest.fixture
def phantom(monkeypatch, capsys):
    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["uptake", "phantom", *map(str, arguments)])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        said = capsys.readouterr()
        return stop.value.code, said.out, said.err

    return run


@pytest.mark.parametrize("command", ["make", "cohort", "reference", "scenarios"])
def test_help_shows_an_example(command, phantom):
    status, out, _ = phantom(command, "--help")
    assert status == 0
    assert "Example" in out


@pytest.mark.parametrize(
    "wrong", [("make",), ("make", "x", "--system", "heart"), ("cohort", "x"), ("make", "x", "--seed", -1)]
)
def test_wrong_usage_is_64(wrong, phantom):
    assert phantom(*wrong)[0] == 64


@pytest.mark.parametrize("system", SYSTEMS)
def test_scenarios_can_be_listed_for_people_and_machines(system, phantom):
    status, out, _ = phantom("scenarios", system, "--json")
    found = json.loads(out)
    assert status == 0
    assert len(found) >= 5
    _, out, _ = phantom("scenarios", system)
    assert [line.split(":")[0] for line in out.splitlines()] == list(found)


def test_an_unknown_scenario_is_refused_with_the_way_to_the_list(phantom, tmp_path):
    status, _, err = phantom("make", tmp_path / "patient", "--system", "psma", "--scenario", "cured")
    assert status == 2
    assert "uptake phantom scenarios psma" in " ".join(err.split())
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_a_failure_in_plain_words(phantom, tmp_path, monkeypatch):
    def no_space(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("uptake.phantom.reference_objects.make_reference_objects", no_space)
    status, _, err = phantom("reference", tmp_path / "objects")
    assert (status, "No space left" in err) == (3, True)


def test_borderline_head_and_neck_is_refused(phantom, tmp_path):
    status, _, err = phantom("make", tmp_path / "patient", "--system", "head-neck", "--borderline")
    assert (status, "cut-off" in err) == (2, True)


def test_a_cohort_does_not_mix_with_another(phantom, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    status, _, err = phantom("cohort", tmp_path, "--system", "psma")
    assert (status, "not empty" in " ".join(err.split())) == (2, True)


@pytest.mark.full
def test_a_head_and_neck_patient_is_made_and_reads_back(phantom, tmp_path):
    status, out, _ = phantom("make", tmp_path / "patient", "--system", "head-neck", "--seed", 3)
    assert status == 0
    assert "truth.json" in out
    (exam,) = read_exams(tmp_path / "patient" / "dicom")
    assert exam.ct is not None
