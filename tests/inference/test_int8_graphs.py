"""INT8 graphs: only convolutions are quantised, and fewer of them from recipe to recipe."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest

from uptake.inference.engines.openvino_loading import openvino
from uptake.inference.export import export_onnx
from uptake.inference.int8_graphs import RECIPES, int8_graph
from uptake.networks.lesion_unet import LesionUnetSettings, lesion_unet

if not all(importlib.util.find_spec(name) for name in ("nncf", "openvino", "onnx", "onnxscript")):
    pytest.skip("quantisation needs nncf, openvino, onnx and onnxscript", allow_module_level=True)

FEATURES, PATCH = (8, 16, 16, 16), (16, 16, 16)


@pytest.fixture(scope="module")
def quantised(tmp_path_factory):
    """By recipe: what each quantised value goes into, as (operation, channels read, voxels of its output)."""
    settings = LesionUnetSettings(
        in_channels=2,
        classes=2,
        features=FEATURES,
        strides=((1, 1, 1), *((2, 2, 2),) * 3),
        convolutions=(1,) * 4,
        decoder_convolutions=(1,) * 3,
        kernels=((3, 3, 3),) * 4,
    )
    onnx = tmp_path_factory.mktemp("graph") / "network.onnx"
    export_onnx(lesion_unet(settings, seed=1).eval(), 2, PATCH, onnx)
    random = np.random.default_rng(1)
    patches = [random.standard_normal((1, 2, *PATCH), dtype=np.float32) for _ in range(2)]
    found = []
    for recipe in RECIPES:
        model = openvino().Core().read_model(*int8_graph(onnx, patches, recipe))
        rounded = [each for each in model.get_ops() if each.get_type_name() == "FakeQuantize"]
        inputs = [target for each in rounded for target in each.output(0).get_target_inputs() if not target.get_index()]
        found.append(sorted(described(target.get_node()) for target in inputs))
    return found


def described(node):
    sides = list(node.get_output_partial_shape(0))[2:]
    channels = node.get_input_partial_shape(0)[1].get_length()
    return node.get_type_name(), channels, int(np.prod([side.get_length() for side in sides]))


def test_all_convolutions_and_nothing_else(quantised):
    convolutions = [each for each in quantised[0] if each[0] == "Convolution"]
    transposed = [each for each in quantised[0] if each[0] == "ConvolutionBackpropData"]
    assert len(convolutions) == 4 + 3 + 1  # encoder, decoder, head
    assert len(transposed) == 3
    assert len(quantised[0]) == 11


def test_the_first_and_the_last_convolution_are_left(quantised):
    assert len(quantised[1]) == 9
    assert ("Convolution", 2, 16**3) not in quantised[1]
    assert ("Convolution", 8, 16**3) not in quantised[1]


def test_narrow_and_transposed_ones_are_left(quantised):
    # Encoder: 8 to 16 is narrow, 16 to 16 twice is not; decoder: 32 to 16 twice, 16 (8 and 8 joined) to 8.
    wide = [(16, 4**3), (16, 2**3), (32, 4**3), (32, 8**3), (16, 16**3)]
    assert quantised[2] == sorted(("Convolution", *each) for each in wide)


def test_finer_than_a_patch_halved_twice_is_left(quantised):
    coarse = [(16, 4**3), (16, 2**3), (32, 4**3)]
    assert quantised[3] == sorted(("Convolution", *each) for each in coarse)
