"""Parts as plain arrays of numbers, the form in which the compiled painting loops read them."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from uptake.phantom.body.mapping import rotation
from uptake.phantom.body.parts import Cut, Ellipsoid, Loft, Part, Shape, Tube

ELLIPSOID, TUBE, LOFT = 0, 1, 2
PARAMETERS = 20
_ROW_MM = 2.0
_THINNEST_MM = 0.05
_WAVES = 8
_DIRECTIONS = 800


@dataclass(frozen=True, slots=True, eq=False)
class Packed:
    """Shapes in painting order.

    Parameters
    ----------
    kinds
        ``(n, 6)``: which shape, then first and number of its cuts, first and number of its rows (sections of a loft,
        waves of an ellipsoid's roughness), and its exponent's code 2, 4 or 0 (any).
    numbers
        ``(n, 20)``: see ``_ellipsoid``, ``_tube``, ``_loft``.
    boxes
        ``(n, 6)``: low x, y, z and high x, y, z in body coordinates, in mm.
    cuts
        ``(m, 4)``: normal and offset.
    rows
        ``(k, 8)``: a loft's x, y and half axes with their slopes along z, or a wave's direction, phase and height.
    structures, materials
        ``(n,)``: numbers for the label images.
    """

    kinds: NDArray[np.int64]
    numbers: NDArray[np.float64]
    boxes: NDArray[np.float64]
    cuts: NDArray[np.float64]
    rows: NDArray[np.float64]
    structures: NDArray[np.uint8]
    materials: NDArray[np.uint8]


def packed(parts: Sequence[Part]) -> Packed:
    """Pack parts in their order; ValueError for an unknown structure or material, or an impossible shape."""
    kinds, numbers, boxes, cuts, rows = [], [], [], [Cut((0.0, 0.0, 1.0), 0.0)], [np.zeros((1, 8))]
    first_row = 1
    for part in parts:
        kind, values, box, own_rows, exponent = _shape(part.shape)
        own_cuts = () if isinstance(part.shape, Tube) else part.shape.cuts
        code = int(exponent) if exponent in (2.0, 4.0) else 0
        kinds.append((kind, len(cuts), len(own_cuts), first_row, len(own_rows), code))
        cuts.extend(own_cuts)
        first_row += len(own_rows)
        rows.append(own_rows)
        numbers.append(np.pad(values, (0, PARAMETERS - len(values))))
        boxes.append(box)
    return Packed(
        kinds=np.array(kinds, dtype=np.int64).reshape(-1, 6),
        numbers=np.array(numbers, dtype=np.float64).reshape(-1, PARAMETERS),
        boxes=np.array(boxes, dtype=np.float64).reshape(-1, 6),
        cuts=np.array([(*cut.normal, cut.offset_mm) for cut in cuts], dtype=np.float64),
        rows=np.concatenate(rows),
        structures=np.array([_number("structures.csv", part.structure) for part in parts], dtype=np.uint8),
        materials=np.array([_number("materials.csv", part.material) for part in parts], dtype=np.uint8),
    )


@cache
def numbers_by_name(table: str) -> dict[str, int]:
    """Label numbers of ``structures.csv`` (its own column) or ``materials.csv`` (1 for the first row) by name."""
    text = (resources.files("uptake.phantom.body") / table).read_text(encoding="utf-8")
    return {row["name"]: int(row.get("number", n)) for n, row in enumerate(csv.DictReader(text.splitlines()), 1)}


def _number(table: str, name: str) -> int:
    try:
        return numbers_by_name(table)[name]
    except KeyError:
        raise ValueError(f"{table} has no {name!r}") from None


def _shape(shape: Shape) -> tuple[int, NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], float]:
    if isinstance(shape, Ellipsoid):
        return (ELLIPSOID, *_ellipsoid(shape), shape.exponent)
    if isinstance(shape, Tube):
        return (TUBE, *_tube(shape), 2.0)
    return (LOFT, *_loft(shape), shape.exponent)


def _ellipsoid(shape: Ellipsoid) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Centre 3, body-to-own rotation 9, half axes 3, exponent, depth of roughness, offset that keeps the volume."""
    half = np.asarray(shape.half_axes_mm, dtype=np.float64)
    if half.min() <= 0 or shape.exponent < 1:
        raise ValueError(f"an ellipsoid needs positive half axes and an exponent of 1 or more, not {shape}")
    turn = rotation(shape.rotation_deg)
    waves = np.zeros((0, 8))
    offset = 0.0
    if shape.roughness_mm > 0:
        waves = _waves(shape.seed)
        offset = _volume_keeping_offset(half, waves, shape.roughness_mm)
    # An ellipsoid's box is smaller than its box's box; both hold it, and the smaller of the two sizes does for n = 2.
    reach = np.sqrt((turn**2) @ half**2) if shape.exponent <= 2 else np.abs(turn) @ half
    reach = reach + 2.0 * shape.roughness_mm
    centre = np.asarray(shape.centre_mm, dtype=np.float64)
    values = np.array([*centre, *turn.T.ravel(), *half, shape.exponent, shape.roughness_mm, offset])
    return values, np.concatenate([centre - reach, centre + reach]), waves


def _waves(seed: int) -> NDArray[np.float64]:
    """Waves over the unit sphere whose sum stays about within -1..1: wave vector, phase and height."""
    rng = np.random.default_rng((seed, 8))
    waves = np.zeros((_WAVES, 8))
    directions = rng.standard_normal((_WAVES, 3))
    lengths = rng.uniform(2.5, 6.5, (_WAVES, 1))
    waves[:, :3] = directions / np.linalg.norm(directions, axis=1, keepdims=True) * lengths
    waves[:, 3] = rng.uniform(0, 2 * np.pi, _WAVES)
    waves[:, 4] = 1.0 / np.sqrt(_WAVES)
    return waves


def _volume_keeping_offset(half: NDArray[np.float64], waves: NDArray[np.float64], depth_mm: float) -> float:
    """What to add to the surface's displacement so that an ellipsoid keeps its volume.

    Along each direction u of the unit sphere the surface lies at 1 + displacement * |u / half axes|; the volume is the
    sphere's mean of its cube.
    """
    step = np.arange(_DIRECTIONS) + 0.5
    height, angle = 1 - 2 * step / _DIRECTIONS, np.pi * (1 + 5**0.5) * step
    ring = np.sqrt(1 - height**2)
    u = np.stack([ring * np.cos(angle), ring * np.sin(angle), height], axis=1)
    steep = np.linalg.norm(u / half, axis=1)
    bumps = depth_mm * np.sin(u @ waves[:, :3].T + waves[:, 3]) @ waves[:, 4]
    offset = 0.0
    for _ in range(8):
        radius = np.maximum(1 + (bumps + offset) * steep, 0.05)
        offset -= float(((radius**3).mean() - 1) / (3 * radius**2 * steep).mean())
    return offset


def _tube(shape: Tube) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Start 3, way to the end 3, one over its squared length, start radius, end radius less start radius."""
    start, end = np.asarray(shape.start_mm, dtype=np.float64), np.asarray(shape.end_mm, dtype=np.float64)
    way, (first, last) = end - start, (shape.start_radius_mm, shape.end_radius_mm)
    if min(first, last) <= 0:
        raise ValueError(f"a tube needs positive radii, not {shape}")
    squared = float(way @ way)
    low = np.minimum(start - first, end - last)
    high = np.maximum(start + first, end + last)
    values = np.array([*start, *way, 1 / squared if squared > 0 else 0.0, first, last - first])
    return values, np.concatenate([low, high]), np.zeros((0, 8))


def _loft(shape: Loft) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Lower end, upper end, distance of its rows, exponent; the rows follow the sections without overshooting them."""
    heights = np.array([section.z_mm for section in shape.sections], dtype=np.float64)
    if len(heights) < 2 or (np.diff(heights) <= 0).any():
        raise ValueError(f"a loft needs two or more sections in rising z, not {heights.tolist()}")
    outline = np.array([(s.x_mm, s.y_mm, s.half_x_mm, s.half_y_mm) for s in shape.sections], dtype=np.float64)
    low, high = float(heights[0]), float(heights[-1])
    count = max(int(np.ceil((high - low) / _ROW_MM)), 8) + 1
    at = np.linspace(low, high, count)
    values = PchipInterpolator(heights, outline, axis=0)(at)
    values[:, 2:] = np.maximum(values[:, 2:], _THINNEST_MM)
    step = (high - low) / (count - 1)
    slopes = np.zeros_like(values)
    slopes[:-1] = np.diff(values, axis=0) / step
    slopes[-1] = slopes[-2]
    reach = values[:, 2:]
    box = np.array([*(values[:, :2] - reach).min(0), low, *(values[:, :2] + reach).max(0), high])
    return np.array([low, high, step, shape.exponent]), box, np.concatenate([values, slopes], axis=1)
