"""Paints the parts of a body into voxels: what each voxel belongs to, what it is made of, and its value."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from uptake.geometry import IDENTITY_AXES, ImageGeometry
from uptake.phantom.body.mapping import BodyMapping
from uptake.phantom.body.packing import Packed, packed
from uptake.phantom.body.parts import Part

_CELL_MM = 8.0  # body coordinates are computed this far apart in a slice, and interpolated between
_MARGIN_MM = 25.0  # more than any deformation
_Range = tuple[int, int]


@dataclass(frozen=True, slots=True, eq=False)
class Painted:
    """A painted body.

    Parameters
    ----------
    structures
        ``(z, y, x)`` numbers of ``structures.csv``; 0 outside.
    materials
        ``(z, y, x)`` one more than the row's index in ``materials.csv``; 0 outside.
    values
        ``(z, y, x)`` what ``paint`` was given for each part, mixed by covered share where a surface crosses a voxel.
    """

    structures: NDArray[np.uint8]
    materials: NDArray[np.uint8]
    values: NDArray[np.float32]
    geometry: ImageGeometry


def paint(
    geometry: ImageGeometry,
    parts: Sequence[Part],
    values: NDArray[np.float32],
    mapping: BodyMapping,
    *,
    outside: float = 0.0,
) -> Painted:
    """Paint parts in their order, each over those before it.

    Parameters
    ----------
    geometry
        An axial grid with ``IDENTITY_AXES``.
    values
        ``(parts,)`` what a voxel gets that a part fills: an SUV, a CT number.
    mapping
        From patient to body.
    outside
        Value where no part is.

    Raises
    ------
    ValueError
        For another orientation, another number of values than of parts, or an unknown structure or material.
    """
    painted = Painted(
        structures=np.zeros(geometry.shape, dtype=np.uint8),
        materials=np.zeros(geometry.shape, dtype=np.uint8),
        values=np.full(geometry.shape, outside, dtype=np.float32),
        geometry=geometry,
    )
    paint_over(painted, parts, values, mapping)
    return painted


def paint_over(painted: Painted, parts: Sequence[Part], values: NDArray[np.float32], mapping: BodyMapping) -> None:
    """Paint more parts over a painted body, in place; parameters and errors as for ``paint``."""
    geometry = painted.geometry
    if not np.allclose(geometry.axes, IDENTITY_AXES):
        raise ValueError("parts are painted on axial grids only")
    inks = np.ascontiguousarray(values, dtype=np.float32)
    if inks.shape != (len(parts),):
        raise ValueError(f"{len(parts)} parts want as many values, not an array of shape {inks.shape}")
    if not parts:
        return
    shapes = packed(parts)
    window = _window(geometry, shapes, mapping)
    if any(low >= high for low, high in window):
        return
    from uptake.phantom.body import raster  # numba is slow to import: here, once, before the threads

    del raster
    slices = range(*window[0])
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(lambda index: _paint_slice(painted, shapes, inks, mapping, (index, *window[1:])), slices))


def _window(geometry: ImageGeometry, shapes: Packed, mapping: BodyMapping) -> tuple[_Range, _Range, _Range]:
    """Voxels along z, y and x that the shapes can reach."""
    corners = np.array(np.meshgrid((0, 1), (0, 1), (0, 1), indexing="ij")).reshape(3, -1).T
    low, high = shapes.boxes[:, None, :3], shapes.boxes[:, None, 3:]
    reach = mapping.to_patient((low + corners * (high - low)).reshape(-1, 3))
    margin = _MARGIN_MM if mapping.warped else 0.5
    spacing = np.asarray(geometry.spacing_mm[::-1])
    origin = np.asarray(geometry.origin_mm)
    first = np.floor((reach.min(0) - margin - origin) / spacing).astype(int)[::-1].tolist()
    last = np.ceil((reach.max(0) + margin - origin) / spacing).astype(int)[::-1].tolist()
    ranges = [(max(low, 0), min(high + 1, n)) for low, high, n in zip(first, last, geometry.shape, strict=True)]
    return ranges[0], ranges[1], ranges[2]


def _paint_slice(
    painted: Painted,
    shapes: Packed,
    values: NDArray[np.float32],
    mapping: BodyMapping,
    place: tuple[int, _Range, _Range],
) -> None:
    """Paint the voxels of a slice that lie in a window: ``place`` is its index, then rows and columns."""
    from uptake.phantom.body.raster import paint_slice

    index, rows, columns = place
    spacing_z, spacing_y, spacing_x = painted.geometry.spacing_mm
    x, y, z = painted.geometry.origin_mm
    cell = max(int(_CELL_MM / max(spacing_x, spacing_y)), 1)
    across = x + spacing_x * (columns[0] + cell * np.arange(-(-(columns[1] - columns[0]) // cell) + 1))
    deep = y + spacing_y * (rows[0] + cell * np.arange(-(-(rows[1] - rows[0]) // cell) + 1))
    patient = np.empty((len(deep), len(across), 3))
    patient[..., 0], patient[..., 1], patient[..., 2] = across, deep[:, None], z + spacing_z * index
    nodes = mapping.to_body(patient).reshape(patient.shape)
    gain = np.column_stack(
        [mapping.turn / mapping.scale_at(float(nodes[..., 2].mean())), (spacing_x, spacing_y, spacing_z)]
    )
    inside = (index, slice(*rows), slice(*columns))
    paint_slice(
        (shapes.kinds, shapes.numbers, shapes.boxes, shapes.cuts, shapes.rows),
        (shapes.structures, shapes.materials, values),
        (nodes, np.ascontiguousarray(gain), cell),
        _scratch(len(values), cell),
        (painted.structures[inside], painted.materials[inside], painted.values[inside]),
    )


def _scratch(
    shapes: int, cell: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """What ``paint_slice`` works in."""
    lists = np.empty((4, shapes), np.int64)
    lists[0] = np.arange(shapes)[::-1]
    return lists, np.empty(4, np.int64), np.empty(6), np.empty((cell, cell, 5)), np.empty((cell, cell), np.int64)
