"""Lesions by a network, through ``uptake run``: the same by every engine, with classes, codes and weights."""

import json
import shutil
from importlib.util import find_spec

import numpy as np
import pytest
from pydicom import dcmread
from pypdf import PdfReader

from tests.dicom.object_checks import validity_errors
from tests.lesion_bundle import NAME, SENTENCE, save_lesion_bundle
from tests.small_exam import SECOND_IS_DENSE, write_small_exam
from tests.uptake_command import exit_status
from uptake.dicom.annotations.measurement_report_reader import read_measurement_report
from uptake.dicom.annotations.segmentation_reader import read_segmentation
from uptake.inference.exam_labels import label_exam
from uptake.inference.model_store import InputChannel, Normalisation, Tiling, label_class

PACKAGES = {"openvino": "openvino", "onnxruntime": "onnxruntime"}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """An exam with a sphere of each class, and the bundle that finds them."""
    folder = tmp_path_factory.mktemp("network")
    write_small_exam(folder / "exam", hounsfield=SECOND_IS_DENSE)
    save_lesion_bundle(folder / "models")
    (folder / "plain.json").write_text('{"hottest_pictured": 0}')  # pictures take most of the time
    return folder


@pytest.fixture(scope="module")
def uptake_run(place):
    """``uptake run`` on the exam, in this process; gives the exit status."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UPTAKE_CACHE", str(place / "cache"))

        def call(out, *options, exam="exam", model=NAME):
            models = place / "models"
            return exit_status("run", place / exam, place / out, "--models", models, "--model", model, *options)

        yield call


@pytest.fixture(scope="module")
def by_torch(place, uptake_run):
    assert uptake_run("torch", "--engine", "torch") == 0
    return place / "torch"


def results_of(out):
    return json.loads((out / "results.json").read_text())


def findings_of(out):
    (exam,) = results_of(out)["exams"]
    return exam["findings"]


def test_both_spheres_are_found_each_of_its_class(by_torch):
    findings = findings_of(by_torch)
    assert [each["class_name"] for each in findings["lesions"]] == ["primary_tumour", "lymph_node_metastasis"]
    centres = [each["centroid_mm"] for each in findings["lesions"]]
    assert centres == [pytest.approx((30, 0, 20), abs=2), pytest.approx((-40, 10, -20), abs=2)]
    # Spheres of 20 and 15 mm; the network's threshold lies above half of their SUV, so within them.
    for lesion, radius_mm in zip(findings["lesions"], (20, 15), strict=True):
        assert 0.75 < lesion["mtv_ml"] / (4 / 3 * np.pi * radius_mm**3 / 1000) < 1.05
    assert [each["totals"]["mtv_ml"] for each in findings["by_class"]] == [
        each["mtv_ml"] for each in findings["lesions"]
    ]


def test_what_is_no_lesion_is_not_among_them(by_torch):
    assert {each["class"]["name"] for each in findings_of(by_torch)["by_class"]} == {
        "primary_tumour",
        "lymph_node_metastasis",
    }


def test_the_weights_are_named_wherever_they_show(by_torch):
    document = results_of(by_torch)
    assert document["weights"] == SENTENCE
    assert [len(each["sha256"]) for each in document["network"]["folds"]] == [64]
    assert document["network"]["engine"].startswith("torch")
    assert document["settings"]["network"] == {
        "bundle": NAME,
        "engine": "torch",
        "minimum_volume_ml": 0.1,
        "fast": False,
    }
    (caveat,) = findings_of(by_torch)["caveats"]
    assert SENTENCE in caveat
    assert "one fold, so there is no agreement of folds" in caveat
    assert [each["agreement"] for each in findings_of(by_torch)["lesions"]] == [None, None]
    assert document["task"]["why"] == f"The network {NAME} was named."
    words = " ".join(" ".join(page.extract_text() for page in PdfReader(by_torch / "report.pdf").pages).split())
    assert f"Weights: {SENTENCE}" in words
    assert "Physiological uptake (brain" not in words
    assert "Lymph node metastasis" in words
    segment = dcmread(by_torch / "dicom/exam-1-seg.dcm").SegmentSequence[0]
    assert segment.SegmentAlgorithmName == SENTENCE
    assert SENTENCE in segment.SegmentDescription
    assert SENTENCE in dcmread(by_torch / "dicom/exam-1-sr.dcm").to_json()


def test_objects_are_valid_and_coded_by_class(by_torch):
    for kind in ("seg", "sr"):
        assert validity_errors(by_torch / f"dicom/exam-1-{kind}.dcm") == []
    segments = read_segmentation(by_torch / "dicom/exam-1-seg.dcm").segments
    assert [each.type.meaning for each in segments] == ["Neoplasm, Primary", "Neoplasm, Secondary"]
    groups = read_measurement_report(by_torch / "dicom/exam-1-sr.dcm")
    assert [group.finding and group.finding.meaning for group in groups] == [
        "Neoplasm, Primary",
        "Neoplasm, Secondary",
        None,
        "Neoplasm, Primary",
        "Neoplasm, Secondary",
    ]


@pytest.mark.parametrize("engine", ["openvino", "onnxruntime"])
def test_engines_agree(place, uptake_run, by_torch, engine, capfd):
    for package in (PACKAGES[engine], "onnx", "onnxscript"):
        pytest.importorskip(package)
    assert uptake_run(engine, "--engine", engine, "--settings", place / "plain.json") == 0
    assert f"Engine {engine}" in capfd.readouterr().err
    assert results_of(place / engine)["network"]["engine"].startswith(engine)
    ours, theirs = findings_of(place / engine)["lesions"], findings_of(by_torch)["lesions"]
    assert [each["class_name"] for each in ours] == [each["class_name"] for each in theirs]
    for one, other in zip(ours, theirs, strict=True):
        assert one["mtv_ml"] == pytest.approx(other["mtv_ml"], rel=0.01)
        assert one["max_index"] == other["max_index"]


@pytest.mark.skipif(find_spec("tensorrt") is not None, reason="TensorRT is installed")
def test_fast_mode_is_said_and_lays_fewer_patches(place, uptake_run, by_torch, monkeypatch):
    laid = []

    def counted(bundle, predictors, channels, options, progress):
        return label_exam(bundle, predictors, channels, options, lambda done, total: laid.append(total))

    monkeypatch.setattr("uptake.inference.exam_labels.label_exam", counted)
    save_lesion_bundle(place / "models", name="overlapping", tiling=Tiling((16, 32, 32), 0.75))
    plain = ("--engine", "torch", "--settings", place / "plain.json")
    assert uptake_run("slow", *plain, model="overlapping") == 0
    assert uptake_run("fast", *plain, "--fast", model="overlapping") == 0

    assert laid[-1] < laid[0]
    assert results_of(place / "fast")["settings"]["network"]["fast"] is True
    assert any("Fast mode" in text for text in findings_of(place / "fast")["caveats"])
    assert not any("Fast mode" in text for text in findings_of(by_torch)["caveats"])


def test_an_absent_engine_is_one_line_and_nothing_is_written(place, uptake_run, capfd):
    assert uptake_run("absent", "--engine", "tensorrt") == 2
    said = [line for line in capfd.readouterr().err.splitlines() if line.strip()]
    assert len(said) == 1
    assert "pip install -r requirements-gpu.txt" in said[0]
    assert [path.name for path in (place / "absent").rglob("*")] == ["metadata.json"]


def test_an_exam_without_a_ct_is_refused_where_the_network_reads_one(place, uptake_run, capfd):
    shutil.copytree(place / "exam/PT", place / "alone/PT")
    assert uptake_run("no-ct", "--engine", "torch", exam="alone") == 2
    assert "this exam has no CT" in capfd.readouterr().err
    assert [path.name for path in (place / "no-ct").rglob("*")] == ["metadata.json"]


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"classes": (label_class(0, "background"), *(label_class(n, name) for n, name in
          enumerate(("bone", "liver", "spleen"), 1)))}, "is a lesion"),
        ({"inputs": (InputChannel("PET", "PT", "g/ml", Normalisation()),
                     InputChannel("before", "PRIOR_PT", "g/ml", Normalisation()))}, "PRIOR_PT"),
    ],
)  # fmt: skip
def test_a_bundle_that_cannot_find_lesions_in_one_exam_is_refused(place, uptake_run, capfd, changes, word):
    name = f"other_{word[-2:].lower()}"
    save_lesion_bundle(place / "models", name=name, **changes)
    assert uptake_run(name, model=name) == 2
    assert word in capfd.readouterr().err


def test_an_unknown_bundle_is_refused_before_any_voxel_is_read(place, uptake_run, capfd):
    assert uptake_run("unknown", model="nothing") == 2
    assert "model bundle nothing" in capfd.readouterr().err


@pytest.mark.parametrize("options", [("--method", "adaptive"), ("--engine", "quantum")])
def test_wrong_usage_is_64(uptake_run, options):
    assert uptake_run("usage", *options) == 64


def test_a_network_that_finds_nothing_gives_a_report_and_no_segmentation(place, uptake_run):
    settings = place / "settings.json"
    settings.write_text(json.dumps({"network": {"minimum_volume_ml": 1000.0, "engine": "torch"}}))
    assert uptake_run("nothing", "--settings", settings) == 0
    findings = findings_of(place / "nothing")
    assert findings["lesions"] == []
    assert [each["totals"]["lesions"] for each in findings["by_class"]] == [0, 0]
    assert not (place / "nothing/dicom/exam-1-seg.dcm").exists()
    assert validity_errors(place / "nothing/dicom/exam-1-sr.dcm") == []
    assert any(SENTENCE in caveat for caveat in findings["caveats"])
