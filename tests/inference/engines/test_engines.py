import pytest
import torch
from torch import nn

from tests.inference.engines.tiny_networks import PATCH, SETTINGS, logits, patches, tiny
from uptake.inference.engines import onnxruntime_engine, openvino_engine, tensorrt_engine, torch_engine
from uptake.inference.engines.torch_engine import CPU, TorchPredictor
from uptake.inference.export import export_onnx

GRAPH_ENGINES = {
    "onnxruntime": (onnxruntime_engine, onnxruntime_engine.OnnxRuntimePredictor),
    "openvino": (openvino_engine, openvino_engine.OpenVinoPredictor),
}


@pytest.fixture(scope="module", params=list(SETTINGS))
def exported(request, tmp_path_factory):
    pytest.importorskip("onnxscript")
    module = tiny(request.param)
    return module, export_onnx(module, 2, PATCH, tmp_path_factory.mktemp("graph") / "network.onnx")


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


def test_torch_on_the_cpu_is_the_network_itself():
    module = tiny("res_unet_attention")
    predictor = TorchPredictor(module, 3, CPU, pytest.fail)
    assert torch.equal(predictor.predict(patches(2)), logits(module, patches(2)))


class SmallGpu(nn.Module):
    """A stand-in for a GPU that holds some patches at once."""

    def __init__(self, holds):
        super().__init__()
        self.holds = holds
        self.sizes = []

    def forward(self, batch):
        self.sizes.append(len(batch))
        if len(batch) > self.holds:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return 2 * batch


def on_small_gpu(holds, said, monkeypatch):
    predictor = TorchPredictor(Doubling(), 2, CPU, said.append)
    gpu = SmallGpu(holds)
    predictor._on_gpu = gpu
    monkeypatch.setattr(predictor, "_forward", gpu)
    return predictor, gpu


class Doubling(nn.Module):
    def forward(self, batch):
        return 2 * batch


def test_a_gpu_without_memory_gets_smaller_batches_and_that_is_said(monkeypatch):
    said = []
    predictor, gpu = on_small_gpu(2, said, monkeypatch)
    batch = patches(5)
    assert torch.equal(predictor.predict(batch), 2 * batch)
    assert said == ["The GPU ran out of memory with 5 patches at once; going on with 2."]
    assert torch.equal(predictor.predict(batch), 2 * batch)
    assert gpu.sizes == [5, 2, 2, 1, 2, 2, 1]  # what was learnt is kept


def test_a_gpu_too_small_for_one_patch_gives_way_to_the_cpu_and_that_is_said(monkeypatch):
    said = []
    predictor, gpu = on_small_gpu(0, said, monkeypatch)
    batch = patches(2)
    assert torch.equal(predictor.predict(batch), 2 * batch)
    assert len(said) == 2
    assert "going on with the CPU" in said[1]
    predictor.predict(batch)
    assert gpu.sizes == [2, 1]  # not asked again


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA GPU")
@pytest.mark.parametrize(
    ("variant", "tolerance"), [("CUDA float16", 0.05), ("CUDA bfloat16", 0.3), ("CUDA float32", 0.01)]
)
def test_torch_on_a_gpu_is_near_the_cpu(variant, tolerance):
    module = tiny("lesion_unet")
    found = TorchPredictor(module, 3, variant, pytest.fail).predict(patches(2))
    torch.testing.assert_close(found, logits(module, patches(2)), atol=tolerance, rtol=tolerance)
    assert torch_engine.variants()[-1] == CPU


def test_tensorrt_is_never_claimed(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    can, reason = tensorrt_engine.available()
    assert not can
    assert "pip install -r requirements-gpu.txt" in reason
    assert "\n" not in reason
    monkeypatch.setattr("importlib.util.find_spec", lambda name: object())
    can, reason = tensorrt_engine.available()
    assert not can
    assert "cannot run it yet" in reason


@pytest.mark.parametrize(("name", "lacking"), [("onnxruntime", "onnxruntime"), ("openvino", "onnxscript")])
def test_a_missing_package_is_one_line_that_names_it(monkeypatch, name, lacking):
    monkeypatch.setattr("importlib.util.find_spec", lambda package: None if package == lacking else object())
    can, reason = GRAPH_ENGINES[name][0].available()
    assert not can
    assert f"{lacking} not being installed: pip install {name} onnx onnxscript" in reason
    assert "\n" not in reason
