"""Nikulin's network: attention reaches everywhere, knows where, changes nothing at the start; sizes; refusals."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
import torch

from uptake.networks import size
from uptake.networks.blocks import AttentionBlock
from uptake.networks.res_unet_attention import (
    ResUnetAttention,
    ResUnetAttentionSettings,
    positions,
    preset,
    res_unet_attention,
)

torch.set_num_threads(1)
TINY = ResUnetAttentionSettings(
    features=(4, 6, 12),
    strides=((1, 1, 1), (2, 2, 2), (1, 2, 2)),
    blocks=(0, 1, 1),
    decoder_blocks=(1, 1),
    heads=2,
)
PATCH = (1, 2, 32, 128, 128)


def noise(*shape: int) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(5).normal(size=shape).astype(np.float32))


def opened(settings: ResUnetAttentionSettings) -> ResUnetAttention:
    """A network whose added branches are no longer 0, as after some training."""
    network = res_unet_attention(settings, seed=1).eval()
    random = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for each in network.parameters():
            each.add_(torch.empty_like(each).normal_(0.0, 0.2, generator=random))
    return network


COARSE = dataclasses.replace(TINY, strides=((1, 2, 2), (2, 2, 2), (1, 2, 2)))


@pytest.mark.parametrize("settings", [TINY, COARSE])
def test_logits_have_the_shape_of_the_patch(settings: ResUnetAttentionSettings) -> None:
    with torch.inference_mode():
        assert res_unet_attention(settings).eval()(noise(2, 2, 8, 16, 24)).shape == (2, 3, 8, 16, 24)


def test_a_strided_stem_costs_less_and_still_tells_voxels_apart() -> None:
    assert size.flops(res_unet_attention(COARSE), (1, 2, 8, 16, 16)) < size.flops(
        res_unet_attention(TINY), (1, 2, 8, 16, 16)
    )
    with torch.inference_mode():
        logits = opened(COARSE)(noise(1, 2, 8, 16, 16))
    assert float((logits[..., ::2, ::2] - logits[..., 1::2, 1::2]).abs().min(dim=1).values.max()) > 1e-3
    assert COARSE.multiple == (2, 8, 8)


def test_the_small_scale_costs_at_most_ten_gflop_a_patch_and_two_megabytes_a_fold() -> None:
    network = res_unet_attention(preset("small")).eval()
    assert size.flops(network, PATCH) / 1e9 == pytest.approx(9.186, abs=0.001)
    assert size.parameters(network) == 335_203
    assert size.parameters(network) * 4 < 2e6


def test_without_attention_the_network_starts_as_with_it() -> None:
    batch = noise(1, 2, 8, 16, 16)
    alone = dataclasses.replace(TINY, attention_blocks=0)
    with torch.inference_mode():
        without, with_it = (res_unet_attention(each, seed=9).eval()(batch) for each in (alone, TINY))
    assert torch.equal(without, with_it)
    assert float(without.std()) > 0.1
    with torch.inference_mode():
        assert not torch.allclose(opened(alone)(batch), opened(TINY)(batch), atol=1e-3)


def test_attention_is_the_softmax_of_scaled_products() -> None:
    block = AttentionBlock(8, 2, 2).eval()
    tokens, position = noise(1, 5, 8), noise(5, 8) * 0.5
    with torch.inference_mode():
        reference = torch.nn.MultiheadAttention(8, 2, batch_first=True)
        reference.in_proj_weight.copy_(block.query_key_value.weight)
        reference.in_proj_bias.copy_(block.query_key_value.bias)
        reference.out_proj.load_state_dict(block.joined.state_dict())
        seen = block.norm_attention(tokens) + position
        middle = tokens + reference(seen, seen, seen)[0]
        thought = block.narrowed(torch.relu(block.widened(block.norm_feed_forward(middle))))
        torch.testing.assert_close(block(tokens, position), middle + thought, atol=1e-6, rtol=0.0)


def test_attention_carries_a_change_to_the_far_end_and_convolutions_do_not() -> None:
    # Instance norm reaches everywhere too: its statistics are taken away, so that only attention is left to.
    batch = noise(1, 2, 4, 8, 256)
    changed = batch.clone()
    changed[..., :4] += 3.0
    reached = {}
    for blocks in (0, 1):
        network = opened(dataclasses.replace(TINY, attention_blocks=blocks))
        for name, module in list(network.named_modules()):
            if isinstance(module, torch.nn.InstanceNorm3d):
                network.get_submodule(name.rsplit(".", 1)[0]).norm = torch.nn.Identity()
        with torch.inference_mode():
            reached[blocks] = float((network(changed) - network(batch))[..., -8:].abs().max())
    assert reached[0] == 0.0
    assert reached[1] > 1e-4


def test_every_token_has_its_own_position() -> None:
    found = positions(torch.zeros(1, 64, 4, 16, 16))
    assert found.shape == (4 * 16 * 16, 64)
    apart = torch.cdist(found, found) + 10.0 * torch.eye(len(found))
    assert float(apart.min()) > 0.3
    assert not found[:, 60:].any()
    # Token (z, y, x) = (2, 5, 7): fastest sine of z, of y and of x.
    row = found[(2 * 16 + 5) * 16 + 7]
    torch.testing.assert_close(row[[0, 20, 40]], torch.sin(torch.tensor([2.0, 5.0, 7.0])))


def test_the_same_seed_gives_the_same_weights() -> None:
    before = torch.random.get_rng_state()
    first, again, other = (res_unet_attention(TINY, seed=seed).state_dict() for seed in (3, 3, 4))
    assert torch.equal(torch.random.get_rng_state(), before)
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["attention.0.widened.weight"], other["attention.0.widened.weight"])


def test_a_training_step_reaches_every_parameter() -> None:
    network = opened(TINY).train()
    network(noise(2, 2, 8, 8, 8)).square().mean().backward()
    gradients = {name: each.grad for name, each in network.named_parameters()}
    assert all(each is not None and bool(each.isfinite().all()) for each in gradients.values())
    assert all(float(gradients[name].abs().max()) > 0.0 for name in gradients if name.startswith("attention"))


@pytest.mark.parametrize("settings", [TINY, COARSE])
def test_exported_it_gives_the_same_logits_for_any_batch(settings: ResUnetAttentionSettings) -> None:
    network, batch = opened(settings), noise(3, 2, 4, 16, 16)
    exported = torch.export.export(network, (batch[:2],), dynamic_shapes=({0: torch.export.Dim("cases")},))
    with torch.inference_mode():
        torch.testing.assert_close(exported.module()(batch), network(batch), atol=1e-5, rtol=0.0)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"in_channels": True}, "in_channels"),
        ({"classes": 1}, "classes"),
        ({"features": (8,), "strides": ((1, 1, 1),)}, "features"),
        ({"strides": ((1, 1, 1), (2, 2, 2), (0, 2, 2))}, r"strides\[2\]"),
        ({"blocks": (1, 0, 1)}, "blocks"),
        ({"decoder_blocks": (1,)}, "decoder_blocks"),
        ({"attention_blocks": -1}, "attention_blocks"),
        ({"heads": 5}, "heads"),
        ({"features": (4, 4, 4)}, "features must end"),
        ({"feed_forward": 0}, "feed_forward"),
        ({"norm_eps": "1e-5"}, "norm_eps"),
    ],
)
def test_a_setting_that_does_not_fit_is_named(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(ValueError, match=field):
        dataclasses.replace(TINY, **changes)


def test_a_patch_that_the_strides_do_not_divide_is_refused() -> None:
    with pytest.raises(ValueError, match=r"multiples of \(2, 4, 4\)"):
        res_unet_attention(TINY)(torch.zeros(1, 2, 8, 8, 10))
