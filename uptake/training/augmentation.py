"""Patches varied by chance: mirrored, turned, scaled, shifted, made brighter, duller or noisier."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional


@dataclass(frozen=True, slots=True)
class Augmentation:
    """What is varied; every default changes nothing.

    Parameters
    ----------
    mirror
        Chance of left and right exchanged.
    move
        Chance of a turn, a scaling and a shift together, as follows.
    turn_deg, scale, shift_voxels
        Greatest turn about the body's long axis, change of size (0.1: 0.9 to 1.1), and shift along y and x.
    brightness
        Greatest relative change of each channel's values, one factor per patch and channel.
    gamma
        Values (0 to 1) to a power between 1 - gamma and 1 + gamma.
    noise
        Greatest standard deviation of added noise, in units of the normalised values.
    """

    mirror: float = 0.0
    move: float = 0.0
    turn_deg: float = 0.0
    scale: float = 0.0
    shift_voxels: float = 0.0
    brightness: float = 0.0
    gamma: float = 0.0
    noise: float = 0.0

    def __post_init__(self) -> None:
        if not all(0.0 <= chance <= 1.0 for chance in (self.mirror, self.move)):
            raise ValueError("mirror and move are chances, 0 to 1")
        if not all(0.0 <= share < 1.0 for share in (self.scale, self.brightness, self.gamma)):
            raise ValueError("scale, brightness and gamma must be 0 to below 1")
        if min(self.turn_deg, self.shift_voxels, self.noise) < 0:
            raise ValueError("turn_deg, shift_voxels and noise must not be negative")


def augmented(image: Tensor, labels: Tensor, how: Augmentation, random: np.random.Generator) -> tuple[Tensor, Tensor]:
    """One patch varied.

    Parameters
    ----------
    image
        float32 (channels, z, y, x).
    labels
        int64 (1, z, y, x).
    how
        What is varied.
    random
        Draws the same numbers for the same patch whatever is switched on.
    """
    chances = random.random(2)
    amounts = random.uniform(-1.0, 1.0, 4)
    by_channel = random.uniform(-1.0, 1.0, (2, len(image)))
    noise_level, noise_seed = random.random(), int(random.integers(2**62))
    if chances[0] < how.mirror:
        image, labels = image.flip(-1), labels.flip(-1)
    if chances[1] < how.move:
        image, labels = _moved(image, labels, how, amounts)
    if how.gamma:
        power = torch.as_tensor(1.0 + how.gamma * by_channel[0], dtype=image.dtype)
        image = image.clamp(min=0.0) ** power[:, None, None, None]
    if how.brightness:
        factor = torch.as_tensor(1.0 + how.brightness * by_channel[1], dtype=image.dtype)
        image = image * factor[:, None, None, None]
    if how.noise:
        normal = np.random.default_rng(noise_seed).standard_normal(image.shape, dtype=np.float32)
        image = image + float(noise_level * how.noise) * torch.from_numpy(normal)
    return image, labels


def _moved(image: Tensor, labels: Tensor, how: Augmentation, amounts: np.ndarray) -> tuple[Tensor, Tensor]:
    """Turned, scaled and shifted within axial planes, plane by plane as channels: far cheaper than in 3D."""
    channels, depth, rows, columns = image.shape
    angle = np.deg2rad(how.turn_deg * amounts[0])
    size = 1.0 / (1.0 + how.scale * amounts[1])
    cos, sin = float(np.cos(angle) * size), float(np.sin(angle) * size)
    ratio = rows / columns
    shift_y, shift_x = (2.0 * how.shift_voxels * amount for amount in amounts[2:])
    affine = torch.tensor(
        [[[cos, -sin * ratio, shift_x / columns], [sin / ratio, cos, shift_y / rows]]], dtype=image.dtype
    )
    grid = functional.affine_grid(affine, [1, 1, rows, columns], align_corners=False)
    planes = image.reshape(1, channels * depth, rows, columns)
    moved = functional.grid_sample(planes, grid, mode="bilinear", padding_mode="zeros", align_corners=False)
    stamped = functional.grid_sample(
        labels.to(image.dtype).reshape(1, depth, rows, columns),
        grid,
        mode="nearest",
        padding_mode="zeros",
        align_corners=False,
    )
    return moved.reshape(image.shape), stamped.reshape(labels.shape).to(labels.dtype)
