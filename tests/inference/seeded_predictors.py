"""Predictors for tests: a small convolutional network with seeded weights, and simple rules."""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

torch.set_num_threads(1)


class SeededNetwork:
    """Three convolutions wide enough that a tile's border matters, instance norm included."""

    def __init__(self, seed: int, channels: int = 2, classes: int = 3) -> None:
        self.classes = classes
        self.batches: list[torch.Tensor] = []
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            self.module = nn.Sequential(
                nn.Conv3d(channels, 6, 3, padding=1),
                nn.InstanceNorm3d(6, affine=True),
                nn.LeakyReLU(0.01),
                nn.Conv3d(6, 6, 3, padding=1),
                nn.LeakyReLU(0.01),
                nn.Conv3d(6, classes, 1),
            ).eval()
            for parameter in self.module.parameters():
                nn.init.normal_(parameter, std=0.5)

    def predict(self, batch: torch.Tensor) -> torch.Tensor:
        self.batches.append(batch.clone())
        with torch.inference_mode():
            return self.module(batch)


class Rule:
    """Logits by a function of the batch."""

    def __init__(self, rule: Callable[[torch.Tensor], torch.Tensor], classes: int = 2) -> None:
        self.classes = classes
        self.rule = rule
        self.passes = 0

    def predict(self, batch: torch.Tensor) -> torch.Tensor:
        self.passes += 1
        return self.rule(batch)


def first_channel() -> Rule:
    """Two classes; the logit of the second is the voxel's value, so blending must give back the value everywhere."""
    return Rule(lambda batch: torch.cat([torch.zeros_like(batch[:, :1]), batch[:, :1]], dim=1))


def noise(shape: tuple[int, ...], seed: int = 0) -> NDArray[np.float32]:
    """Standard normal float32."""
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def torso(shape: tuple[int, int, int]) -> NDArray[np.bool_]:
    """A body off the centre: narrow neck, wide trunk, an arm beside it, empty slices at both ends."""
    z, y, x = np.indices(shape) / np.array(shape).reshape(3, 1, 1, 1)
    half = np.where(z < 0.35, 0.12, 0.24)
    trunk = ((y - 0.55) / (0.8 * half)) ** 2 + ((x - 0.4) / half) ** 2 <= 1
    arm = ((y - 0.5) / 0.06) ** 2 + ((x - 0.85) / 0.06) ** 2 <= 1
    return (trunk | (arm & (z > 0.5))) & (z > 0.1) & (z < 0.9)
