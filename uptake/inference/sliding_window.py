"""Class probabilities of a whole volume from tiles, slab by slab along z, in memory that does not grow with length."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray

from uptake.errors import InferenceRefused, InferenceStopped
from uptake.inference import tiling
from uptake.inference.body_box import Box, Crop, Layout, body_box, body_tiles
from uptake.inference.ensemble import Averaging, batch_mean
from uptake.inference.predictor import Predictor, Probabilities, Slab
from uptake.inference.running_sums import RunningSums
from uptake.inference.tiling import Index, Overlap, Placing, WeightKind

# What logits are where there is no body: background, and a softmax that says so to the last bit.
_BACKGROUND_LOGIT, _OTHER_LOGIT = 0.0, -200.0


@dataclass(frozen=True, slots=True)
class SlidingWindowSettings:
    """How a volume is tiled and how tiles are blended.

    Parameters
    ----------
    patch
        Voxels of a tile along z, y, x.
    overlap, placing
        As in ``tiling.tile_starts``.
    weights, fwhm, weight_floor, centre
        As in ``tiling.weights``.
    batch
        Tiles given to a predictor at once. The last batch is filled up, so that all have the same shape.
    crop, skip_empty
        As in ``body_box.Layout``.
    mirror_axes
        Axes among 0 (z), 1 (y), 2 (x) along which tiles are predicted mirrored as well.
    averaging
        "probabilities": tiles, mirrored views and networks are averaged after the softmax (Nikulin 2023).
        "logits": before it (as nnU-Net v2 does for all three, and MONAI for tiles).
    slabs
        What ``predict_slabs`` hands on: "probabilities", or "logits" where logits are averaged.

    Raises
    ------
    ValueError
        Naming the field that is out of its range.
    """

    patch: Index
    overlap: Overlap = 0.5
    placing: Placing = "regular"
    weights: WeightKind = "gaussian"
    fwhm: float = tiling.NIKULIN_FWHM
    centre: tiling.Centre = "middle"
    weight_floor: float = 1e-3
    batch: int = 1
    crop: Crop = "box"
    skip_empty: bool = True
    mirror_axes: tuple[int, ...] = ()
    averaging: Averaging = "probabilities"
    slabs: Literal["probabilities", "logits"] = "probabilities"

    def __post_init__(self) -> None:
        if len(self.patch) != 3 or min(self.patch) < 1:
            raise ValueError(f"patch must be three positive sizes, not {self.patch}")
        tiling.overlap_by_axis(self.overlap)
        tiling.weights((1, 1, 1), self.weights, fwhm=self.fwhm, floor=self.weight_floor)
        if self.batch < 1:
            raise ValueError(f"batch must be at least 1, not {self.batch}")
        if len(set(self.mirror_axes)) != len(self.mirror_axes) or not set(self.mirror_axes) <= {0, 1, 2}:
            raise ValueError(f"mirror_axes must be different ones of 0, 1, 2, not {self.mirror_axes}")
        allowed = {"placing": ("regular", "even"), "crop": ("none", "box", "rows")}
        allowed["averaging"] = allowed["slabs"] = ("probabilities", "logits")
        for field, values in allowed.items():
            if getattr(self, field) not in values:
                raise ValueError(f"{field} must be one of {', '.join(values)}, not {getattr(self, field)!r}")
        if self.slabs == "logits" and self.averaging != "logits":
            raise ValueError("slabs of logits need logits to be averaged (averaging)")


def predict(
    volume: NDArray[np.float32],
    body: NDArray[np.bool_] | None,
    predictors: Sequence[Predictor],
    settings: SlidingWindowSettings,
    progress: Callable[[int, int], None] = lambda done, total: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Probabilities:
    """Class probabilities of a volume.

    Parameters, errors and references as for ``predict_slabs``.

    Returns
    -------
    Probabilities
        Of the box around the body; background outside the body by definition.

    Raises
    ------
    ValueError
        If the settings want slabs of logits.
    """
    if settings.slabs != "probabilities":
        raise ValueError("predict gives probabilities; take logits from predict_slabs")
    slabs = predict_slabs(volume, body, predictors, settings, progress, cancelled)
    box = _output_box(volume, body)
    array = np.zeros((predictors[0].classes, *box.shape), dtype=np.float32)
    for slab in slabs:
        first = slab.start - box.start[0]
        array[:, first : first + slab.probabilities.shape[1]] = slab.probabilities
    return Probabilities(array, box, (volume.shape[1], volume.shape[2], volume.shape[3]))


def predict_slabs(
    volume: NDArray[np.float32],
    body: NDArray[np.bool_] | None,
    predictors: Sequence[Predictor],
    settings: SlidingWindowSettings,
    progress: Callable[[int, int], None] = lambda done, total: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Iterator[Slab]:
    """Class probabilities or logits slab by slab: slices are handed on as soon as no later tile touches them.

    Memory beyond the volume and the predictors: one patch's depth of the box times (classes + 1), and a batch.

    Parameters
    ----------
    volume
        Network input (channels, z, y, x). Where it is smaller than the patch it is padded with zeros to both sides.
    body
        Mask (z, y, x) of the patient, or None for everywhere.
    predictors
        Networks of the same classes, averaged.
    settings
        Tiles and blending.
    progress
        Called with the number of tiles done and of all tiles, first with 0.
    cancelled
        Asked before every pass of a batch through a network.

    Returns
    -------
    Iterator[Slab]
        Slabs of the box around the body from its first slice to its last, without gaps; none where body is empty.

    Raises
    ------
    InferenceRefused
        If a voxel is not a number, or a network's output is not.
    InferenceStopped
        If ``cancelled`` says so; what was handed on before must be thrown away.
    ValueError
        If shapes or types do not fit each other, or there are no predictors.

    References
    ----------
    Nikulin et al., EJNMMI 2023 (Gaussian-weighted mean of probabilities); Isensee et al., Nature Methods 2021.
    """
    _check(volume, body, predictors)
    return _slabs(volume, body, predictors, settings, (progress, cancelled))


def _check(volume: NDArray[np.float32], body: NDArray[np.bool_] | None, predictors: Sequence[Predictor]) -> None:
    """Refuse what cannot be predicted, before any work."""
    if volume.ndim != 4 or volume.dtype != np.float32 or 0 in volume.shape:
        raise ValueError(f"the volume must be float32 (channels, z, y, x), not {volume.dtype} {volume.shape}")
    if body is not None and (body.shape != volume.shape[1:] or body.dtype != np.bool_):
        raise ValueError(f"the body must be bool {volume.shape[1:]}, not {body.dtype} {body.shape}")
    classes = {predictor.classes for predictor in predictors}
    if len(classes) != 1 or min(classes) < 2:
        raise ValueError(f"predictors must have the same classes, two or more, not {sorted(classes)}")
    for number, channel in enumerate(volume):
        wrong = sum(int(plane.size - np.count_nonzero(np.isfinite(plane))) for plane in channel)
        if wrong:
            raise InferenceRefused(
                f"Input channel {number} has {wrong} voxels that are not finite numbers.",
                remedy="Check the images and their conversion; a network's answer to such voxels means nothing.",
            )


def _output_box(volume: NDArray[np.float32], body: NDArray[np.bool_] | None) -> Box:
    """The box that results cover."""
    shape = (volume.shape[1], volume.shape[2], volume.shape[3])
    return Box((0, 0, 0), shape) if body is None else body_box(body)


def _slabs(
    volume: NDArray[np.float32],
    body: NDArray[np.bool_] | None,
    predictors: Sequence[Predictor],
    settings: SlidingWindowSettings,
    calls: tuple[Callable[[int, int], None], Callable[[], bool]],
) -> Iterator[Slab]:
    """The generator behind ``predict_slabs``."""
    progress, cancelled = calls

    def stop_if_asked() -> None:
        if cancelled():
            raise InferenceStopped("Inference was stopped before it was complete.")

    box = _output_box(volume, body)
    everywhere = np.broadcast_to(np.True_, volume.shape[1:])
    layout = Layout(settings.patch, settings.overlap, settings.placing, settings.crop, settings.skip_empty)
    tiles = body_tiles(everywhere if body is None else body, layout)
    progress(0, len(tiles))
    sums: RunningSums | None = None
    for first in range(0, len(tiles), settings.batch):
        group = tiles[first : first + settings.batch]
        filled = group + [group[-1]] * (settings.batch - len(group))
        batch = _batch(volume, filled, settings.patch)
        means = batch_mean(batch, predictors, settings.mirror_axes, settings.averaging, stop_if_asked)
        if sums is None:
            sums = RunningSums(box, predictors[0].classes, _tile_weights(settings).to(means.device))
        for tile, mean in zip(group, means[: len(group)], strict=True):
            for start, blended in sums.finished_before(tile[0]):
                yield _slab(start, blended, body, box, settings)
            sums.add(tile, mean)
        progress(first + len(group), len(tiles))
    if sums is not None:
        for start, blended in sums.finished_before(box.stop[0]):
            yield _slab(start, blended, body, box, settings)


def _tile_weights(settings: SlidingWindowSettings) -> torch.Tensor:
    """How much each voxel of a tile counts."""
    kind, fwhm, floor = settings.weights, settings.fwhm, settings.weight_floor
    return torch.from_numpy(tiling.weights(settings.patch, kind, fwhm=fwhm, floor=floor, centre=settings.centre))


def _batch(volume: NDArray[np.float32], tiles: Sequence[Index], patch: Index) -> torch.Tensor:
    """The tiles' voxels, zeros where a tile leaves the volume."""
    batch = np.zeros((len(tiles), volume.shape[0], *patch), dtype=np.float32)
    for values, tile in zip(batch, tiles, strict=True):
        sides = list(zip(tile, patch, volume.shape[1:], strict=True))
        source = tuple(slice(max(start, 0), min(start + side, length)) for start, side, length in sides)
        target = tuple(slice(max(-start, 0), min(length - start, side)) for start, side, length in sides)
        values[(slice(None), *target)] = volume[(slice(None), *source)]
    return torch.from_numpy(batch)


def _slab(
    start: int, blended: torch.Tensor, body: NDArray[np.bool_] | None, box: Box, settings: SlidingWindowSettings
) -> Slab:
    """Blended means as probabilities or logits, background where there is no body."""
    if not bool(torch.isfinite(blended).all()):
        raise InferenceRefused(
            f"The network's output is not a finite number in slices {start} to {start + blended.shape[1] - 1}.",
            remedy="Use another engine or full precision (float32), and check that the input has the bundle's units.",
        )
    logits = settings.slabs == "logits"
    if settings.averaging == "logits" and not logits:
        blended = blended.softmax(dim=0)
    values: NDArray[np.float32] = blended.cpu().numpy()
    if body is not None:
        outside = ~body[start : start + blended.shape[1], box.slices[1], box.slices[2]]
        values[:, outside] = _OTHER_LOGIT if logits else 0.0
        values[0, outside] = _BACKGROUND_LOGIT if logits else 1.0
    return Slab(start, values)
