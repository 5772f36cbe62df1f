"""Both networks, tiny, with weights that make every layer count."""

import numpy as np
import torch

from uptake.networks.catalogue import network
from uptake.networks.lesion_unet import LesionUnetSettings
from uptake.networks.res_unet_attention import ResUnetAttentionSettings

torch.set_num_threads(1)

PATCH = (8, 16, 24)
HALF, POINT, CUBE = (2, 2, 2), (1, 1, 1), (3, 3, 3)
SETTINGS = {
    "lesion_unet": LesionUnetSettings(2, 3, (4, 6), (POINT, HALF), (1, 1), (1,), (CUBE, CUBE), residual=True),
    "res_unet_attention": ResUnetAttentionSettings(
        features=(4, 8), strides=(POINT, HALF), blocks=(0, 1), decoder_blocks=(1,), heads=2
    ),
}


def tiny(name):
    module = network(SETTINGS[name])
    generator = torch.Generator().manual_seed(7)
    with torch.no_grad():
        for parameter in module.parameters():  # no branch closed, no bias 0
            parameter.add_(torch.randn(parameter.shape, generator=generator) * 0.3)
    return module


def patches(count):
    values = np.random.default_rng(3).standard_normal((count, 2, *PATCH), dtype=np.float32)
    return torch.from_numpy(values)


def logits(module, batch):
    with torch.inference_mode():
        return module(batch)
