"""Loops that numba compiles for painting shapes into the voxels of a slice; import only where they run."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from uptake.phantom.body.distance import SHAPES, Shapes, power, shape_distance
from uptake.phantom.body.warp import compiled

_INKS = "Tuple((uint8[::1], uint8[::1], float32[::1]))"
_IMAGES = "Tuple((uint8[:,:], uint8[:,:], float32[:,:]))"
_SPOTS = "Tuple((float64[:,:,::1], int64[:,::1], float64[:,::1], float64, float64))"
_GRID = "Tuple((float64[:,:,::1], float64[:,::1], int64))"
_SCRATCH = "Tuple((int64[:,::1], int64[::1], float64[::1], float64[:,:,::1], int64[:,::1]))"
_BLOCK = 4
_Floats = NDArray[np.float64]
_Grid = tuple[_Floats, _Floats, int]
_Scratch = tuple[NDArray[np.int64], NDArray[np.int64], _Floats, _Floats, NDArray[np.int64]]
_Inks = tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.float32]]
_Images = tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.float32]]
# Of the voxels of a cell: body coordinates, and while it is painted from its uppermost shape down the share that is
# still open and the value so far; the shape that holds the centre, -1 where none does; the gain of ``paint_slice``;
# how far from a surface its voxels can be cut by it; and what a curvature of 1/mm takes off a distance.
_Spots = tuple[_Floats, NDArray[np.int64], _Floats, float, float]


@compiled("int64(float64[:,::1], int64, float64[:,::1], UniTuple(int64, 3), float64[::1])", inlined=True)
def _loft_over_box(numbers: _Floats, shape: int, rows: _Floats, own: tuple[int, int, int], box: _Floats) -> int:
    start, count, code = own
    low, high, step, n = numbers[shape, 0], numbers[shape, 1], numbers[shape, 2], numbers[shape, 3]
    first = start + min(max(int((box[2] - low) / step), 0), count - 1)
    last = start + min(max(int((box[5] - low) / step) + 1, 0), count - 1)
    low_x, high_x, half_x = 1e9, -1e9, 1e9
    low_y, high_y, half_y = 1e9, -1e9, 1e9
    wide_x, wide_y = 0.0, 0.0
    for row in range(first, last + 1):
        low_x, high_x = min(low_x, rows[row, 0]), max(high_x, rows[row, 0])
        low_y, high_y = min(low_y, rows[row, 1]), max(high_y, rows[row, 1])
        half_x, half_y = min(half_x, rows[row, 2]), min(half_y, rows[row, 3])
        wide_x, wide_y = max(wide_x, rows[row, 2]), max(wide_y, rows[row, 3])
    near_x = max(box[0] - high_x, low_x - box[3], 0.0) / wide_x
    near_y = max(box[1] - high_y, low_y - box[4], 0.0) / wide_y
    far_x = max(box[3] - low_x, high_x - box[0]) / half_x
    far_y = max(box[4] - low_y, high_y - box[1]) / half_y
    least = power(near_x, n, code) + power(near_y, n, code)
    most = power(far_x, n, code) + power(far_y, n, code)
    if least > 1.0:
        return 0
    if most < 1.0 and box[2] > low and box[5] < high:
        return 2
    return 1


@compiled("int64(float64[:,::1], int64, int64, float64[::1])", inlined=True)
def _ellipsoid_over_box(numbers: _Floats, shape: int, code: int, box: _Floats) -> int:
    x, y, z = (
        0.5 * (box[0] + box[3]) - numbers[shape, 0],
        0.5 * (box[1] + box[4]) - numbers[shape, 1],
        0.5 * (box[2] + box[5]) - numbers[shape, 2],
    )
    hx, hy, hz = 0.5 * (box[3] - box[0]), 0.5 * (box[4] - box[1]), 0.5 * (box[5] - box[2])
    rough = 2.5 * numbers[shape, 16] + abs(numbers[shape, 17])
    least, most = 0.0, 0.0
    for axis in range(3):
        u, v, w = numbers[shape, 3 + 3 * axis], numbers[shape, 4 + 3 * axis], numbers[shape, 5 + 3 * axis]
        middle = abs(u * x + v * y + w * z)
        reach = abs(u) * hx + abs(v) * hy + abs(w) * hz
        half = numbers[shape, 12 + axis]
        least += power(max(middle - reach, 0.0) / (half + rough), numbers[shape, 15], code)
        most += power((middle + reach) / max(half - rough, 1e-3), numbers[shape, 15], code)
    if least > 1.0:
        return 0
    return 2 if most < 1.0 else 1


@compiled("int64(float64[:,::1], int64, float64[::1])", inlined=True)
def _tube_over_box(numbers: _Floats, shape: int, box: _Floats) -> int:
    x, y, z = (
        0.5 * (box[0] + box[3]) - numbers[shape, 0],
        0.5 * (box[1] + box[4]) - numbers[shape, 1],
        0.5 * (box[2] + box[5]) - numbers[shape, 2],
    )
    reach = 0.5 * np.sqrt((box[3] - box[0]) ** 2 + (box[4] - box[1]) ** 2 + (box[5] - box[2]) ** 2)
    along = min(
        max((x * numbers[shape, 3] + y * numbers[shape, 4] + z * numbers[shape, 5]) * numbers[shape, 6], 0.0), 1.0
    )
    x, y, z = x - along * numbers[shape, 3], y - along * numbers[shape, 4], z - along * numbers[shape, 5]
    away = np.sqrt(x * x + y * y + z * z)
    if away - reach > max(numbers[shape, 7], numbers[shape, 7] + numbers[shape, 8]):
        return 0
    return 2 if away + reach < min(numbers[shape, 7], numbers[shape, 7] + numbers[shape, 8]) else 1


@compiled(f"int64({SHAPES}, int64, float64[::1])", inlined=True)
def _over_box(shapes: Shapes, shape: int, box: _Floats) -> int:
    """0 where a shape leaves a box of the body untouched, 2 where it fills it, 1 where that must be looked at."""
    kinds, numbers, bounds, cuts, rows = shapes
    for axis in range(3):
        if box[axis] > bounds[shape, axis + 3] or box[axis + 3] < bounds[shape, axis]:
            return 0
    kind, code = kinds[shape, 0], kinds[shape, 5]
    if kind == 0:
        result = _ellipsoid_over_box(numbers, shape, code, box)
    elif kind == 1:
        result = _tube_over_box(numbers, shape, box)
    else:
        result = _loft_over_box(numbers, shape, rows, (kinds[shape, 3], kinds[shape, 4], code), box)
    for cut in range(kinds[shape, 1], kinds[shape, 1] + kinds[shape, 2]):
        least, most = -cuts[cut, 3], -cuts[cut, 3]
        for axis in range(3):
            low, high = cuts[cut, axis] * box[axis], cuts[cut, axis] * box[axis + 3]
            least += min(low, high)
            most += max(low, high)
        if least > 0.0:
            return 0
        if most > 0.0:
            result = min(result, 1)
    return result


@compiled("void(float64[:,:,::1], UniTuple(int64, 4), float64, float64[::1])")
def _box_of(nodes: _Floats, cells: tuple[int, int, int, int], margin_mm: float, box: _Floats) -> None:
    """Extent of some cells (first row, end, first column, end) in the body, widened by a margin."""
    for axis in range(3):
        low = high = nodes[cells[0], cells[2], axis]
        for j in range(cells[0], min(cells[1] + 1, nodes.shape[0])):
            for i in range(cells[2], min(cells[3] + 1, nodes.shape[1])):
                low, high = min(low, nodes[j, i, axis]), max(high, nodes[j, i, axis])
        box[axis], box[axis + 3] = low - margin_mm, high + margin_mm


@compiled(f"int64({SHAPES}, int64[::1], int64, float64[::1], int64[::1])")
def _topmost(shapes: Shapes, among: NDArray[np.int64], count: int, box: _Floats, found: NDArray[np.int64]) -> int:
    """Shapes that matter in a box, last painted first, down to the first that fills it, which is noted as -1 - shape.

    ``among`` holds ``count`` shapes, last painted first, also with such notes; returns how many were ``found``.
    """
    n = 0
    for entry in range(count):
        shape = among[entry]
        if shape < 0:
            found[n] = shape
            return n + 1
        cover = _over_box(shapes, shape, box)
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


@compiled(f"boolean({SHAPES}, int64, float32, int64[::1], {_SPOTS})")
def _add_shape(shapes: Shapes, shape: int, ink: float, window: NDArray[np.int64], spots: _Spots) -> bool:
    """Give one shape its share of what is open in each voxel of a cell; False when nothing is open any more."""
    voxels, owner, gain, near_mm, bulge = spots
    some_open = False
    for j in range(window[1] - window[0]):
        for i in range(window[3] - window[2]):
            if voxels[j, i, 3] == 0.0:
                continue
            at = (voxels[j, i, 0], voxels[j, i, 1], voxels[j, i, 2])
            distance, x, y, z, curved = shape_distance(shapes, shape, at, near_mm)
            # A surface that curves away covers less of the voxel than its tangent plane does at the voxel's centre.
            bent = distance + curved * bulge
            share = 0.0 if bent >= near_mm else 1.0
            if abs(bent) < near_mm:
                # The slope for each voxel along the patient's axes.
                along_x = (gain[0, 0] * x + gain[0, 1] * y + gain[0, 2] * z) * gain[0, 3]
                along_y = (gain[1, 0] * x + gain[1, 1] * y + gain[1, 2] * z) * gain[1, 3]
                along_z = (gain[2, 0] * x + gain[2, 1] * y + gain[2, 2] * z) * gain[2, 3]
                width = np.sqrt(along_x * along_x + along_y * along_y + along_z * along_z)
                share = min(max(0.5 - bent / width, 0.0), 1.0)
            if share > 0.0:
                if distance < 0.0 and owner[j, i] < 0:
                    owner[j, i] = shape
                voxels[j, i, 4] += voxels[j, i, 3] * share * ink
                voxels[j, i, 3] *= 1.0 - share
            some_open = some_open or share < 1.0
    return some_open


@compiled(f"void({_INKS}, int64[::1], {_SPOTS}, {_IMAGES})")
def _settle(inks: _Inks, window: NDArray[np.int64], spots: _Spots, images: _Images) -> None:
    """Write the voxels of a cell; what is still open shows what was there before."""
    voxels, owner = spots[0], spots[1]
    for j in range(window[0], window[1]):
        for i in range(window[2], window[3]):
            v, u = j - window[0], i - window[2]
            images[2][j, i] = np.float32(voxels[v, u, 4] + voxels[v, u, 3] * images[2][j, i])
            if owner[v, u] >= 0:
                images[0][j, i] = inks[0][owner[v, u]]
                images[1][j, i] = inks[1][owner[v, u]]


@compiled(f"void(float64[:,:,::1], int64, int64, int64, {_SPOTS})")
def _spread(nodes: _Floats, row: int, column: int, cell: int, spots: _Spots) -> None:
    """Start a cell: body coordinates of its voxels from its corners, the first of which is its first voxel."""
    voxels, owner = spots[0], spots[1]
    for axis in range(3):
        corner = nodes[row, column, axis]
        across = (nodes[row, column + 1, axis] - corner) / cell
        down = (nodes[row + 1, column, axis] - corner) / cell
        twist = (nodes[row + 1, column + 1, axis] - nodes[row + 1, column, axis]) / cell - across
        for j in range(cell):
            for i in range(cell):
                voxels[j, i, axis] = corner + down * j + (across + twist * j / cell) * i
    for j in range(cell):
        for i in range(cell):
            voxels[j, i, 3], voxels[j, i, 4] = 1.0, 0.0
            owner[j, i] = -1


@compiled("float64(float64[:,::1])")
def _margin_mm(gain: _Floats) -> float:
    """How far, at most, a voxel reaches beyond its centre along an axis of the body."""
    steepest = 0.0
    for axis in range(3):
        steepest = max(steepest, abs(gain[axis, 0]), abs(gain[axis, 1]), abs(gain[axis, 2]))
    return 0.5 * steepest * float(np.sqrt(gain[0, 3] ** 2 + gain[1, 3] ** 2 + gain[2, 3] ** 2))


@compiled("float64(float64[:,::1])")
def _farthest_cut_mm(gain: _Floats) -> float:
    """No surface farther than this from a voxel's centre, body mm, cuts the voxel."""
    longest = 0.0
    for axis in range(3):  # the columns of a rotation over scales stand at right angles
        longest = max(longest, float(np.sqrt(gain[0, axis] ** 2 + gain[1, axis] ** 2 + gain[2, axis] ** 2)))
    return 0.5 * longest * float(max(gain[0, 3], gain[1, 3], gain[2, 3])) * (1.0 + 1e-9)


