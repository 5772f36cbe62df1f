"""From an exam's volumes to what a network reads: its grid, its channels, its range of values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from uptake.errors import InferenceRefused, InputRefused
from uptake.geometry import ImageGeometry
from uptake.inference.body_box import Box, body_box
from uptake.inference.head_neck_field import field_box
from uptake.inference.model_store.input_channels import InputChannel
from uptake.inference.model_store.sampling import Preprocessing
from uptake.inference.network_grid import (
    Turning,
    cropped_geometry,
    network_geometry,
    orders_for,
    turned_geometry,
    turning,
)
from uptake.inference.normalising import normalise
from uptake.regions.body_mask import body_mask
from uptake.registration.axis_resampling import coordinates, parallel, resample_axes
from uptake.volume import AIR_HU, CtVolume, SuvVolume

Channels = Mapping[str, SuvVolume | CtVolume]
"""An exam's volumes by the kind of channel: ``PT``, ``CT``, ``PRIOR_PT``, ..."""

Array = NDArray[np.float32]
Mask = NDArray[np.bool_]

_RIM_TOLERANCE = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class NetworkInput:
    """What a network reads, and where it lies.

    Parameters
    ----------
    array
        float32 (channels, z, y, x), normalised.
    geometry
        Its grid.
    body
        Mask (z, y, x) on that grid: the body with a rim wide enough that whatever is interpolated linearly at a
        voxel of the body, on the PET's grid or another, is interpolated from voxels of this mask.
    body_on_pet
        Mask (z, y, x) of the body on the PET's grid, of the part that the network's grid covers. Outside it the
        label is background.
    shown
        The part of the PET's grid that the bundle's field of view took.
    """

    array: Array
    geometry: ImageGeometry
    body: Mask
    body_on_pet: Mask
    shown: Box


def network_input(
    channels: Channels,
    inputs: Sequence[InputChannel],
    preprocessing: Preprocessing,
    body: Mask | None = None,
) -> NetworkInput:
    """The input of a bundle's network for one exam.

    Where images are cropped or normalised before they are resampled, all channels are first brought on to the PET's
    grid (as nnU-Net, which wants one grid); otherwise each goes straight from its own grid on to the network's.

    Parameters
    ----------
    channels
        The exam's volumes; PET always.
    inputs, preprocessing
        The bundle's.
    body
        Mask (z, y, x) of the patient on the PET's grid; None to find it in the PET.

    Raises
    ------
    InputRefused
        If a channel that the network reads is not there, or has voxels that are not numbers, or the exam does not show
        the field of view that the network is for.
    ValueError
        If the body does not fit the PET.
    """
    pet = pet_of(channels)
    _check(channels, inputs)
    turn = turning(pet.geometry, preprocessing.orientation)
    grid = turned_geometry(pet.geometry, turn)  # the PET's, in the network's orientation
    turned_body = _turned_body(pet, body, turn, grid)
    shown = field_box(turned_body, grid, preprocessing.field_of_view)
    grid = cropped_geometry(grid, shown.slices)
    if preprocessing.crop == "none" and preprocessing.normalised == "after":
        box = Box((0, 0, 0), grid.shape)
        onto = network_geometry(grid, preprocessing)
        array = _straight(channels, inputs, preprocessing, onto)
    else:
        on_pet = {each.kind: _on_pet(channels[each.kind], pet.geometry, turn)[shown.slices] for each in inputs}
        box = _nonzero_box(on_pet.values()) if preprocessing.crop == "nonzero" else Box((0, 0, 0), grid.shape)
        grid = cropped_geometry(grid, box.slices)
        onto = network_geometry(grid, preprocessing)
        array = _cropped(on_pet, box, inputs, preprocessing, (grid, onto))
    covered = np.zeros_like(turned_body)
    part = covered[shown.slices][box.slices]
    part[...] = turned_body[shown.slices][box.slices]
    rim = _with_rim(part, grid, onto)
    z, y, x = turn.slices_back(shown.slices, pet.geometry.shape)
    in_pet = Box((z.start, y.start, x.start), (z.stop, y.stop, x.stop))
    return NetworkInput(array, onto, rim, np.ascontiguousarray(turn.back(covered)), in_pet)


def _turned_body(pet: SuvVolume, body: Mask | None, turn: Turning, grid: ImageGeometry) -> Mask:
    """The body in the network's orientation, found in the PET where it is not given."""
    if body is None:
        return body_mask(SuvVolume(np.ascontiguousarray(turn.turn(pet.array)), grid))
    if body.shape == pet.array.shape and body.dtype == np.bool_:
        return turn.turn(body)
    raise ValueError(f"the body must be bool {pet.array.shape}, not {body.dtype} {body.shape}")


def pet_of(channels: Channels) -> SuvVolume:
    """The exam's PET, whose grid all else follows; InputRefused where there is none."""
    pet = channels.get("PT")
    if not isinstance(pet, SuvVolume):
        raise InputRefused("The network's grid follows the PET, which this exam does not have.", remedy="Add the PET.")
    return pet


