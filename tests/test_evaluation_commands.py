"""``uptake evaluate`` as a user meets it."""

import json
import sys

import pytest

from tests.evaluation.small_runs import write_run
from tests.training.small_training import write_patient, write_patients
from uptake.cli import main
from uptake.training.to_bundle import to_bundle


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("command")
    write_patients(folder / "data", 4)
    write_patient(folder / "others" / "other-11", seed=11)
    run = write_run(folder / "run", folder / "data", digital=True)
    to_bundle(run, folder / "models", "A licence.")
    return folder


@pytest.fixture
def uptake(monkeypatch, capfd):
    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["uptake", "evaluate", *map(str, arguments)])
        with pytest.raises(SystemExit) as stopped:
            main()
        said = capfd.readouterr()
        return stopped.value.code, said.out, " ".join(said.err.split())

    return call


def test_help_shows_examples(uptake):
    status, out, _ = uptake("--help")
    assert status == 0
    assert "Example" in out
    assert "--external" in out


def test_a_bundle_is_evaluated(uptake, folder, tmp_path):
    options = ("--models", folder / "models", "--engine", "torch", "--cache", folder / "cache")
    data = ("--data", folder / "data", "--external", folder / "others")
    status, out, _ = uptake("small_test", *data, *options, "--out", tmp_path / "out", "--json")
    summary = json.loads(out)
    assert (status, summary["exit_status"]) == (0, 0)
    assert summary["cohorts"]["cross_validation"]["exams"] == 4
    assert summary["cohorts"]["external"]["cohort_dice"].keys() == {
        *("primary_tumour", "lymph_node_metastasis", "union")
    }
    assert "digital patients only" in summary["weights"]
    assert {"report.md", "table1.csv"} <= set(summary["files"])
    assert all((tmp_path / "out" / each).is_file() for each in summary["files"])
    assert any("best of 9 thresholds" in note for note in summary["notes"])


def test_a_run_is_evaluated_and_compared(uptake, folder, tmp_path):
    given = ("--run", folder / "run", "--data", folder / "data", "--no-threshold-methods", "--fold", 0)
    compare = ("--compare", f"again={folder / 'run'}", "--compare", f"bundle={folder / 'models' / 'small_test'}")
    status, out, _ = uptake("small_test", *given, *compare, "--engine", "torch", "--out", tmp_path / "out")
    assert status == 0
    assert out.startswith("cross-validation, 2 exams, cohort Dice: primary_tumour ")
    assert "report.md" in out
    text = (tmp_path / "out" / "comparison.csv").read_text()
    assert "again" in text
    assert "bundle" in text
    assert "threshold" not in text


def test_what_cannot_be_evaluated_is_refused(uptake, folder, tmp_path):
    out = ("--out", tmp_path / "out")
    status, _, err = uptake("other", "--run", folder / "run", "--data", folder / "data", *out)
    assert status == 2
    assert "is of the recipe small_test, not other" in err
    status, _, err = uptake("small_test", "--run", folder / "run", "--data", folder / "others", *out)
    assert status == 2
    assert "exam other-11 is in no fold's test part" in err
    assert "--external" in err
    status, said, err = uptake("absent", "--models", folder / "models", "--data", folder / "data", *out, "--json")
    assert status == json.loads(said)["exit_status"] == 2
    assert "no such folder" in json.loads(said)["message"]
    assert err == ""
    assert uptake("../up", "--data", folder / "data", *out)[0] == 2


@pytest.mark.parametrize(
    "wrong",
    [
        (),
        ("x",),
        ("x", "--out", "out"),
        *(("x", "--out", "o", "--data", "d", "--compare", c) for c in ("a", "network=r")),
    ],
)
def test_wrong_usage_is_64(wrong, uptake):
    assert uptake(*wrong)[0] == 64
