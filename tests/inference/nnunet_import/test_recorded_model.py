"""The small model that nnU-Net itself trained: imported, it says what nnU-Net's own predictor said."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy import ndimage

from uptake.geometry import ImageGeometry
from uptake.inference.engines.torch_engine import CPU, TorchPredictor
from uptake.inference.exam_labels import LabelOptions, label_exam
from uptake.inference.model_store import build_network, load_network
from uptake.inference.network_input import network_input
from uptake.inference.nnunet_import import ImportOptions, import_nnunet
from uptake.volume import CtVolume, SuvVolume

RECORD = Path(__file__).parents[1] / "nnunet_model"
NEAR = np.ones((3, 3, 3), dtype=bool)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return import_nnunet(RECORD, tmp_path_factory.mktemp("models"), ImportOptions(name="recorded"))


@pytest.fixture(scope="module")
def channels():
    with np.load(RECORD / "held_out.npz", allow_pickle=False) as held_out:
        suv = held_out["suv"].astype(np.float32) * np.float32(held_out["suv_step"])
        grid = ImageGeometry(suv.shape, tuple(held_out["spacing_mm"].tolist()), (0.0, 0.0, 0.0))
        return {"PT": SuvVolume(suv, grid), "CT": CtVolume(held_out["hu"].astype(np.float32), grid)}


@pytest.fixture(scope="module")
def expected():
    with np.load(RECORD / "expected.npz", allow_pickle=False) as recorded:
        return dict(recorded)


def test_the_files_are_the_recorded_ones():
    hashes = json.loads((RECORD / "record.json").read_text())["sha256"]
    assert len(hashes) >= 5
    for name, recorded in hashes.items():
        assert hashlib.sha256((RECORD / name).read_bytes()).hexdigest() == recorded, name


def test_the_input_is_nnunets(bundle, channels, expected):
    ready = network_input(channels, bundle.inputs, bundle.preprocessing)
    assert ready.array.shape[1:] == tuple(expected["network_shape"])
    found = ready.array[(slice(None), *expected["voxels"].T)]
    np.testing.assert_allclose(found.reshape(expected["preprocessed"].shape), expected["preprocessed"], atol=1e-3)


def test_the_network_is_nnunets(bundle, channels, expected):
    ready = network_input(channels, bundle.inputs, bundle.preprocessing)
    z, y, x = bundle.tiling.patch
    tile = torch.from_numpy(np.ascontiguousarray(ready.array[None, :, :z, :y, :x]))
    with torch.inference_mode():
        logits = load_network(bundle, 0, build_network)(tile)[0].numpy()
    found = logits[(slice(None), *expected["first_tile_voxels"].T)]
    theirs = expected["first_tile_logits"]
    np.testing.assert_allclose(found.reshape(theirs.shape), theirs, atol=2e-3)


def test_the_labels_are_nnunets(bundle, channels, expected):
    predictor = TorchPredictor(load_network(bundle, 0, build_network), len(bundle.classes), CPU, print)
    ours = label_exam(bundle, [predictor], channels, LabelOptions(batch=2)).labels == 1
    theirs = expected["labels"] == 1
    assert theirs.sum() > 100
    dice = 2 * np.count_nonzero(ours & theirs) / (ours.sum() + theirs.sum())
    assert dice >= 0.998
    assert abs(ours.sum() / theirs.sum() - 1) < 0.02
    regions, count = ndimage.label(theirs, NEAR)
    sizes = np.bincount(regions.ravel())
    missed = [sizes[n] for n in range(1, count + 1) if not ours[regions == n].any()]
    assert max(missed, default=0) <= 2  # voxels at the threshold
