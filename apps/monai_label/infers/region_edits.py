"""Edits of a label map by click: a region removed, or physiological uptake made suspicious."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from apps.monai_label.infers.clicks import Voxel
from apps.monai_label.infers.growing import box_around, connected, within
from apps.monai_label.infers.placed_labels import Part, PlacedLabels, Values

_NEAR_MM = 5.0
_REACHES_MM = (40.0, 80.0, 160.0, 320.0, 1e6)


@dataclass(frozen=True, slots=True, eq=False)
class Edited:
    """The labels after an edit, and how many clicks met a region that it changed."""

    labels: PlacedLabels
    changed: int


def region_under(labels: PlacedLabels, click: Voxel) -> tuple[Part, int] | None:
    """The connected region (26 neighbours) at a click, or nearest to it within 5 mm, and its value; None for none."""
    seed = _labelled_near(labels, click)
    if seed is None:
        return None
    value = int(labels.at(box_around(seed, 0.0, labels.grid))[0, 0, 0])
    part = connected(lambda box: np.asarray(labels.at(box) == value), seed, labels.grid, _REACHES_MM)
    if part is None:
        raise ValueError("no grid is a kilometre wide")
    return part, value


def recoloured(labels: PlacedLabels, clicks: Sequence[Voxel], change: dict[int, int]) -> Edited:
    """Give the regions under clicks other values; those whose value is not in ``change`` stay.

    Parameters
    ----------
    change
        From a region's value to its new one; 0 removes it.
    """
    values = labels.values.copy()
    met = 0
    for click in clicks:
        found = region_under(PlacedLabels(values.copy(), labels.start, labels.grid), click)
        if found is None or found[1] not in change:
            continue
        _set(values, labels, found[0], change[found[1]])
        met += 1
    return Edited(PlacedLabels(values, labels.start, labels.grid), met)


def _set(values: Values, labels: PlacedLabels, part: Part, value: int) -> None:
    """Write a value at a part's voxels, all of which lie in the labels' box."""
    index = np.argwhere(part.mask) + [side.start for side in part.box] - np.asarray(labels.start)
    values[tuple(index.T)] = value


def _labelled_near(labels: PlacedLabels, click: Voxel) -> Voxel | None:
    """The click where it has a label, else the nearest voxel that has one within 5 mm; of equal ones the first."""
    box = box_around(click, _NEAR_MM, labels.grid)
    values = labels.at(box)
    if values[within(click, box)]:
        return click
    index = np.argwhere(values)
    if not index.size:
        return None
    index += [side.start for side in box]
    apart = (((index - np.asarray(click)) * np.asarray(labels.grid.spacing_mm)) ** 2).sum(axis=1)
    nearest = int(apart.argmin())
    if apart[nearest] > _NEAR_MM**2:
        return None
    z, y, x = index[nearest].tolist()
    return z, y, x
