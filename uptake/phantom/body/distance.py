"""Loops that numba compiles for the distance of a point from a shape's surface; import only where they run.

All of them give five numbers (``Hit``): distance, then a slope along body x, y, z, then the sum of the two curvatures
in 1/mm (0 where it is not known). Numbers rather than arrays: they stay in registers.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from uptake.phantom.body.warp import compiled

_NEAR_ZERO = 1e-9
_FAR_MM = 1e9

_Floats = NDArray[np.float64]
Hit = tuple[float, float, float, float, float]
Point = tuple[float, float, float]
SHAPES = "Tuple((int64[:,::1], float64[:,::1], float64[:,::1], float64[:,::1], float64[:,::1]))"
Shapes = tuple[NDArray[np.int64], _Floats, _Floats, _Floats, _Floats]
_HIT, _POINT = "UniTuple(float64, 5)", "UniTuple(float64, 3)"


@compiled("float64(float64, float64, int64)", inlined=True)
def power(base: float, exponent: float, code: int) -> float:
    """``base`` to the power of ``exponent``; the usual ones, as the code says, without logarithms."""
    if code == 2:
        return base * base
    if code == 4:
        return base * base * base * base
    return float(base**exponent) if base > 0.0 else 0.0


@compiled("float64(float64, float64, int64)", inlined=True)
def _root(base: float, exponent: float, code: int) -> float:
    if code == 2:
        return float(np.sqrt(base))
    if code == 4:
        return float(np.sqrt(np.sqrt(base)))
    return float(base ** (1.0 / exponent))


@compiled("float64(float64, float64, float64)", inlined=True)
def _share(at: float, powered: float, scale: float) -> float:
    """Slope of a size along one of its terms, from that term's own power; the scale is size over the powers' sum."""
    return powered / at * scale if at != 0.0 else 0.0


@compiled(f"{_HIT}(float64[:,::1], int64, int64, {_POINT}, float64)", inlined=True)
def _ellipsoid(numbers: _Floats, shape: int, code: int, at: Point, near_mm: float) -> Hit:
    """Implicit value of an ellipsoid, negative inside, and its slope."""
    p = numbers
    x, y, z = at[0] - p[shape, 0], at[1] - p[shape, 1], at[2] - p[shape, 2]
    half_a, half_b, half_c = p[shape, 12], p[shape, 13], p[shape, 14]
    n = p[shape, 15]
    a = (p[shape, 3] * x + p[shape, 4] * y + p[shape, 5] * z) / half_a
    b = (p[shape, 6] * x + p[shape, 7] * y + p[shape, 8] * z) / half_b
    c = (p[shape, 9] * x + p[shape, 10] * y + p[shape, 11] * z) / half_c
    if code != 2 and n >= 2.0:
        # Powers cost most: away from the surface it is enough that the size lies between these two.
        steep2 = 1.0 / (half_a * half_a) + 1.0 / (half_b * half_b) + 1.0 / (half_c * half_c)
        beyond = max(abs(a), abs(b), abs(c)) - 1.0
        if beyond > 0.0 and beyond * beyond > near_mm * near_mm * steep2:
            return _FAR_MM, 0.0, 0.0, 1.0, 0.0
        within = 1.0 - np.sqrt(a * a + b * b + c * c)
        if within > 0.0 and within * within > near_mm * near_mm * steep2:
            return -_FAR_MM, 0.0, 0.0, 1.0, 0.0
    pa, pb, pc = power(abs(a), n, code), power(abs(b), n, code), power(abs(c), n, code)
    total = pa + pb + pc
    if code == 2 and total > (1.0 + near_mm / min(half_a, half_b, half_c)) ** 2:
        return _FAR_MM, 0.0, 0.0, 1.0, 0.0
    size = _root(total, n, code)
    if size < _NEAR_ZERO:
        return -1.0, 0.0, 0.0, 1.0 / min(half_a, half_b, half_c), 0.0
    scale = size / total
    ga, gb, gc = _share(a, pa, scale) / half_a, _share(b, pb, scale) / half_b, _share(c, pc, scale) / half_c
    curved = 0.0
    if code == 2:
        steep = ga * ga + gb * gb + gc * gc
        bent = (ga * ga + gb * gb) / half_c**2 + (gb * gb + gc * gc) / half_a**2 + (gc * gc + ga * ga) / half_b**2
        curved = bent / steep / np.sqrt(steep) / max(size, 0.5)
    return (
        size - 1.0,
        p[shape, 3] * ga + p[shape, 6] * gb + p[shape, 9] * gc,
        p[shape, 4] * ga + p[shape, 7] * gb + p[shape, 10] * gc,
        p[shape, 5] * ga + p[shape, 8] * gb + p[shape, 11] * gc,
        curved,
    )


@compiled(f"float64(float64[:,::1], int64, float64[:,::1], UniTuple(int64, 3), {_POINT})")
def _bump(numbers: _Floats, shape: int, rows: _Floats, own: tuple[int, int, int], at: Point) -> float:
    """What an ellipsoid's roughness takes off its implicit value."""
    p = numbers[shape]
    x, y, z = at[0] - p[0], at[1] - p[1], at[2] - p[2]
    a = (p[3] * x + p[4] * y + p[5] * z) / p[12]
    b = (p[6] * x + p[7] * y + p[8] * z) / p[13]
    c = (p[9] * x + p[10] * y + p[11] * z) / p[14]
    size = np.sqrt(a * a + b * b + c * c)
    if size < _NEAR_ZERO:
        return 0.0
    bump = 0.0
    for row in range(own[0], own[0] + own[1]):
        along = a * rows[row, 0] + b * rows[row, 1] + c * rows[row, 2]
        bump += rows[row, 4] * np.sin(along / size + rows[row, 3])
    return float((p[16] * bump + p[17]) / size * np.sqrt((a / p[12]) ** 2 + (b / p[13]) ** 2 + (c / p[14]) ** 2))


