"""Loops that numba compiles for painting shapes into the voxels of a slice; import only where they run."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from uptake.phantom.body.distance import power, shape_distance
from uptake.phantom.body.warp import compiled


@compiled("int64(float64[:], float64[:,::1], int64, float64[::1])")
def _loft_over_box(p: NDArray[np.float64], rows: NDArray[np.float64], code: int, box: NDArray[np.float64]) -> int:
    first = min(max(int((box[2] - p[0]) / p[2]), 0), rows.shape[0] - 1)
    last = min(max(int((box[5] - p[0]) / p[2]) + 1, 0), rows.shape[0] - 1)
    low_x, high_x, half_x = 1e9, -1e9, 1e9
    low_y, high_y, half_y = 1e9, -1e9, 1e9
    wide_x, wide_y = 0.0, 0.0
    for row in range(first, last + 1):
        s = rows[row]
        low_x, high_x = min(low_x, s[0]), max(high_x, s[0])
        low_y, high_y = min(low_y, s[1]), max(high_y, s[1])
        half_x, half_y = min(half_x, s[2]), min(half_y, s[3])
        wide_x, wide_y = max(wide_x, s[2]), max(wide_y, s[3])
    near_x = max(box[0] - high_x, low_x - box[3], 0.0) / wide_x
    near_y = max(box[1] - high_y, low_y - box[4], 0.0) / wide_y
    far_x = max(box[3] - low_x, high_x - box[0]) / half_x
    far_y = max(box[4] - low_y, high_y - box[1]) / half_y
    least = power(near_x, p[3], code) + power(near_y, p[3], code)
    most = power(far_x, p[3], code) + power(far_y, p[3], code)
    if least > 1.0:
        return 0
    if most < 1.0 and box[2] > p[0] and box[5] < p[1]:
        return 2
    return 1


@compiled("int64(float64[:], int64, float64[::1])")
def _ellipsoid_over_box(p: NDArray[np.float64], code: int, box: NDArray[np.float64]) -> int:
    x, y, z = 0.5 * (box[0] + box[3]) - p[0], 0.5 * (box[1] + box[4]) - p[1], 0.5 * (box[2] + box[5]) - p[2]
    hx, hy, hz = 0.5 * (box[3] - box[0]), 0.5 * (box[4] - box[1]), 0.5 * (box[5] - box[2])
    rough = 2.5 * p[16] + abs(p[17])
    least, most = 0.0, 0.0
    for axis in range(3):
        u, v, w = p[3 + 3 * axis], p[4 + 3 * axis], p[5 + 3 * axis]
        middle = abs(u * x + v * y + w * z)
        reach = abs(u) * hx + abs(v) * hy + abs(w) * hz
        half = p[12 + axis]
        least += power(max(middle - reach, 0.0) / (half + rough), p[15], code)
        most += power((middle + reach) / max(half - rough, 1e-3), p[15], code)
    if least > 1.0:
        return 0
    return 2 if most < 1.0 else 1


@compiled("int64(float64[:], float64[::1])")
def _tube_over_box(p: NDArray[np.float64], box: NDArray[np.float64]) -> int:
    x, y, z = 0.5 * (box[0] + box[3]) - p[0], 0.5 * (box[1] + box[4]) - p[1], 0.5 * (box[2] + box[5]) - p[2]
    reach = 0.5 * np.sqrt((box[3] - box[0]) ** 2 + (box[4] - box[1]) ** 2 + (box[5] - box[2]) ** 2)
    along = min(max((x * p[3] + y * p[4] + z * p[5]) * p[6], 0.0), 1.0)
    x, y, z = x - along * p[3], y - along * p[4], z - along * p[5]
    away = np.sqrt(x * x + y * y + z * z)
    if away - reach > max(p[7], p[7] + p[8]):
        return 0
    return 2 if away + reach < min(p[7], p[7] + p[8]) else 1


@compiled("int64(int64[:], float64[:], float64[:], float64[:,::1], float64[:,::1], float64[::1])")
def shape_over_box(
    kind: NDArray[np.int64],
    p: NDArray[np.float64],
    bounds: NDArray[np.float64],
    cuts: NDArray[np.float64],
    rows: NDArray[np.float64],
    box: NDArray[np.float64],
) -> int:
    """0 where a shape leaves a box of the body untouched, 2 where it fills it, 1 where that must be looked at."""
    for axis in range(3):
        if box[axis] > bounds[axis + 3] or box[axis + 3] < bounds[axis]:
            return 0
    if kind[0] == 0:
        result = _ellipsoid_over_box(p, kind[5], box)
    elif kind[0] == 1:
        result = _tube_over_box(p, box)
    else:
        result = _loft_over_box(p, rows[kind[3] : kind[3] + kind[4]], kind[5], box)
    for cut in range(kind[1], kind[1] + kind[2]):
        c = cuts[cut]
        least, most = -c[3], -c[3]
        for axis in range(3):
            low, high = c[axis] * box[axis], c[axis] * box[axis + 3]
            least += min(low, high)
            most += max(low, high)
        if least > 0.0:
            return 0
        if most > 0.0:
            result = min(result, 1)
    return result


@compiled("void(float64[:,:,:], float64, float64[::1])")
def _box_of(nodes: NDArray[np.float64], margin_mm: float, box: NDArray[np.float64]) -> None:
    """Extent of some nodes in the body, widened by a margin."""
    for axis in range(3):
        low, high = nodes[0, 0, axis], nodes[0, 0, axis]
        for j in range(nodes.shape[0]):
            for i in range(nodes.shape[1]):
                low, high = min(low, nodes[j, i, axis]), max(high, nodes[j, i, axis])
        box[axis], box[axis + 3] = low - margin_mm, high + margin_mm


_SHAPES = "Tuple((int64[:,::1], float64[:,::1], float64[:,::1], float64[:,::1], float64[:,::1]))"
_INKS = "Tuple((uint8[::1], uint8[::1], float32[::1]))"
_IMAGES = "Tuple((uint8[:,:], uint8[:,:], float32[:,:]))"
_Shapes = tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]
_SPOTS = "Tuple((float64[:,:,::1], float64[:,::1], float64[::1]))"
_BLOCK = 4
_Spots = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]
_Inks = tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.float32]]
_Images = tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.float32]]


@compiled(f"int64({_SHAPES}, int64[::1], int64, float64[::1], int64[::1])")
def _topmost(
    shapes: _Shapes, among: NDArray[np.int64], count: int, box: NDArray[np.float64], found: NDArray[np.int64]
) -> int:
    """Shapes that matter in a box, last painted first, down to the first that fills it, which is noted as -1 - shape.

    ``among`` holds ``count`` shapes, last painted first, also with such notes; returns how many were ``found``.
    """
    kinds, numbers, boxes, cuts, rows = shapes
    n = 0
    for entry in range(count):
        shape = among[entry]
        if shape < 0:
            found[n] = shape
            return n + 1
        cover = shape_over_box(kinds[shape], numbers[shape], boxes[shape], cuts, rows, box)
        if cover == 2:
            found[n] = -1 - shape
            return n + 1
        if cover == 1:
            found[n] = shape
            n += 1
    return n


@compiled(f"void({_INKS}, int64, int64[::1], {_IMAGES})")
def _fill(inks: _Inks, shape: int, window: NDArray[np.int64], images: _Images) -> None:
    """Give a window (first row, end, first column, end) to one shape."""
    for j in range(window[0], window[1]):
        for i in range(window[2], window[3]):
            images[0][j, i] = inks[0][shape]
            images[1][j, i] = inks[1][shape]
            images[2][j, i] = inks[2][shape]


@compiled(f"void({_SHAPES}, {_INKS}, int64, int64[::1], {_SPOTS}, {_IMAGES})")
def _paint_shape(
    shapes: _Shapes, inks: _Inks, shape: int, window: NDArray[np.int64], spots: _Spots, images: _Images
) -> None:
    """Paint one shape over a window: its covered share of each voxel's value, its labels where it holds the centre."""
    kinds, numbers, _, cuts, rows = shapes
    places, gain, slope = spots
    kind, own = kinds[shape], numbers[shape]
    # A surface that curves away covers less of the voxel than its tangent plane does at the voxel's centre.
    bulge = (gain[0, 3] ** 2 + gain[1, 3] ** 2 + gain[2, 3] ** 2) / 72.0
    for j in range(window[0], window[1]):
        for i in range(window[2], window[3]):
            distance = shape_distance(kind, own, cuts, rows, places[j - window[0], i - window[2]], slope)
            width = 0.0
            for axis in range(3):  # the slope for each voxel along the patient's axes
                part = gain[axis, 0] * slope[0] + gain[axis, 1] * slope[1] + gain[axis, 2] * slope[2]
                width += (part * gain[axis, 3]) ** 2
            covered = 0.5 - (distance + slope[3] * bulge) / np.sqrt(width)
            if covered <= 0.0:
                continue
            if distance < 0.0:
                images[0][j, i] = inks[0][shape]
                images[1][j, i] = inks[1][shape]
            share = np.float32(min(covered, 1.0))
            images[2][j, i] += share * (inks[2][shape] - images[2][j, i])


