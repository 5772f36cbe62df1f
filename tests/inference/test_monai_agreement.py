"""The same tiles through MONAI's inferer."""

import warnings

import numpy as np
import pytest
import torch

from tests.inference.seeded_predictors import SeededNetwork, noise
from uptake.inference.sliding_window import SlidingWindowSettings, predict
from uptake.inference.tiling import NNUNET_FWHM

PATCH = (12, 16, 8)


@pytest.fixture(scope="module")
def inferer_class():
    pytest.importorskip("monai")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # holoscan's about the stack size
        from monai.inferers import SlidingWindowInferer
    return SlidingWindowInferer


@pytest.mark.parametrize("kind", ["constant", "gaussian"])
@pytest.mark.parametrize("shape", [(31, 30, 29), (12, 40, 17), (7, 16, 30)])
@pytest.mark.parametrize("overlap", [0.25, 0.5])
def test_logits_and_probabilities_agree(inferer_class, overlap, shape, kind):
    volume, network = noise((2, *shape)), SeededNetwork(1)
    # MONAI's Gaussian has sigma = 0.125 of the side and the floor 1e-3.
    settings = SlidingWindowSettings(PATCH, overlap, weights=kind, fwhm=NNUNET_FWHM, averaging="logits", batch=2)
    inferer = inferer_class(PATCH, sw_batch_size=2, overlap=overlap, mode=kind, sigma_scale=0.125)
    # Cloned, since MONAI writes into what the network returns.
    theirs = inferer(torch.from_numpy(volume)[None], lambda batch: network.predict(batch).clone())[0]
    ours = predict(volume, None, [network], settings).array
    np.testing.assert_allclose(ours, theirs.softmax(dim=0).numpy(), atol=1e-5)
    # Logits are known up to one number per voxel: compare them against the background's.
    logits = np.log(ours[1:].astype(np.float64)) - np.log(ours[0].astype(np.float64))
    np.testing.assert_allclose(logits, (theirs[1:] - theirs[0]).numpy(), atol=1e-4)
    blended = inferer(torch.from_numpy(volume)[None], lambda batch: network.predict(batch).softmax(dim=1))[0]
    averaged = SlidingWindowSettings(PATCH, overlap, weights=kind, fwhm=NNUNET_FWHM, batch=2)
    np.testing.assert_allclose(predict(volume, None, [network], averaged).array, blended.numpy(), atol=1e-5)