@compiled(f"{_HIT}(float64[:,::1], int64, {_POINT}, float64)", inlined=True)
def _tube(numbers: _Floats, shape: int, at: Point, near_mm: float) -> Hit:
    """Implicit value of a rod in mm, negative inside, and its slope."""
    p = numbers
    wx, wy, wz = p[shape, 3], p[shape, 4], p[shape, 5]
    x, y, z = at[0] - p[shape, 0], at[1] - p[shape, 1], at[2] - p[shape, 2]
    along = min(max((x * wx + y * wy + z * wz) * p[shape, 6], 0.0), 1.0)
    x, y, z = x - along * wx, y - along * wy, z - along * wz
    radius = p[shape, 7] + along * p[shape, 8]
    away2 = x * x + y * y + z * z
    if away2 > (radius + near_mm) ** 2:
        return _FAR_MM, 0.0, 0.0, 1.0, 0.0
    curved = (1.0 if 0.0 < along < 1.0 else 2.0) / radius
    away = np.sqrt(away2)
    if away < _NEAR_ZERO:
        return -radius, 0.0, 0.0, 1.0, curved
    return away - radius, x / away, y / away, z / away, curved


@compiled(f"{_HIT}(float64[:,::1], int64, float64[:,::1], UniTuple(int64, 3), {_POINT}, float64)", inlined=True)
def _loft(numbers: _Floats, shape: int, rows: _Floats, own: tuple[int, int, int], at: Point, near_mm: float) -> Hit:
    """Implicit value of a loft, negative inside, and its slope; beyond its ends those of the end planes, in mm."""
    first, count, code = own
    low, high, step, n = numbers[shape, 0], numbers[shape, 1], numbers[shape, 2], numbers[shape, 3]
    z = at[2]
    end = max(low - z, z - high)
    if end > near_mm:
        return _FAR_MM, 0.0, 0.0, 1.0, 0.0
    row = min(max(int((z - low) / step), 0), count - 1)
    rise = min(max(z, low), high) - low - row * step
    row += first
    half_x, half_y = rows[row, 2] + rise * rows[row, 6], rows[row, 3] + rise * rows[row, 7]
    a = (at[0] - rows[row, 0] - rise * rows[row, 4]) / half_x
    b = (at[1] - rows[row, 1] - rise * rows[row, 5]) / half_y
    if code != 2 and n >= 2.0:  # as for ellipsoids
        rising = (abs(rows[row, 4]) + abs(a * rows[row, 6])) / half_x + (
            abs(rows[row, 5]) + abs(b * rows[row, 7])
        ) / half_y
        steep2 = 1.0 / (half_x * half_x) + 1.0 / (half_y * half_y) + rising * rising
        beyond = max(abs(a), abs(b)) - 1.0
        if beyond > 0.0 and beyond * beyond > near_mm * near_mm * steep2:
            return _FAR_MM, 0.0, 0.0, 1.0, 0.0
        within = 1.0 - np.sqrt(a * a + b * b)
        if end < -near_mm and within > 0.0 and within * within > near_mm * near_mm * steep2:
            return -_FAR_MM, 0.0, 0.0, 1.0, 0.0
    pa, pb = power(abs(a), n, code), power(abs(b), n, code)
    total = pa + pb
    size = _root(total, n, code)
    slope_x, slope_y, slope_z = 0.0, 1.0 / min(half_x, half_y), 0.0
    if size >= _NEAR_ZERO:
        scale = size / total
        slope_x, slope_y = _share(a, pa, scale) / half_x, _share(b, pb, scale) / half_y
        slope_z = -slope_x * (rows[row, 4] + a * rows[row, 6]) - slope_y * (rows[row, 5] + b * rows[row, 7])
    if end > (size - 1.0) / np.sqrt(slope_x * slope_x + slope_y * slope_y + slope_z * slope_z):
        return end, 0.0, 0.0, -1.0 if low - z > z - high else 1.0, 0.0
    return size - 1.0, slope_x, slope_y, slope_z, 0.0


