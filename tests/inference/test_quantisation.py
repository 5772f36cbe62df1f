"""INT8: taken where its labels are those of float32, refused with the figure where not, and nothing sent anywhere."""

import importlib.util
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.inference.plain_bundle import Case, cases, save_plain
from uptake.errors import InferenceRefused
from uptake.inference import quantisation
from uptake.inference.bundle_engines import predictors
from uptake.inference.calibration import CalibrationSettings, calibration_patches
from uptake.inference.int8_graphs import RECIPES
from uptake.inference.label_agreement import class_dice
from uptake.inference.model_store import load_bundle
from uptake.inference.quantisation import QuantisationSettings, quantise

if not all(importlib.util.find_spec(name) for name in ("nncf", "openvino", "onnx", "onnxscript")):  # not imported here
    pytest.skip("quantisation needs nncf, openvino, onnx and onnxscript", allow_module_level=True)


def content_of(folder):
    return {str(each.relative_to(folder)): each.read_bytes() for each in folder.rglob("*") if each.is_file()}


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def quantised(tmp_path_factory, cache):
    bundle = save_plain(tmp_path_factory.mktemp("models"))
    settings = QuantisationSettings(CalibrationSettings(6), digital_patients_only=True, cache=cache)
    steps = []
    made = quantise(bundle, cases(2, 1), cases(2, 2), settings, steps.append, lambda *step: steps.append(step))
    assert steps[-1].startswith("INT8, all convolutions: Dice 1.0000")
    return made


def test_int8_that_agrees_is_in_the_bundle(quantised):
    assert load_bundle(quantised.folder) == quantised
    (graph,) = quantised.graphs
    assert {each.class_name for each in graph.agreement.dice} == {"primary_tumour", "lymph_node_metastasis"}
    assert graph.agreement.least_dice >= 0.99
    assert (graph.agreement.exams, graph.agreement.digital_patients_only) == (2, True)
    xml = (quantised.folder / graph.files[0].path).read_text()
    assert "FakeQuantize" in xml
    assert "/tmp" not in xml


def test_int8_is_used_where_it_is_asked_for_and_not_by_itself(quantised, cache):
    said = []
    found = predictors(quantised, "openvino-int8", said.append, cache=cache)
    assert found.engine == "openvino-int8"
    assert "Dice 1.000 or more against float32" in found.why
    batch = torch.from_numpy(cases(1, 5)[0].array[None])
    exact = predictors(quantised, "auto", said.append, cache=cache)
    assert exact.engine != "openvino-int8"
    assert said[-1].endswith("ask for openvino-int8.")
    rough, true = (each.predictors[0].predict(batch.repeat(2, 1, 1, 1, 1)) for each in (found, exact))
    assert torch.equal(rough.argmax(1), true.argmax(1))
    assert 0 < (rough - true).abs().max() < 0.2 * true.abs().max()  # near, and not the same network


def test_a_host_whose_int8_is_worse_than_recorded_falls_back_aloud(quantised, cache):
    (graph,) = quantised.graphs
    better = replace(graph, agreement=replace(graph.agreement, same_class=1.0, error=0.0))
    said = []
    found = predictors(replace(quantised, graphs=(better,)), "openvino-int8", said.append, cache=cache)
    assert found.engine != "openvino-int8"
    assert said[0].startswith("Engine openvino-int8 is left out: it disagrees")


def test_int8_that_disagrees_is_refused_with_the_figures_and_nothing_is_written(tmp_path, cache, monkeypatch):
    monkeypatch.setattr(quantisation, "RECIPES", RECIPES[:2])
    bundle = save_plain(tmp_path / "models")
    flat = Case(np.zeros((2, 8, 16, 16), np.float32), np.ones((8, 16, 16), bool))  # and so no range of values
    before = content_of(bundle.folder)
    said = []
    with pytest.raises(
        InferenceRefused, match=r"Dice of 0.99 .*all convolutions: Dice 0\.\d{4} for .*; all .*as it was"
    ):
        quantise(bundle, [flat], cases(1, 2), QuantisationSettings(CalibrationSettings(1), cache=cache), said.append)
    assert sum(text.startswith("INT8, ") for text in said) == 2
    assert content_of(bundle.folder) == before