@compiled(f"void(float64[:,:,:], int64, {_SPOTS})")
def _spread(corners: NDArray[np.float64], cell: int, spots: _Spots) -> None:
    """Body coordinates of the voxels of a cell from those of its corners, the first of which is its first voxel."""
    places = spots[0]
    for axis in range(3):
        corner = corners[0, 0, axis]
        across = (corners[0, 1, axis] - corner) / cell
        down = (corners[1, 0, axis] - corner) / cell
        twist = (corners[1, 1, axis] - corners[1, 0, axis]) / cell - across
        for j in range(cell):
            for i in range(cell):
                places[j, i, axis] = corner + down * j + (across + twist * j / cell) * i


@compiled(f"void({_SHAPES}, {_INKS}, float64[:,:,::1], float64[:,::1], int64, {_IMAGES})")
def paint_slice(
    shapes: _Shapes,
    inks: _Inks,
    nodes: NDArray[np.float64],
    gain: NDArray[np.float64],
    cell: int,
    images: _Images,
) -> None:
    """Paint all shapes, in their order, into the images of one slice.

    ``nodes`` are the body coordinates of every ``cell``-th voxel, one beyond the images' end; ``gain`` is the rotation
    from body to patient over the scales, with the voxel's size along x, y, z as a fourth column.
    """
    count = shapes[0].shape[0]
    height, width = images[0].shape
    margin = 0.5 * np.sqrt(gain[0, 3] ** 2 + gain[1, 3] ** 2 + gain[2, 3] ** 2) * np.abs(gain[:, :3]).max()
    everything = np.arange(count)[::-1].copy()
    in_slice, in_block, in_cell = np.empty(count, np.int64), np.empty(count, np.int64), np.empty(count, np.int64)
    box, window = np.empty(6), np.empty(4, np.int64)
    spots = (np.empty((cell, cell, 3)), gain, np.empty(4))
    _box_of(nodes, margin, box)
    slice_count = _topmost(shapes, everything, count, box, in_slice)
    for top in range(0, nodes.shape[0] - 1, _BLOCK):
        for left in range(0, nodes.shape[1] - 1, _BLOCK):
            _box_of(nodes[top : top + _BLOCK + 1, left : left + _BLOCK + 1], margin, box)
            block_count = _topmost(shapes, in_slice, slice_count, box, in_block)
            if block_count == 0:
                continue
            if in_block[block_count - 1] < 0:
                window[0], window[1] = top * cell, min((top + _BLOCK) * cell, height)
                window[2], window[3] = left * cell, min((left + _BLOCK) * cell, width)
                _fill(inks, -1 - in_block[block_count - 1], window, images)
                block_count -= 1
            for j in range(top, min(top + _BLOCK, nodes.shape[0] - 1)):
                for i in range(left, min(left + _BLOCK, nodes.shape[1] - 1) if block_count > 0 else left):
                    corners = nodes[j : j + 2, i : i + 2]
                    _box_of(corners, margin, box)
                    found = _topmost(shapes, in_block, block_count, box, in_cell)
                    if found == 0:
                        continue
                    window[0], window[1] = j * cell, min((j + 1) * cell, height)
                    window[2], window[3] = i * cell, min((i + 1) * cell, width)
                    if in_cell[found - 1] < 0:
                        _fill(inks, -1 - in_cell[found - 1], window, images)
                        found -= 1
                    if found > 0:
                        _spread(corners, cell, spots)
                    for entry in range(found - 1, -1, -1):
                        _paint_shape(shapes, inks, in_cell[entry], window, spots, images)
