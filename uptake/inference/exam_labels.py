"""A bundle's labels for an exam: input, tiles, the answer on the wanted grid, and only then the class."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import tee

import numpy as np
from numpy.typing import NDArray

from uptake.errors import InferenceRefused, InferenceStopped
from uptake.geometry import ImageGeometry
from uptake.inference.body_box import Box, Crop, body_box
from uptake.inference.ensemble import WithMembers
from uptake.inference.model_store.bundle import Bundle
from uptake.inference.model_store.sampling import Tiling
from uptake.inference.network_grid import Turning, orders_for, turned_geometry
from uptake.inference.network_input import Channels, Mask, NetworkInput, network_input, pet_of
from uptake.inference.predictor import Predictor, Slab, most_probable, tiles_at_once
from uptake.inference.slab_resampling import Part, resampled_slabs
from uptake.inference.sliding_window import SlidingWindowSettings, predict_slabs
from uptake.inference.tiling import Overlap
from uptake.registration.axis_resampling import coordinates, matching_axes, parallel, turned

Array = NDArray[np.float32]
Labels = NDArray[np.uint8]
Slices = tuple[slice, slice, slice]


@dataclass(frozen=True, slots=True, eq=False)
class LabelOptions:
    """What a run may choose; the bundle says all else.

    Parameters
    ----------
    onto
        The grid of the labels, parallel to the PET's; None for the PET's.
    body
        Mask (z, y, x) of the patient on the PET's grid; None to find it in the PET.
    batch
        Tiles at once; None for what the engine works on at a time.
    skip_empty
        As in ``SlidingWindowSettings``.
    crop
        Other than the bundle's; None for the bundle's.
    mirror
        Predict mirrored along the bundle's axes as well.
    overlap
        Other than the bundle's; None for the bundle's.
    each_slab
        Called with a box of the labels' grid and the class probabilities there, float32 (classes, z, y, x), axes as
        the labels'; may be read only before it returns. The boxes cover the body once; background outside it.
    also
        A second grid, parallel to the PET's, on which labels are wanted of the same pass through the networks.
    own_classes
        Called with a box of the labels' grid, the labels there, and each network's own, uint8 (networks, z, y, x):
        the class that it would give alone. The labels are the same with and without it. Memory: a patch's depth of the
        body's box for each network.
    """

    onto: ImageGeometry | None = None
    body: Mask | None = None
    batch: int | None = None
    crop: Crop | None = None
    skip_empty: bool = True
    mirror: bool = False
    overlap: Overlap | None = None
    each_slab: Callable[[Slices, Array], None] | None = None
    also: ImageGeometry | None = None
    own_classes: Callable[[Slices, Labels, Labels], None] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class ExamLabels:
    """Class values uint8 (z, y, x) on ``geometry``, and ``also`` those on the second grid that was asked for."""

    labels: Labels
    geometry: ImageGeometry
    also: Labels | None = None


def window_of(tiling: Tiling) -> SlidingWindowSettings:
    """A bundle's tiling as the sliding window takes it, whose fields have the same names."""
    return SlidingWindowSettings(**asdict(tiling))


def window_settings(tiling: Tiling, options: LabelOptions) -> SlidingWindowSettings:
    """How a bundle's volumes are tiled, with a run's choices."""
    plain = window_of(tiling)
    return replace(
        plain,
        overlap=plain.overlap if options.overlap is None else options.overlap,
        batch=options.batch or 1,
        crop=options.crop or plain.crop,
        skip_empty=options.skip_empty,
        mirror_axes=plain.mirror_axes if options.mirror else (),
        slabs=plain.averaging,
    )


