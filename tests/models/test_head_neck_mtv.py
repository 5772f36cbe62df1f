"""The weights that are shipped: whole, small, called what they are, and as good as their evaluation says."""

import json
from pathlib import Path

import pytest

from tests.uptake_command import exit_status
from uptake.inference.model_store import build_network, load_bundle, verify
from uptake.training.to_bundle import run_of_bundle

MODELS = Path(__file__).parents[2] / "models"
BUNDLE = MODELS / "head_neck_mtv"
EVALUATION = BUNDLE / "docs" / "evaluation"


@pytest.fixture(scope="module")
def bundle():
    return load_bundle(BUNDLE)


def external_rows(evaluation):
    rows = json.loads((evaluation / "scores.json").read_text(encoding="utf-8"))["burden"]
    return {row["patient"]: row for row in rows if row["cohort"] == "external"}


def test_every_fold_is_there_and_is_the_recorded_one(bundle):
    assert bundle.folds == (0, 1, 2, 3, 4)
    assert verify(BUNDLE, build_network) == bundle
    assert sum(path.stat().st_size for path in BUNDLE.rglob("*") if path.is_file()) < 10e6


def test_it_is_called_trained_on_digital_patients(bundle):
    assert bundle.training.digital_patients_only
    for page in (BUNDLE / "docs" / "README.md", EVALUATION / "report.md"):
        assert "digital patients only" in page.read_text(encoding="utf-8").lower()


def test_it_was_trained_on_the_cohorts_it_says_and_never_on_the_external_one():
    run = run_of_bundle(BUNDLE)
    cohorts = json.loads((BUNDLE / "configs" / "cohort.json").read_text(encoding="utf-8"))
    assert run.start.digital_patients_only
    names = {each["name"] for each in run.exams}
    seeds = {name: cohort["seed"] for name, cohort in cohorts.items() if name != "schema"}
    sizes = {cohort: sum(name.startswith(f"patient-{seed}") for name in names) for cohort, seed in seeds.items()}
    trained_on = {cohort: cohorts[cohort]["size"] for cohort in ("start", "cross_validation")}
    assert {cohort: size for cohort, size in sizes.items() if size} == trained_on
    assert len(run.exams) == sum(trained_on.values())
    prefix = f"patient-{seeds['cross_validation']}"
    split = [each["patient"] for each in run.exams if each["name"].startswith(prefix)]
    assert sorted(patient for fold in run.folds.folds for patient in fold.test) == sorted(split)
    external = external_rows(EVALUATION)
    assert len(external) == cohorts["external"]["size"]
    assert not names & set(external)
    for fold, seen in zip(run.folds.folds, run.start.patients, strict=True):
        assert not set(fold.test) & set(seen)


def test_a_patient_of_the_evaluation_scores_as_it_says(tmp_path):
    """Made anew, through preparation, five folds and scoring; another engine may move a voxel here and there."""
    content = json.loads((BUNDLE / "configs" / "cohort.json").read_text(encoding="utf-8"))["external"]
    cohort = ("--system", content["system"], "--size", 1, "--seed", content["seed"], "--site", content["site"])
    assert exit_status("phantom", "cohort", tmp_path / "cohort", *cohort, "--processes", 1) == 0
    options = ("--external", tmp_path / "cohort", "--out", tmp_path / "out", "--no-threshold-methods")
    assert exit_status("evaluate", "head_neck_mtv", "--models", MODELS, "--engine", "torch", *options) == 0

    made = external_rows(tmp_path / "out")
    recorded = external_rows(EVALUATION)
    (name,) = made
    assert made[name]["dsc_union"] == pytest.approx(recorded[name]["dsc_union"], abs=0.005)
    assert made[name]["truth_ml"] == pytest.approx(recorded[name]["truth_ml"])
