"""Loops that numba compiles for the distance of a point from a shape's surface; import only where they run."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from uptake.phantom.body.warp import compiled

_NEAR_ZERO = 1e-9


@compiled("float64(float64, float64, int64)")
def power(base: float, exponent: float, code: int) -> float:
    """``base`` to the power of ``exponent``; the usual ones, as the code says, without logarithms."""
    if code == 2:
        return base * base
    if code == 4:
        return base * base * base * base
    return float(base**exponent)


@compiled("float64(float64, float64, int64)")
def _power_less_one(base: float, exponent: float, code: int) -> float:
    if code == 2:
        return base
    if code == 4:
        return base * base * base
    return float(base ** (exponent - 1.0))


@compiled("float64(float64, float64, int64)")
def _root(base: float, exponent: float, code: int) -> float:
    if code == 2:
        return float(np.sqrt(base))
    if code == 4:
        return float(np.sqrt(np.sqrt(base)))
    return float(base ** (1.0 / exponent))


@compiled("float64(float64[:], float64[:,::1], int64, float64[::1], float64[::1])")
def _ellipsoid(
    p: NDArray[np.float64],
    rows: NDArray[np.float64],
    code: int,
    at: NDArray[np.float64],
    slope: NDArray[np.float64],
) -> float:
    """Implicit value of an ellipsoid, negative inside, and its slope along body x, y, z."""
    x, y, z = at[0] - p[0], at[1] - p[1], at[2] - p[2]
    a = (p[3] * x + p[4] * y + p[5] * z) / p[12]
    b = (p[6] * x + p[7] * y + p[8] * z) / p[13]
    c = (p[9] * x + p[10] * y + p[11] * z) / p[14]
    size = _root(power(abs(a), p[15], code) + power(abs(b), p[15], code) + power(abs(c), p[15], code), p[15], code)
    if size < _NEAR_ZERO:
        slope[0], slope[1], slope[2] = 0.0, 0.0, 1.0 / min(p[12], p[13], p[14])
        slope[3] = 0.0
        return -1.0
    ga = np.sign(a) * _power_less_one(abs(a) / size, p[15], code) / p[12]
    gb = np.sign(b) * _power_less_one(abs(b) / size, p[15], code) / p[13]
    gc = np.sign(c) * _power_less_one(abs(c) / size, p[15], code) / p[14]
    slope[0] = p[3] * ga + p[6] * gb + p[9] * gc
    slope[1] = p[4] * ga + p[7] * gb + p[10] * gc
    slope[2] = p[5] * ga + p[8] * gb + p[11] * gc
    slope[3] = 0.0
    if code == 2:
        steep = ga * ga + gb * gb + gc * gc
        bent = (ga * ga + gb * gb) / p[14] ** 2 + (gb * gb + gc * gc) / p[12] ** 2 + (gc * gc + ga * ga) / p[13] ** 2
        slope[3] = bent / steep / np.sqrt(steep) / max(size, 0.5)
    value = size - 1.0
    if rows.shape[0] > 0:
        unit = 1.0 / np.sqrt(a * a + b * b + c * c)
        bump = 0.0
        for row in range(rows.shape[0]):
            wave = rows[row]
            bump += wave[4] * np.sin((a * wave[0] + b * wave[1] + c * wave[2]) * unit + wave[3])
        value -= (p[16] * bump + p[17]) * unit * np.sqrt((a / p[12]) ** 2 + (b / p[13]) ** 2 + (c / p[14]) ** 2)
    return value


@compiled("float64(float64[:], float64[::1], float64[::1])")
def _tube(p: NDArray[np.float64], at: NDArray[np.float64], slope: NDArray[np.float64]) -> float:
    """Implicit value of a rod in mm, negative inside, and its slope."""
    x, y, z = at[0] - p[0], at[1] - p[1], at[2] - p[2]
    along = min(max((x * p[3] + y * p[4] + z * p[5]) * p[6], 0.0), 1.0)
    x, y, z = x - along * p[3], y - along * p[4], z - along * p[5]
    away = np.sqrt(x * x + y * y + z * z)
    slope[3] = (1.0 if 0.0 < along < 1.0 else 2.0) / (p[7] + along * p[8])
    if away < _NEAR_ZERO:
        slope[0], slope[1], slope[2] = 0.0, 0.0, 1.0
    else:
        slope[0], slope[1], slope[2] = x / away, y / away, z / away
    return float(away - p[7] - along * p[8])


@compiled("float64(float64[:], float64[:,::1], int64, float64[::1], float64[::1])")
def _loft(
    p: NDArray[np.float64],
    rows: NDArray[np.float64],
    code: int,
    at: NDArray[np.float64],
    slope: NDArray[np.float64],
) -> float:
    """Implicit value of a loft, negative inside, and its slope; beyond its ends those of the end planes, in mm."""
    z = at[2]
    row = min(max(int((z - p[0]) / p[2]), 0), rows.shape[0] - 1)
    rise = min(max(z, p[0]), p[1]) - p[0] - row * p[2]
    s = rows[row]
    half_x, half_y = s[2] + rise * s[6], s[3] + rise * s[7]
    dx, dy = at[0] - s[0] - rise * s[4], at[1] - s[1] - rise * s[5]
    a, b = abs(dx) / half_x, abs(dy) / half_y
    size = _root(power(a, p[3], code) + power(b, p[3], code), p[3], code)
    thin = min(half_x, half_y)
    slope[3] = 0.0
    value = size - 1.0
    if size < _NEAR_ZERO:
        slope[0], slope[1], slope[2] = 0.0, 1.0 / thin, 0.0
    else:
        ga = np.sign(dx) * _power_less_one(a / size, p[3], code) / half_x
        gb = np.sign(dy) * _power_less_one(b / size, p[3], code) / half_y
        slope[0], slope[1] = ga, gb
        slope[2] = -ga * (s[4] + dx / half_x * s[6]) - gb * (s[5] + dy / half_y * s[7])
    steep = np.sqrt(slope[0] ** 2 + slope[1] ** 2 + slope[2] ** 2)
    end = max(p[0] - z, z - p[1])
    if end > value / steep:
        slope[0], slope[1], slope[2] = 0.0, 0.0, -1.0 if p[0] - z > z - p[1] else 1.0
        return float(end)
    return float(value)


@compiled("float64(int64[:], float64[:], float64[:,::1], float64[:,::1], float64[::1], float64[::1])")
def shape_distance(
    kind: NDArray[np.int64],
    p: NDArray[np.float64],
    cuts: NDArray[np.float64],
    rows: NDArray[np.float64],
    at: NDArray[np.float64],
    slope: NDArray[np.float64],
) -> float:
    """Signed distance in body mm to first order, negative inside.

    ``slope`` becomes the unit normal, and fourth the sum of the two curvatures in 1/mm (0 where it is not known).
    """
    if kind[0] == 0:
        value = _ellipsoid(p, rows[kind[3] : kind[3] + kind[4]], kind[5], at, slope)
    elif kind[0] == 1:
        value = _tube(p, at, slope)
    else:
        value = _loft(p, rows[kind[3] : kind[3] + kind[4]], kind[5], at, slope)
    steep = np.sqrt(slope[0] * slope[0] + slope[1] * slope[1] + slope[2] * slope[2])
    value /= steep
    slope[0], slope[1], slope[2] = slope[0] / steep, slope[1] / steep, slope[2] / steep
    for cut in range(kind[1], kind[1] + kind[2]):
        c = cuts[cut]
        beyond = c[0] * at[0] + c[1] * at[1] + c[2] * at[2] - c[3]
        if beyond > value:
            value = beyond
            slope[0], slope[1], slope[2], slope[3] = c[0], c[1], c[2], 0.0
    return float(value)