def label_exam(
    bundle: Bundle,
    predictors: Sequence[Predictor],
    channels: Channels,
    options: LabelOptions | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> ExamLabels:
    """Label every voxel of an exam.

    What is averaged over tiles and folds (logits or probabilities) is interpolated on the wanted grid, and the class
    chosen there: the greatest, of equal ones the lower number. Outside the body it is background. Memory beyond the
    network's input and the labels: what ``predict_slabs`` needs and some tens of MB.

    Parameters
    ----------
    bundle
        Says how to prepare the input, to tile and to resample.
    predictors
        Its networks, one per fold; averaged.
    channels
        The exam's volumes.
    options
        See there.
    progress, cancelled
        As for ``predict_slabs``.

    Raises
    ------
    InputRefused
        If a channel is missing or has voxels that are not numbers, the wanted grid is not parallel to the PET's, or
        a network's output is not a number.
    InferenceStopped
        If ``cancelled`` says so.
    ValueError
        If predictors, body or the bundle's resampling do not fit.
    """
    options = options or LabelOptions()
    pet = pet_of(channels).geometry
    grids = [options.onto or pet, *([] if options.also is None else [options.also])]
    _check(bundle, predictors, pet, grids)
    ready = network_input(channels, bundle.inputs, bundle.preprocessing, options.body)
    settings = replace(window_settings(bundle.tiling, options), batch=options.batch or tiles_at_once(predictors))
    slabs = _predicted(ready, predictors, settings, options, (progress, cancelled))
    labels = [np.zeros(grid.shape, dtype=np.uint8) for grid in grids]
    targets = [_Target(ready, pet, grid) for grid in grids]
    source = Part(ready.geometry, body_box(ready.body))
    streams: dict[int, _Stream] = {}
    for number, target in enumerate(targets):
        if not target.box.empty:
            spacing = bundle.preprocessing.spacing_mm, target.grid.spacing_mm
            orders = orders_for(bundle.preprocessing.probabilities, *spacing)
            part = Part(target.grid, target.box)
            streams[number] = _Stream(source, part, orders, len(bundle.classes) if number else None)
    if not streams:
        progress(0, 0)
    for number, first, values in _resampled_together(slabs, streams):
        where = (slice(first, first + values.shape[1]), *targets[number].box.slices[1:])
        chosen = most_probable(values[: len(bundle.classes)]) * targets[number].body(where)
        targets[number].turning.turn(labels[number])[where] = chosen
        if number == 0:
            _hand_on(targets[0], where, values, chosen, (bundle, options))
    return ExamLabels(labels[0], grids[0], labels[1] if options.also is not None else None)


def _predicted(
    ready: NetworkInput,
    predictors: Sequence[Predictor],
    settings: SlidingWindowSettings,
    options: LabelOptions,
    calls: tuple[Callable[[int, int], None], Callable[[], bool]],
) -> Iterator[Slab]:
    """The networks' mean, slab by slab; behind its classes each network's own where they are asked for."""
    if options.own_classes is None:
        return predict_slabs(ready.array, ready.body, predictors, settings, *calls)

    def stop_if_asked() -> None:
        if calls[1]():
            raise InferenceStopped("Inference was stopped before it was complete.")

    together = WithMembers(predictors, settings.mirror_axes, settings.averaging, stop_if_asked)
    as_it_is = replace(settings, mirror_axes=(), averaging="logits", slabs="logits")
    return predict_slabs(ready.array, ready.body, [together], as_it_is, *calls)


def _hand_on(target: _Target, where: Slices, values: Array, chosen: Labels, asked: tuple[Bundle, LabelOptions]) -> None:
    """Hand on what was asked for of some slices; ``values`` may be overwritten."""
    bundle, options = asked
    if options.own_classes is None and options.each_slab is None:
        return
    classes = len(bundle.classes)
    place = target.turning.slices_back(where, target.shape)
    body = target.body(where)
    if options.own_classes is not None:
        blocks = range(classes, len(values), classes)
        own = np.stack([most_probable(values[start : start + classes]) * body for start in blocks])
        options.own_classes(place, target.turning.back(chosen), target.turning.back(own))
    if options.each_slab is not None:
        mean = values[:classes]
        probabilities = _softmax(mean) if bundle.tiling.averaging == "logits" else mean
        probabilities[:, ~body] = 0.0
        probabilities[0, ~body] = 1.0
        options.each_slab(place, target.turning.back(probabilities))


@dataclass(frozen=True, slots=True, eq=False)
class _Stream:
    """One of the grids that slabs are resampled on to, and how many of their channels; None for all."""

    source: Part
    target: Part
    orders: tuple[int, int, int]
    channels: int | None


def _resampled_together(slabs: Iterator[Slab], streams: Mapping[int, _Stream]) -> Iterator[tuple[int, int, Array]]:
    """Stream's number, first slice and slices, the streams at one pace: none is more than a slab ahead of another."""
    taken = dict.fromkeys(streams, 0)

    def counted(number: int, own: Iterator[Slab], channels: int | None) -> Iterator[Slab]:
        for slab in own:
            taken[number] += 1
            yield Slab(slab.start, slab.probabilities[:channels])

    copies = tee(slabs, len(streams))
    live = {
        number: resampled_slabs(counted(number, own, each.channels), each.source, each.target, each.orders)
        for own, (number, each) in zip(copies, streams.items(), strict=True)
    }
    while live:
        number = min(live, key=taken.__getitem__)
        found = next(live[number], None)
        if found is None:
            del live[number]
        else:
            yield number, *found


def _check(bundle: Bundle, predictors: Sequence[Predictor], pet: ImageGeometry, grids: Sequence[ImageGeometry]) -> None:
    """Refuse what cannot be labelled, before any work."""
    classes = len(bundle.classes)
    wrong = {each.classes for each in predictors} - {classes}
    if wrong:
        raise ValueError(f"predictors of {sorted(wrong)} classes do not fit the {classes} of bundle {bundle.name}")
    for onto in grids:
        if not parallel(onto, pet):
            raise InferenceRefused(
                f"Labels are wanted on a grid of {onto.shape} voxels along {onto.axes}, not parallel to the PET's.",
                remedy="Ask for the PET's grid and resample the labels from there.",
            )


def _softmax(logits: Array) -> Array:
    """Probabilities over the first axis, in place."""
    logits -= logits.max(axis=0)
    np.exp(logits, out=logits)
    logits /= logits.sum(axis=0)
    return logits


class _Target:
    """The wanted grid turned to run as the network's, and the body on it."""

    def __init__(self, ready: NetworkInput, pet: ImageGeometry, onto: ImageGeometry) -> None:
        order, flipped = matching_axes(onto, ready.geometry)
        self.turning = Turning(order, flipped)
        self.shape = onto.shape
        self.grid = turned_geometry(onto, self.turning)
        self._body = turned(ready.body_on_pet, pet, self.grid)
        held = body_box(self._body)
        self._nearest: list[NDArray[np.intp]] = []
        start, stop = [0, 0, 0], [0, 0, 0]
        for axis, at in enumerate(coordinates(pet, self.grid)):
            nearest = np.floor(np.round(at, 9) + 0.5).astype(np.intp)
            inside = np.flatnonzero((nearest >= held.start[axis]) & (nearest < held.stop[axis]))
            if inside.size:
                start[axis], stop[axis] = int(inside[0]), int(inside[-1]) + 1
            self._nearest.append(nearest)
        self.box = Box((start[0], start[1], start[2]), (stop[0], stop[1], stop[2]))

    def body(self, where: Slices) -> Mask:
        """The body at a box within ``box``: where the nearest PET voxel is."""
        z, y, x = (nearest[each] for nearest, each in zip(self._nearest, where, strict=True))
        return np.asarray(self._body[z][:, y][:, :, x])