def test_exams_without_anything_to_compare_are_refused(quantised, cache):
    empty = Case(np.zeros((2, 8, 16, 16), np.float32), np.ones((8, 16, 16), bool))
    settings = QuantisationSettings(CalibrationSettings(2), cache=cache)
    with pytest.raises(InferenceRefused, match="no held-out exam"):
        quantise(quantised, cases(1), [], settings, lambda text: None)
    with pytest.raises(InferenceRefused, match="No calibration exam holds a body"):
        quantise(quantised, [Case(empty.array, ~empty.body)], [empty], settings, lambda text: None)


def test_calibration_patches_hold_the_hot_ones_and_are_drawn_by_the_seed(quantised):
    exams = cases(3, 7, (16, 40, 40))
    exams[1].array[0, 4, 30, 30] = 9.0
    first = calibration_patches(quantised, exams, CalibrationSettings(9, 1))
    again = calibration_patches(quantised, iter(exams), CalibrationSettings(9, 1))
    other = calibration_patches(quantised, exams, CalibrationSettings(9, 2))
    assert [each.shape for each in first] == [(1, 2, 8, 16, 16)] * 9
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(first, other, strict=True))
    assert first[1].max() == 9.0  # one of each exam in turn, the hottest first
    assert len(calibration_patches(quantised, exams[:1], CalibrationSettings(500))) < 500
    small = Case(np.ones((2, 4, 30, 30), np.float32), np.ones((4, 30, 30), bool))
    assert calibration_patches(quantised, [small], CalibrationSettings(1))[0].sum() == 2 * 4 * 16 * 16


def test_dice_counts_voxels_over_all_exams():
    first = [np.array([[[1, 1, 0, 2]]], np.uint8), np.array([[[1, 0, 0, 0]]], np.uint8)]
    second = [np.array([[[1, 0, 0, 2]]], np.uint8), np.array([[[1, 0, 0, 0]]], np.uint8)]
    assert class_dice(first, second, ["background", "a", "b", "c"]) == {"a": 2 * 2 / 5, "b": 1.0}
    assert class_dice(first, first[::-1], ["background", "a", "b"])["b"] == 0.0
    with pytest.raises(ValueError, match="cannot be compared"):
        class_dice([first[0]], [first[0][..., :2]], ["background", "a", "b"])


def test_nothing_is_sent_and_nothing_written_to_the_users_home(tmp_path):
    """Quantise in a process of its own, where any use of the network, by children too, leaves a mark."""
    code = """
import sys
from pathlib import Path
marks = open(sys.argv[1], "a")
def hook(event, arguments):
    if event.split(".")[0] in ("socket", "urllib", "http") or event == "os.fork":
        marks.write(f"{event} {arguments}\\n"); marks.flush()
sys.addaudithook(hook)
from uptake.inference.engines.openvino_loading import nncf, openvino
import numpy as np
ov, tool = openvino(), nncf()
given = ov.opset13.parameter([1, 2, 8, 8, 8], np.float32)
weights = ov.opset13.constant(np.random.default_rng(0).standard_normal((3, 2, 3, 3, 3)).astype(np.float32))
convolved = ov.opset13.convolution(given, weights, [1] * 3, [1] * 3, [1] * 3, [1] * 3)
model = ov.Model([ov.opset13.relu(convolved)], [given])
data = tool.Dataset([np.random.default_rng(i).standard_normal((1, 2, 8, 8, 8)).astype(np.float32) for i in range(2)])
quantised = tool.quantize(model, data, subset_size=2)
assert any(op.get_type_name() == "FakeQuantize" for op in quantised.get_ops())
ov.Core().compile_model(quantised, "CPU")
"""
    home = tmp_path / "home"
    home.mkdir()
    marks = tmp_path / "marks"
    environment = {"HOME": str(home), "PATH": "/usr/bin:/bin"}
    run = subprocess.run(
        [sys.executable, "-c", code, str(marks)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert run.returncode == 0, run.stderr
    assert marks.read_text() == ""
    assert list(home.iterdir()) == []
