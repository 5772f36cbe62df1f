import pytest
import torch

from tests.inference.engines.tiny_networks import logits, patches
from uptake.inference.engines import onnxruntime_engine, openvino_engine

GRAPH_ENGINES = {
    "onnxruntime": (onnxruntime_engine, onnxruntime_engine.OnnxRuntimePredictor),
    "openvino": (openvino_engine, openvino_engine.OpenVinoPredictor),
}


@pytest.mark.parametrize("name", list(GRAPH_ENGINES))
def test_an_engine_gives_torchs_logits_for_any_number_of_patches(exported, name):
    engine, kind = GRAPH_ENGINES[name]
    if not engine.available()[0]:
        pytest.skip(engine.available()[1])
    module, graph = exported
    predictor = kind(graph, 3)
    batch = patches(3)
    expected = logits(module, batch)
    assert expected.std() > 0.1
    kept = predictor.predict(batch)
    torch.testing.assert_close(kept, expected, atol=2e-4, rtol=1e-4)
    before = kept.clone()
    for number in range(3):  # neighbours in the batch change nothing
        alone = predictor.predict(batch[number : number + 1])
        torch.testing.assert_close(alone[0], expected[number], atol=2e-4, rtol=1e-4)
    assert torch.equal(kept, before)  # nor do later batches what was handed out
    every_other = patches(3)[:, :, ::2].repeat_interleave(2, dim=2).transpose(3, 4).contiguous().transpose(3, 4)
    torch.testing.assert_close(predictor.predict(every_other), logits(module, every_other), atol=2e-4, rtol=1e-4)


@pytest.mark.parametrize(("name", "lacking"), [("onnxruntime", "onnxruntime"), ("openvino", "onnxscript")])
def test_a_missing_package_is_one_line_that_names_it(monkeypatch, name, lacking):
    monkeypatch.setattr("importlib.util.find_spec", lambda package: None if package == lacking else object())
    can, reason = GRAPH_ENGINES[name][0].available()
    assert not can
    assert f"{lacking} not being installed: pip install {name} onnx onnxscript" in reason
    assert "\n" not in reason