@compiled(f"{_HIT}({SHAPES}, int64, {_POINT}, float64)", inlined=True)
def shape_distance(shapes: Shapes, shape: int, at: Point, near_mm: float) -> Hit:
    """Signed distance in body mm to first order, negative inside, with the unit normal and the sum of curvatures.

    Farther than ``near_mm`` from the surface any number that is farther on the same side may stand for the distance.
    """
    kinds, numbers, _, cuts, rows = shapes
    kind, code = kinds[shape, 0], kinds[shape, 5]
    own = (kinds[shape, 3], kinds[shape, 4], code)
    if kind == 0:
        value, x, y, z, curved = _ellipsoid(numbers, shape, code, at, near_mm if kinds[shape, 4] == 0 else _FAR_MM)
        if kinds[shape, 4] > 0:
            value -= _bump(numbers, shape, rows, own, at)
    elif kind == 1:
        value, x, y, z, curved = _tube(numbers, shape, at, near_mm)
    else:
        value, x, y, z, curved = _loft(numbers, shape, rows, own, at, near_mm)
    steep = np.sqrt(x * x + y * y + z * z)
    value, x, y, z = value / steep, x / steep, y / steep, z / steep
    for cut in range(kinds[shape, 1], kinds[shape, 1] + kinds[shape, 2]):
        beyond = cuts[cut, 0] * at[0] + cuts[cut, 1] * at[1] + cuts[cut, 2] * at[2] - cuts[cut, 3]
        if beyond > value:
            value, x, y, z, curved = beyond, cuts[cut, 0], cuts[cut, 1], cuts[cut, 2], 0.0
    return value, x, y, z, curved
