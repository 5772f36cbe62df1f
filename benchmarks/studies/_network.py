"""A tiny 3D U-Net that sees the PET alone, trained on a processor in a few minutes."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import Any

import numpy as np
import torch
from monai.losses import DiceCELoss
from monai.networks.nets import UNet
from numpy.typing import NDArray

from benchmarks.studies._exams import StudyExam
from uptake.phantom.checking.anatomy import numbers_of

_THREADS = 2
_PATCH = (64, 64, 64)
_CHANNELS = (16, 32, 64, 96)
_STRIDES = (2, 2, 2)
_MULTIPLE = 8
_BATCH = 3
_RATE = 4e-3
_HOT_SUV = 3.0
_AIR = 0.05
# Of the patches, so many are centred on a lesion and on healthy uptake above 3; the others anywhere in the body.
_ON_LESION, _ON_HEALTHY = 0.5, 0.3

Array = NDArray[np.float32]


def train(exams: Sequence[StudyExam], *, seed: int, steps: int) -> torch.nn.Module:
    """Fit the network to the exams' lesions, all kinds as one class."""
    torch.set_num_threads(_THREADS)
    torch.manual_seed(seed)
    random = np.random.default_rng(seed)
    net = UNet(spatial_dims=3, in_channels=1, out_channels=1, channels=_CHANNELS, strides=_STRIDES, norm="BATCH")
    loss = DiceCELoss(sigmoid=True, batch=True)
    optimizer = torch.optim.Adam(net.parameters(), lr=_RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, _RATE, total_steps=steps)
    sources = [_Source(exam) for exam in exams]
    for _ in range(steps):
        drawn = [sources[int(random.integers(len(sources)))].patch(random) for _ in range(_BATCH)]
        suv, lesion = (torch.from_numpy(np.stack(part)[:, None]) for part in zip(*drawn, strict=True))
        optimizer.zero_grad()
        loss(net(suv), lesion).backward()
        optimizer.step()
        schedule.step()
    return net.eval()  # type: ignore[no-any-return]


def probability(net: torch.nn.Module, exam: StudyExam) -> Array:
    """Of lesion, by voxel ``(z, y, x)``; 0 in the air around the body."""
    box = _body_box(exam.suv)
    shape = exam.suv[box].shape
    wide = [(0, _MULTIPLE * ceil(size / _MULTIPLE) - size) for size in shape]
    padded = np.pad(_scaled(exam.suv[box]), wide)
    with torch.inference_mode():
        found = torch.sigmoid(net(torch.from_numpy(padded)[None, None]))[0, 0].numpy()
    whole = np.zeros(exam.suv.shape, np.float32)
    whole[box] = found[tuple(slice(0, size) for size in shape)]
    return whole


def parameters(net: torch.nn.Module) -> int:
    """How many numbers were fitted."""
    return sum(each.numel() for each in net.parameters())


class _Source:
    """One exam to cut patches from, with the places they are centred on."""

    def __init__(self, exam: StudyExam) -> None:
        box = _body_box(exam.suv)
        self._suv, self._lesion = _scaled(exam.suv[box]), (exam.lesions[box] > 0).astype(np.float32)
        body = exam.structures[box] > 0
        brain = np.isin(exam.structures[box], numbers_of("brain"))
        hot = (exam.suv[box] > _HOT_SUV) & (self._lesion == 0)
        # The brain would be most of all that is hot; it comes in with its neighbours.
        self._lesions, self._healthy = np.argwhere(self._lesion > 0), np.argwhere(hot & ~brain)
        self._body = np.argwhere(body)

    def patch(self, random: np.random.Generator) -> tuple[Array, Array]:
        """SUV and lesion of one patch, mirrored and scaled by chance."""
        draw = random.random()
        places = (
            self._lesions if draw < _ON_LESION else self._healthy if draw < _ON_LESION + _ON_HEALTHY else self._body
        )
        if not len(places):
            places = self._body
        low = places[random.integers(len(places))] - random.integers(_PATCH[0] // 4, 3 * _PATCH[0] // 4, 3)
        mirrored = bool(random.integers(2))
        scale = np.float32(random.uniform(0.9, 1.1))
        return self._cut(self._suv, low, mirrored) * scale, self._cut(self._lesion, low, mirrored)

    @staticmethod
    def _cut(array: Array, low: NDArray[np.int64], mirrored: bool) -> Array:
        patch = np.zeros(_PATCH, np.float32)
        first, last = np.maximum(low, 0), np.minimum(low + _PATCH, array.shape)
        there: Any = tuple(slice(a, b) for a, b in zip(first - low, last - low, strict=True))
        patch[there] = array[tuple(slice(a, b) for a, b in zip(first, last, strict=True))]
        return np.ascontiguousarray(patch[..., ::-1]) if mirrored else patch


def _scaled(suv: Array) -> Array:
    """Compressed, so that a bladder does not drown a node, and about 0 to 2."""
    return np.sqrt(np.clip(suv, np.float32(0), np.float32(40))).astype(np.float32) / np.float32(3)


def _body_box(suv: Array) -> tuple[slice, ...]:
    """Around what is warmer than air."""
    box = []
    for axis in range(3):
        profile = suv.mean(axis=tuple(other for other in range(3) if other != axis))
        warm = np.flatnonzero(profile > _AIR)
        box.append(slice(int(warm[0]), int(warm[-1]) + 1) if len(warm) else slice(None))
    return tuple(box)
