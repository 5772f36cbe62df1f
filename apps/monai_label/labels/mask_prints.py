"""Fingerprints of masks: the same voxels in the patient give the same, whatever object holds them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps.monai_label.labels.class_names import fold_name
from uptake.dicom.annotations.segmentation_reader import SegmentationObject
from uptake.geometry import ImageGeometry, Vector
from uptake.volume import LabelMap

_SPACING_TOLERANCE_MM = 0.01
_PLACE_TOLERANCE = 0.25


@dataclass(frozen=True, slots=True)
class MaskPrint:
    """One mask.

    Parameters
    ----------
    sha256
        Of its bounding box's size and voxels, axes turned to z, y, x of the patient.
    corner_mm, spacing_mm
        Centre of the box's first voxel, LPS ``(x, y, z)``, and the voxels' size ``(z, y, x)``.
    """

    sha256: str
    corner_mm: Vector
    spacing_mm: Vector

    def same(self, other: MaskPrint) -> bool:
        """Whether both are the same voxels at the same place, within a quarter of a voxel."""
        reach_mm = _PLACE_TOLERANCE * min(self.spacing_mm)
        return (
            self.sha256 == other.sha256
            and np.allclose(self.spacing_mm, other.spacing_mm, atol=_SPACING_TOLERANCE_MM)
            and bool(np.allclose(self.corner_mm, other.corner_mm, atol=reach_mm))
        )

    def to_json(self) -> list[Any]:
        """As three plain values."""
        return [self.sha256, [round(v, 3) for v in self.corner_mm], [round(v, 4) for v in self.spacing_mm]]

    @staticmethod
    def from_json(values: Any) -> MaskPrint:
        """Inverse of ``to_json``."""
        sha256, corner, spacing = values
        return MaskPrint(str(sha256), _vector(corner), _vector(spacing))


def print_mask(mask: NDArray[np.bool_], geometry: ImageGeometry) -> MaskPrint | None:
    """The fingerprint of a mask ``(z, y, x)``; None where it has no voxel."""
    if not mask.any():
        return None
    order, flipped = geometry.to_canonical()
    turned = mask.transpose(order)[tuple(slice(None, None, -1 if flip else None) for flip in flipped)]
    canonical = geometry.canonical()
    box = _box(turned)
    crop = np.ascontiguousarray(turned[box])
    content = hashlib.sha256(repr(crop.shape).encode())
    content.update(np.packbits(crop).tobytes())
    corner = canonical.position_mm([each.start for each in box])
    return MaskPrint(content.hexdigest(), _vector(corner), canonical.spacing_mm)


def present_values(array: NDArray[Any]) -> list[int]:
    """The values of a label map other than 0, in order."""
    found: set[int] = set()
    for plane in array:
        if plane.any():
            found.update(np.unique(plane).tolist())
    return sorted(found - {0})


def print_labels(labels: LabelMap, names: Mapping[int, str]) -> dict[str, MaskPrint]:
    """The fingerprint of every class that has a voxel, by its name."""
    found = {}
    for value in present_values(labels.array):
        if (printed := print_mask(labels.array == value, labels.geometry)) is not None:
            found[names[value]] = printed
    return found


def prints_given_out(labels: LabelMap) -> list[MaskPrint]:
    """Fingerprints that tell a label map again: of each value, and of all values together."""
    return print_masks([labels.array == value for value in present_values(labels.array)], labels.geometry)


def print_masks(masks: Sequence[NDArray[np.bool_]], geometry: ImageGeometry) -> list[MaskPrint]:
    """Fingerprints of masks on one grid, and of all together, as a viewer may join them; empty masks are left out."""
    every = [*masks, np.logical_or.reduce(masks)] if len(masks) > 1 else masks
    return [printed for mask in every if (printed := print_mask(mask, geometry)) is not None]


def segment_prints(found: SegmentationObject) -> dict[str, MaskPrint]:
    """The fingerprint of every segment that has a voxel, by its class; segments of one class are numbered."""
    printed: dict[str, MaskPrint] = {}
    for segment in found.segments:
        mask = print_mask(found.mask(segment), found.geometry)
        if mask is not None:
            name = fold_name(segment.label)
            printed[name if name not in printed else f"{name} {segment.number}"] = mask
    return printed


def digest_prints(prints: Mapping[str, MaskPrint]) -> str:
    """SHA-256 of a label's classes and voxels; the same for the same label, however it was stored."""
    lines = [f"{name} {prints[name].sha256}" for name in sorted(prints)]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def all_known(prints: Iterable[MaskPrint], known: Iterable[MaskPrint]) -> bool:
    """Whether there are prints and every one of them is among the known."""
    by_hash: dict[str, list[MaskPrint]] = {}
    for each in known:
        by_hash.setdefault(each.sha256, []).append(each)
    found = [any(each.same(other) for other in by_hash.get(each.sha256, ())) for each in prints]
    return bool(found) and all(found)


def same_label(one: Mapping[str, MaskPrint], other: Mapping[str, MaskPrint]) -> bool:
    """Whether two labels have the same classes with the same voxels."""
    return one.keys() == other.keys() and all(one[name].same(other[name]) for name in one)


def _box(mask: NDArray[np.bool_]) -> tuple[slice, slice, slice]:
    """The bounding box of a mask that has a voxel; axis by axis, so that most of it is looked at once."""
    z = _extent(mask.any(axis=(1, 2)))
    y = _extent(mask[z].any(axis=(0, 2)))
    return z, y, _extent(mask[z, y].any(axis=(0, 1)))


def _extent(held: NDArray[np.bool_] | np.bool_) -> slice:
    at = np.flatnonzero(held)
    return slice(int(at[0]), int(at[-1]) + 1)


def _vector(values: Any) -> Vector:
    first, second, third = (float(value) for value in values)
    return first, second, third