@compiled(f"void({SHAPES}, {_INKS}, {_GRID}, {_SCRATCH}, {_IMAGES})")
def paint_slice(shapes: Shapes, inks: _Inks, grid: _Grid, scratch: _Scratch, images: _Images) -> None:
    """Paint all shapes, in their order, into the images of one slice.

    Parameters
    ----------
    grid
        Body coordinates of every ``cell``-th voxel, one beyond the images' end; the rotation from body to patient over
        the scales, with the voxel's size along x, y, z as a fourth column; ``cell``.
    scratch
        Room to work in, whatever it holds: ``(4, shapes)``, ``(4,)``, ``(6,)``, ``(cell, cell, 5)``, ``(cell, cell)``;
        but the first row of the first is all shapes, last painted first.
    """
    nodes, gain, cell = grid
    lists, window, box, voxels, owner = scratch
    everything, in_slice, in_block, in_cell = lists[0], lists[1], lists[2], lists[3]
    count = everything.shape[0]
    height, width = images[0].shape
    margin = _margin_mm(gain)
    bulge = (gain[0, 3] ** 2 + gain[1, 3] ** 2 + gain[2, 3] ** 2) / 72.0
    spots = (voxels, owner, gain, _farthest_cut_mm(gain), bulge)
    _box_of(nodes, (0, nodes.shape[0] - 1, 0, nodes.shape[1] - 1), margin, box)
    slice_count = _topmost(shapes, everything, count, box, in_slice)
    for top in range(0, nodes.shape[0] - 1, _BLOCK):
        for left in range(0, nodes.shape[1] - 1, _BLOCK):
            _box_of(nodes, (top, top + _BLOCK, left, left + _BLOCK), margin, box)
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
                    _box_of(nodes, (j, j + 1, i, i + 1), margin, box)
                    found = _topmost(shapes, in_block, block_count, box, in_cell)
                    if found == 0:
                        continue
                    window[0], window[1] = j * cell, min((j + 1) * cell, height)
                    window[2], window[3] = i * cell, min((i + 1) * cell, width)
                    if in_cell[found - 1] < 0:
                        _fill(inks, -1 - in_cell[found - 1], window, images)
                        found -= 1
                    if found > 0:
                        _spread(nodes, j, i, cell, spots)
                        for entry in range(found):
                            if not _add_shape(shapes, in_cell[entry], inks[2][in_cell[entry]], window, spots):
                                break
                        _settle(inks, window, spots, images)
