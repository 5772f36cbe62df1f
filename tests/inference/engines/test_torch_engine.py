import copy

import pytest
import torch
from torch import nn

from tests.inference.engines.tiny_networks import logits, patches, tiny
from uptake.inference.engines import torch_engine
from uptake.inference.engines.torch_engine import CPU, TorchPredictor


class Doubling(nn.Module):
    """Fits on the CPU; its copy, which is what goes to a GPU, runs out of memory beyond some patches at once."""

    def __init__(self, holds):
        super().__init__()
        self.holds, self.most, self.sizes = holds, 1000, []

    def __deepcopy__(self, memo):
        there = Doubling(self.holds)
        there.most, there.sizes = self.holds, self.sizes
        return there

    def forward(self, batch):
        if self.most == self.holds:
            self.sizes.append(len(batch))
        if len(batch) > self.most:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return 2 * batch


def predictor(module, variant, said):
    return TorchPredictor(module, 2, variant, said.append, device="cpu")


def test_on_the_cpu_it_is_the_network_itself():
    module = tiny("res_unet_attention")
    found = TorchPredictor(module, 3, CPU, pytest.fail)
    assert torch.equal(found.predict(patches(2)), logits(module, patches(2)))
    with pytest.raises(ValueError, match="no variant 'CUDA int8', but CUDA graph float16"):
        TorchPredictor(module, 3, "CUDA int8", pytest.fail)


def test_a_gpu_without_memory_gets_smaller_batches_and_that_is_said():
    module, said = Doubling(2), []
    small = predictor(module, "CUDA float32", said)
    batch = patches(5)
    assert torch.equal(small.predict(batch), 2 * batch)
    assert said == ["The GPU ran out of memory with 5 patches at once; going on with 2."]
    assert torch.equal(small.predict(batch), 2 * batch)
    assert module.sizes == [5, 2, 2, 1, 2, 2, 1]  # what was learnt is kept
    assert len(said) == 1


def test_a_gpu_too_small_for_one_patch_gives_way_to_the_cpu_and_that_is_said():
    module, said = Doubling(0), []
    small = predictor(module, "CUDA float32", said)
    batch = patches(2)
    assert torch.equal(small.predict(batch), 2 * batch)
    assert [text.partition(";")[2] for text in said] == [
        " going on with 1.",
        " going on with the CPU, which takes longer.",
    ]
    small.predict(batch)
    assert module.sizes == [2, 1]  # not asked again


def test_another_failure_than_memory_is_not_swallowed():
    class Broken(nn.Module):
        def forward(self, batch):
            raise RuntimeError("no kernel")

    with pytest.raises(RuntimeError, match="no kernel"):
        predictor(Broken(), "CUDA float32", []).predict(patches(1))


def test_the_gpus_path_gives_the_networks_logits_channels_last_and_leaves_the_network_alone():
    module = tiny("lesion_unet")
    before = copy.deepcopy(module.state_dict())
    batch = patches(2)
    expected = logits(module, batch)
    torch.testing.assert_close(predictor(module, "CUDA float32", []).predict(batch), expected, atol=1e-4, rtol=1e-4)
    half = predictor(module, "CUDA bfloat16", []).predict(batch)
    assert half.dtype == torch.float32
    assert 1e-3 < float((half - expected).abs().max()) < 0.3  # bfloat16 was really used
    for name, weight in module.state_dict().items():
        assert torch.equal(weight, before[name])
        assert weight.is_contiguous()


@pytest.mark.skipif(torch.cuda.is_available(), reason="a capture succeeds where there is a GPU")
def test_what_cannot_be_captured_is_run_without_a_graph_and_that_is_said_once():
    module, said = tiny("lesion_unet"), []
    batch = patches(2)
    graphed = predictor(module, "CUDA graph bfloat16", said)
    plain = predictor(module, "CUDA bfloat16", said)
    for _ in range(2):
        assert torch.equal(graphed.predict(batch), plain.predict(batch))
    assert len(said) == 1
    assert said[0].startswith("The network could not be captured as a CUDA graph and is run without: ")


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA GPU")
@pytest.mark.parametrize("variant", torch_engine.variants()[:-1] or ["none"])
def test_on_a_gpu_it_is_near_the_cpu(variant):
    module, said = tiny("lesion_unet"), []
    found = TorchPredictor(module, 3, variant, said.append)
    tolerance = 0.3 if "bfloat16" in variant else 0.05
    first = found.predict(patches(2))
    torch.testing.assert_close(first, logits(module, patches(2)), atol=tolerance, rtol=tolerance)
    kept = first.clone()
    other = patches(2).flip(2)  # a graph is played back with other values
    torch.testing.assert_close(found.predict(other), logits(module, other), atol=tolerance, rtol=tolerance)
    assert torch.equal(first, kept)
    alone = found.predict(patches(1))
    torch.testing.assert_close(alone, logits(module, patches(1)), atol=tolerance, rtol=tolerance)
    assert said == []
    assert torch_engine.variants()[-1] == CPU
