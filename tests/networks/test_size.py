"""Parameters and operations against counting by hand."""

from __future__ import annotations

import dataclasses

import torch
from torch import nn

from uptake.networks import size
from uptake.networks.catalogue import outline
from uptake.networks.lesion_unet import preset
from uptake.networks.res_unet_attention import ResUnetAttentionSettings, res_unet_attention


def test_a_convolution_costs_two_operations_a_weight_and_voxel() -> None:
    layer = nn.Conv3d(2, 5, 3, stride=2, padding=1)
    assert size.parameters(layer) == 2 * 5 * 27 + 5
    assert size.flops(layer, (3, 2, 8, 8, 8)) == 3 * 4**3 * 2 * (27 * 2 * 5)


def test_a_transposed_convolution_costs_two_operations_a_weight_and_input_voxel() -> None:
    assert size.flops(nn.ConvTranspose3d(4, 3, 2, 2), (1, 4, 5, 5, 5)) == 5**3 * 2 * (8 * 4 * 3)


def test_attention_is_counted() -> None:
    settings = ResUnetAttentionSettings(features=(4, 12), strides=((1, 1, 1), (2, 2, 2)), blocks=(0, 1),
                                        decoder_blocks=(1,), heads=2, feed_forward=3)  # fmt: skip
    without = dataclasses.replace(settings, attention_blocks=0)
    tokens, width, shape = 4 * 4 * 4, 12, (1, 2, 8, 8, 8)
    more = size.flops(res_unet_attention(settings), shape) - size.flops(res_unet_attention(without), shape)
    assert more == 2 * tokens * width * width * (3 + 1 + 3 + 3) + 2 * 2 * tokens * tokens * width


def test_a_network_too_large_for_this_machine_is_counted_too() -> None:
    # 128 voxels a side, full size: about a TFLOP and many GB of features, were it computed.
    network = outline(preset("paper", in_channels=2, classes=2))
    assert 900e9 < size.flops(network, (1, 2, 128, 128, 128)) < 1000e9


def test_counting_leaves_the_weights_where_they_are() -> None:
    network = res_unet_attention(ResUnetAttentionSettings())
    before = {name: each.clone() for name, each in network.state_dict().items()}
    size.flops(network, (1, 2, 16, 16, 16))
    assert all(torch.equal(each, before[name]) for name, each in network.state_dict().items())
    assert network.training