def _check(channels: Channels, inputs: Sequence[InputChannel]) -> None:
    """Refuse what is not there or is not a number."""
    for each in inputs:
        if each.kind not in channels:
            raise InputRefused(
                f"The network reads a channel of kind {each.kind} ({each.name}), which this exam does not have.",
                remedy="Add the series, or choose a bundle that does without it (uptake models list).",
            )
        volume = channels[each.kind].array
        wrong = sum(int(plane.size - np.count_nonzero(np.isfinite(plane))) for plane in volume)
        if wrong:
            raise InferenceRefused(
                f"Channel {each.name} ({each.kind}) has {wrong} voxels that are not finite numbers.",
                remedy="Check the images and their conversion; a network's answer to such voxels means nothing.",
            )


def _straight(
    channels: Channels, inputs: Sequence[InputChannel], preprocessing: Preprocessing, onto: ImageGeometry
) -> Array:
    """Channels from their own grids on to the network's, then normalised."""
    array = np.empty((len(inputs), *onto.shape), dtype=np.float32)
    for values, each in zip(array, inputs, strict=True):
        values[...] = _onto(channels[each.kind], preprocessing, onto)
        mask = _filled([values]) if each.normalisation.nonzero_only else None
        normalise(values, each.normalisation, mask)
    return array


def _onto(volume: SuvVolume | CtVolume, preprocessing: Preprocessing, onto: ImageGeometry) -> Array:
    """A volume on the network's grid, with the bundle's spline."""
    turned = turned_geometry(volume.geometry, turning(volume.geometry, preprocessing.orientation))
    return _resampled(volume, onto, orders_for(preprocessing.image, turned.spacing_mm, preprocessing.spacing_mm))


def _on_pet(volume: SuvVolume | CtVolume, pet: ImageGeometry, turn: Turning) -> Array:
    """A volume on the PET's grid, linear, and turned."""
    if volume.geometry.same_grid(pet):
        return turn.turn(volume.array)
    return _resampled(volume, turned_geometry(pet, turn), (1, 1, 1))


def _resampled(volume: SuvVolume | CtVolume, onto: ImageGeometry, orders: tuple[int, int, int]) -> Array:
    """A volume on another grid; air or no uptake outside it. Linear where the grids are askew."""
    if parallel(volume.geometry, onto):
        outside = AIR_HU if isinstance(volume, CtVolume) else 0.0
        return resample_axes(volume.array, volume.geometry, onto, orders=orders, outside=outside)
    # Imported here, for grids askew to one another alone: SimpleITK takes 90 MiB.
    from uptake.registration.resampling import resample_ct, resample_suv

    return resample_ct(volume, onto).array if isinstance(volume, CtVolume) else resample_suv(volume, onto).array


def _cropped(
    on_pet: Mapping[str, Array],
    box: Box,
    inputs: Sequence[InputChannel],
    preprocessing: Preprocessing,
    grids: tuple[ImageGeometry, ImageGeometry],
) -> Array:
    """Channels of one grid, cropped to a box, normalised before or after they are resampled from grid to grid."""
    grid, onto = grids
    parts = {kind: array[box.slices] for kind, array in on_pet.items()}
    mask = _filled(list(parts.values())) if any(each.normalisation.nonzero_only for each in inputs) else None
    orders = orders_for(preprocessing.image, grid.spacing_mm, preprocessing.spacing_mm)
    array = np.empty((len(inputs), *onto.shape), dtype=np.float32)
    for values, each in zip(array, inputs, strict=True):
        part = np.array(parts[each.kind], order="C")
        if preprocessing.normalised == "before":
            normalise(part, each.normalisation, mask)
        values[...] = resample_axes(part, grid, onto, orders=orders, outside=None)
        if preprocessing.normalised == "after":
            normalise(values, each.normalisation, _filled([values]) if each.normalisation.nonzero_only else None)
    return array


def _filled(arrays: Sequence[Array]) -> Mask:
    """Where any of the arrays differs from 0, holes filled."""
    mask = np.logical_or.reduce([array != 0 for array in arrays])
    return np.asarray(ndimage.binary_fill_holes(mask), dtype=np.bool_)


def _nonzero_box(arrays: Iterable[Array]) -> Box:
    """The box of the voxels in which any array differs from 0; everything where there are none."""
    arrays = list(arrays)
    boxes = [box for box in (body_box(array != 0) for array in arrays) if not box.empty]
    if not boxes:
        z, y, x = arrays[0].shape
        return Box((0, 0, 0), (z, y, x))
    starts, stops = (np.asarray([getattr(box, end) for box in boxes]) for end in ("start", "stop"))
    z0, y0, x0 = (int(least) for least in starts.min(axis=0))
    z1, y1, x1 = (int(most) for most in stops.max(axis=0))
    return Box((z0, y0, x0), (z1, y1, x1))


def _with_rim(body: Mask, pet: ImageGeometry, onto: ImageGeometry) -> Mask:
    """The network's voxels within one of its voxels and half a PET voxel of the body, axis by axis."""
    for axis, at in enumerate(coordinates(pet, onto)):
        last = pet.shape[axis] - 1
        reach = onto.spacing_mm[axis] / pet.spacing_mm[axis] + 0.5 + _RIM_TOLERANCE
        low, high = (np.clip(end, 0, last).astype(int) for end in (np.ceil(at - reach), np.floor(at + reach)))
        wider = body.take(low, axis=axis)
        for step in range(1, int((high - low).max()) + 1):
            wider |= body.take(np.minimum(low + step, high), axis=axis)
        body = wider
    return body
